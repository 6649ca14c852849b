-- Why a signature is not counted, and where it came from: a keyed hash, forgotten after
-- some weeks.
ALTER TABLE signatures ADD COLUMN rule TEXT;
ALTER TABLE signatures ADD COLUMN place TEXT;
CREATE INDEX signatures_suspect ON signatures (rule, place) WHERE state = 'suspect';
CREATE INDEX signatures_invalid ON signatures (visitor) WHERE state = 'invalid';

-- How often of late something doubtful was done, by a keyed hash of what and where.
CREATE TABLE doubts (
    place TEXT PRIMARY KEY,
    n BIGINT NOT NULL,
    since BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX doubts_since ON doubts (since);

-- Rules that are switched off.
CREATE TABLE rules_off (
    rule TEXT PRIMARY KEY,
    at BIGINT NOT NULL
) WITHOUT ROWID;

-- What managers decided about many signatures at once, and how far it is carried out: all
-- in state came_from, up to last_ordinal, become what is_to_be; state is running, done,
-- undoing or undone.
CREATE TABLE judgements (
    id TEXT PRIMARY KEY,
    at BIGINT NOT NULL,
    staff BIGINT,
    came_from TEXT NOT NULL,
    is_to_be TEXT NOT NULL,
    rule TEXT,
    place TEXT,
    since BIGINT,
    until BIGINT,
    last_ordinal BIGINT NOT NULL,
    reached BIGINT NOT NULL,
    touched BIGINT NOT NULL,
    state TEXT NOT NULL
) WITHOUT ROWID;

-- Which signatures each of them changed.
CREATE TABLE judged (
    judgement TEXT NOT NULL,
    ordinal BIGINT NOT NULL,
    PRIMARY KEY (judgement, ordinal)
) WITHOUT ROWID;
