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
