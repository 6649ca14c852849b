-- Phrases that give a visitor back, each good for once: a keyed hash of the phrase, one
-- for a visitor.
CREATE TABLE recoveries (
    visitor TEXT PRIMARY KEY,
    phrase TEXT NOT NULL UNIQUE,
    made_at BIGINT NOT NULL
);
