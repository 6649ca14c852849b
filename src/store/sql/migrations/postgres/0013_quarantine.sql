-- A burst of reports or supports from one network waits for staff: a keyed hash of network and day;
-- empty for what was dismissed and forgotten, NULL for everything else.
ALTER TABLE reports ADD COLUMN quarantine TEXT;
ALTER TABLE supports ADD COLUMN quarantine TEXT;
CREATE INDEX supports_quarantined ON supports (serial, at) WHERE quarantine <> '';
-- Two more states.
ALTER TABLE reports DROP CONSTRAINT reports_state_check;
ALTER TABLE reports ADD CONSTRAINT reports_state_check CHECK (state IN ('submitted', 'needs_info',
    'accepted', 'dispatched', 'in_progress', 'awaiting_check', 'closed', 'rejected', 'duplicate', 'referred', 'withdrawn',
    'quarantined', 'dismissed'));
CREATE INDEX reports_quarantined ON reports (quarantine, serial) WHERE state = 'quarantined';
-- Visitors whose reports are still to be erased, which goes on in the background.
CREATE TABLE erasures (
    visitor TEXT PRIMARY KEY,
    at BIGINT NOT NULL
);
