-- A burst of reports or supports from one network waits for staff: a keyed hash of network and day;
-- empty for what was dismissed and forgotten, NULL for everything else.
ALTER TABLE reports ADD COLUMN quarantine TEXT;
ALTER TABLE supports ADD COLUMN quarantine TEXT;
CREATE INDEX supports_quarantined ON supports (serial, at) WHERE quarantine <> '';
-- Two more states. SQLite changes no condition of a column, so the column is made anew, and with it
-- every index that has it.
DROP INDEX reports_state;
DROP INDEX reports_grid;
DROP INDEX reports_branch;
DROP INDEX reports_due;
DROP INDEX reports_due_grid;
DROP INDEX reports_due_branch;
DROP INDEX reports_again;
DROP INDEX reports_to_erase;
DROP INDEX reports_public_state;
DROP INDEX reports_public_grid;
DROP INDEX reports_public_category;
DROP INDEX reports_public_both;
ALTER TABLE reports ADD COLUMN new_state TEXT NOT NULL DEFAULT 'submitted' CHECK (new_state IN ('submitted', 'needs_info',
    'accepted', 'dispatched', 'in_progress', 'awaiting_check', 'closed', 'rejected', 'duplicate', 'referred', 'withdrawn',
    'quarantined', 'dismissed'));
-- Not to be replayed on rows of a backup, hence not at the beginning of a line.
WITH once AS (SELECT 1) UPDATE reports SET new_state = state;
ALTER TABLE reports DROP COLUMN state;
ALTER TABLE reports RENAME COLUMN new_state TO state;
CREATE INDEX reports_state ON reports (state, serial);
CREATE INDEX reports_grid ON reports (grid, state, serial);
CREATE INDEX reports_branch ON reports (branch, state, serial);
CREATE INDEX reports_due ON reports
    (COALESCE(due_at, 9223372036854775807), serial, soon_at)
    WHERE state IN ('submitted', 'needs_info', 'accepted', 'dispatched', 'in_progress', 'awaiting_check');
CREATE INDEX reports_due_grid ON reports
    (grid, COALESCE(due_at, 9223372036854775807), serial, soon_at)
    WHERE state IN ('submitted', 'needs_info', 'accepted', 'dispatched', 'in_progress', 'awaiting_check');
CREATE INDEX reports_due_branch ON reports
    (branch, COALESCE(due_at, 9223372036854775807), serial, soon_at)
    WHERE state IN ('submitted', 'needs_info', 'accepted', 'dispatched', 'in_progress', 'awaiting_check');
CREATE INDEX reports_again ON reports (serial, grid, branch)
    WHERE reopened > 0 AND state IN ('submitted', 'needs_info', 'accepted', 'dispatched', 'in_progress', 'awaiting_check');
CREATE INDEX reports_to_erase ON reports (serial)
    WHERE erased_at IS NULL AND state IN ('closed', 'rejected', 'duplicate', 'referred', 'withdrawn');
CREATE INDEX reports_public_state ON reports (state, serial)
    WHERE state IN ('accepted', 'dispatched', 'in_progress', 'awaiting_check', 'closed', 'duplicate', 'referred')
    AND accepted_at IS NOT NULL AND hidden = 0 AND kind <> 'private';
CREATE INDEX reports_public_grid ON reports (grid, state, serial)
    WHERE state IN ('accepted', 'dispatched', 'in_progress', 'awaiting_check', 'closed', 'duplicate', 'referred')
    AND accepted_at IS NOT NULL AND hidden = 0 AND kind <> 'private';
CREATE INDEX reports_public_category ON reports (category, state, serial)
    WHERE state IN ('accepted', 'dispatched', 'in_progress', 'awaiting_check', 'closed', 'duplicate', 'referred')
    AND accepted_at IS NOT NULL AND hidden = 0 AND kind <> 'private';
CREATE INDEX reports_public_both ON reports (grid, category, state, serial)
    WHERE state IN ('accepted', 'dispatched', 'in_progress', 'awaiting_check', 'closed', 'duplicate', 'referred')
    AND accepted_at IS NOT NULL AND hidden = 0 AND kind <> 'private';
CREATE INDEX reports_quarantined ON reports (quarantine, serial) WHERE state = 'quarantined';
-- Visitors whose reports are still to be erased, which goes on in the background.
CREATE TABLE erasures (
    visitor TEXT PRIMARY KEY,
    at BIGINT NOT NULL
);
