-- Phrases that give a visitor back, each good for once: a keyed hash of the phrase, one
-- for a visitor; to whom it was given and when, since the answer may get lost.
CREATE TABLE recoveries (
    visitor TEXT PRIMARY KEY,
    phrase TEXT NOT NULL UNIQUE,
    made_at BIGINT NOT NULL,
    used_by TEXT,
    used_at BIGINT
);

-- The ticket by which pages may speak to WeChat, one for all nodes; who has claimed it
-- until then fetches the next one.
CREATE TABLE wechat_tickets (
    app TEXT PRIMARY KEY,
    ticket TEXT NOT NULL,
    ends_at BIGINT NOT NULL,
    claimed_until BIGINT NOT NULL
);
