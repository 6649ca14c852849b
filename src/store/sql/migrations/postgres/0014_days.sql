-- Bytes of a photo's files: the photo store has a ceiling. NULL for those of before.
ALTER TABLE photos ADD COLUMN bytes BIGINT;
-- What is counted of each day, for statistics: a day is counted while `format` is the program's
-- number; 0 says that one of its reports has changed. Not part of a backup.
CREATE TABLE report_days (
    from_at BIGINT PRIMARY KEY,
    until_at BIGINT NOT NULL,
    listed_at BIGINT NOT NULL,
    format BIGINT NOT NULL,
    happened TEXT
);
CREATE TABLE report_day_stats (
    from_at BIGINT NOT NULL REFERENCES report_days (from_at),
    scope TEXT NOT NULL,
    stats TEXT NOT NULL,
    PRIMARY KEY (from_at, scope)
);
CREATE INDEX reports_submitted ON reports (submitted_at);
CREATE INDEX reports_accepted ON reports (accepted_at) WHERE accepted_at IS NOT NULL;
CREATE INDEX reports_closed ON reports (closed_at) WHERE closed_at IS NOT NULL;
-- Open reports in the order in which they came.
CREATE INDEX reports_open ON reports (serial)
    WHERE state IN ('submitted', 'needs_info', 'accepted', 'dispatched', 'in_progress', 'awaiting_check');
CREATE INDEX reports_open_grid ON reports (grid, serial)
    WHERE state IN ('submitted', 'needs_info', 'accepted', 'dispatched', 'in_progress', 'awaiting_check');
CREATE INDEX reports_open_branch ON reports (branch, serial)
    WHERE state IN ('submitted', 'needs_info', 'accepted', 'dispatched', 'in_progress', 'awaiting_check');
CREATE INDEX report_events_again ON report_events (at) WHERE what IN ('not_solved', 'reopen');
-- What the review page counts and groups.
DROP INDEX signatures_suspect;
CREATE INDEX signatures_suspect ON signatures (rule, place, ordinal, signed_at) WHERE state = 'suspect';
CREATE INDEX signatures_not_valid ON signatures (signed_at, state) WHERE state <> 'valid';
-- Valid signatures by the hour, as hours since 1970.
INSERT INTO counters (kind, slug, n)
    SELECT 'signature-hour', CAST(signed_at / 3600000 AS TEXT), COUNT(*)
    FROM signatures WHERE state = 'valid' GROUP BY signed_at / 3600000;
-- Telephones and numbers of other offices, as keyed hashes, by which reports are found. Not part of a
-- backup. Those of reports below this serial are still to be made, from the newest down.
CREATE TABLE report_numbers (
    hash TEXT NOT NULL,
    serial BIGINT NOT NULL REFERENCES reports (serial),
    PRIMARY KEY (hash, serial)
);
CREATE INDEX report_numbers_serial ON report_numbers (serial);
ALTER TABLE ledger ADD COLUMN numbers_below BIGINT NOT NULL DEFAULT 0;
UPDATE ledger SET numbers_below = last_report + 1;
