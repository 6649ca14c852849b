-- What a person changed last: the clock makes nobody's form stale.
ALTER TABLE reports ADD COLUMN person_version BIGINT NOT NULL DEFAULT 0;
-- Only a manager may act (没解决 twice). Before, it was read from the level.
ALTER TABLE reports ADD COLUMN managed BIGINT NOT NULL DEFAULT 0;
-- Corrections, the pause for an answer, and who noted what the resident says.
ALTER TABLE reports ADD COLUMN corrected_from TEXT;
ALTER TABLE reports ADD COLUMN grid_moves BIGINT NOT NULL DEFAULT 0;
ALTER TABLE reports ADD COLUMN promised_from BIGINT;
ALTER TABLE reports ADD COLUMN paused_until BIGINT;
ALTER TABLE reports ADD COLUMN rated_by BIGINT;
UPDATE reports SET person_version = version
    WHERE state IN ('submitted', 'needs_info', 'accepted', 'dispatched', 'in_progress', 'awaiting_check');
UPDATE reports SET managed = 1
    WHERE reopened >= 2 AND level >= 2 AND state IN ('submitted', 'needs_info', 'accepted', 'dispatched', 'in_progress', 'awaiting_check');
UPDATE reports SET promised_from = COALESCE((SELECT MAX(at) FROM report_events
    WHERE report_events.serial = reports.serial AND what IN ('not_solved', 'reopen') AND report_events.state = 'dispatched'), accepted_at)
    WHERE promised_at IS NOT NULL AND state IN ('submitted', 'needs_info', 'accepted', 'dispatched', 'in_progress', 'awaiting_check');
-- A question that waits is answered within two days of it, or comes back to the queue.
UPDATE reports SET escalate_at = 172800000 + COALESCE((SELECT MAX(at) FROM report_events
    WHERE report_events.serial = reports.serial AND what = 'ask'), submitted_at)
    WHERE state = 'needs_info';
-- 回访 that reopens counts as 没解决 does.
CREATE INDEX report_events_revisits ON report_events (at) WHERE what = 'revisit' AND detail = 'no';
-- Supporters who say 没解决: when, and a keyed hash of report and network, which is forgotten with the
-- days in which they may say so.
ALTER TABLE supports ADD COLUMN unsolved_at BIGINT;
ALTER TABLE supports ADD COLUMN unsolved_from TEXT;
CREATE INDEX supports_unsolved ON supports (unsolved_at) WHERE unsolved_from IS NOT NULL;
CREATE INDEX report_events_supporters ON report_events (serial, at) WHERE what = 'supporters_not_solved';
-- Each calendar of working days that limits were counted by, since when, and how far the open limits
-- have been counted anew for it.
CREATE TABLE calendars (
    since BIGINT PRIMARY KEY,
    calendar TEXT NOT NULL,
    upto BIGINT NOT NULL DEFAULT 0,
    moved BIGINT NOT NULL DEFAULT 0,
    done_at BIGINT
);
-- Who has which cases, to be handed over when they leave; and until when somebody stands in.
CREATE INDEX reports_claimed ON reports (claimed_by) WHERE claimed_by IS NOT NULL;
ALTER TABLE staff ADD COLUMN stand_in_until BIGINT;
