-- What residents write about themselves is sealed by a key that is not in the database: the
-- private fields of a row together in one column. Names and 寄语 are sealed where they stand.
ALTER TABLE reports ADD COLUMN sealed TEXT;
ALTER TABLE report_events ADD COLUMN sealed TEXT;

-- When contact and position were erased, some time after a report had ended; when it was
-- filed, where neither was given.
ALTER TABLE reports ADD COLUMN erased_at BIGINT;
UPDATE reports SET erased_at = submitted_at
    WHERE contact_name IS NULL AND contact_phone IS NULL AND lat IS NULL AND lon IS NULL;
CREATE INDEX reports_to_erase ON reports (serial)
    WHERE erased_at IS NULL AND state IN ('closed', 'rejected', 'duplicate', 'referred', 'withdrawn');

-- The names of the keys that may have sealed something, and until when: a database is
-- opened by who has all of them, and never again by one that was retired.
CREATE TABLE seals (
    name TEXT PRIMARY KEY,
    since BIGINT NOT NULL,
    retired_at BIGINT
);
