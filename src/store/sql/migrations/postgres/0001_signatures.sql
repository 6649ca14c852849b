-- One row: what rises with every commit that changes a count. Writers take it
-- first, so that no two of them give out the same ordinal.
CREATE TABLE ledger (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    revision BIGINT NOT NULL,
    as_of BIGINT NOT NULL,
    last_ordinal BIGINT NOT NULL
);
INSERT INTO ledger (id, revision, as_of, last_ordinal) VALUES (1, 0, 0, 0);

-- A withdrawn signature keeps its ordinal and loses its name and message.
-- Times are milliseconds since 1970-01-01T00:00Z; pledges is a JSON array of slugs.
CREATE TABLE signatures (
    ordinal BIGINT PRIMARY KEY,
    visitor TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('valid', 'suspect', 'invalid', 'withdrawn')),
    name TEXT NOT NULL,
    grid TEXT,
    pledges TEXT NOT NULL,
    message TEXT,
    show_name BOOLEAN NOT NULL,
    consent TEXT NOT NULL,
    signed_at BIGINT NOT NULL,
    withdrawn_at BIGINT
);
CREATE UNIQUE INDEX signatures_one_live ON signatures (visitor) WHERE state IN ('valid', 'suspect');
CREATE INDEX signatures_shown ON signatures (ordinal) WHERE state = 'valid' AND show_name;

-- Counts, changed in the same transaction as the rows they count.
CREATE TABLE counters (
    kind TEXT NOT NULL,
    slug TEXT NOT NULL,
    n BIGINT NOT NULL,
    PRIMARY KEY (kind, slug)
);
