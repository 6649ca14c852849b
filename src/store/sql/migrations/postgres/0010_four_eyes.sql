-- Everyone who moved a report since it was last dispatched, as a JSON list: none of them
-- checks it. And who of the staff keeps it from the public.
ALTER TABLE reports ADD COLUMN moved_by TEXT;
ALTER TABLE reports ADD COLUMN hidden_by BIGINT;
UPDATE reports SET moved_by = (
    SELECT CAST(jsonb_agg(staff) AS text) FROM (
        SELECT DISTINCT staff FROM report_events AS moved
        WHERE moved.serial = reports.serial AND staff IS NOT NULL
        AND what IN ('start', 'finish', 'settle', 'extend', 'refer')
        AND version > COALESCE((
            SELECT MAX(version) FROM report_events AS given
            WHERE given.serial = reports.serial AND (what = 'dispatch'
                OR (what IN ('reopen', 'not_solved') AND given.state = 'dispatched'))
        ), 0)
    ) AS movers
);
UPDATE reports SET hidden_by = (
    SELECT staff FROM report_events AS hidden
    WHERE hidden.serial = reports.serial AND what = 'hide' ORDER BY version DESC LIMIT 1
) WHERE hidden <> 0;
-- To whom a report was passed on says from now on, too, that it is about to be.
UPDATE reports SET referred_to = NULL, referred_number = NULL WHERE state <> 'referred';
-- What went on under another report is looked for when that one is taken back.
CREATE INDEX reports_duplicate ON reports (duplicate_of) WHERE duplicate_of IS NOT NULL;
-- Hashes of what was sent, of what is shown, and of what it looks like.
ALTER TABLE photos ADD COLUMN pixels_sent TEXT;
ALTER TABLE photos ADD COLUMN pixels_shown TEXT;
ALTER TABLE photos ADD COLUMN looks TEXT;
