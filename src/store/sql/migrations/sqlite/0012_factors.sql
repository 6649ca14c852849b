-- The second factor of staff (TOTP, RFC 6238): one row a person. `secret` and `next_secret` are
-- sealed; `next_secret` was shown in the session of
-- that token's hash, and no code of it was given yet. `codes` has keyed hashes of the
-- one-time codes that are left, as a JSON list.
CREATE TABLE second_factors (
    staff INTEGER PRIMARY KEY REFERENCES staff (id),
    secret TEXT,
    next_secret TEXT,
    next_at BIGINT,
    next_session TEXT,
    confirmed_at BIGINT,
    last_step BIGINT NOT NULL,
    codes TEXT NOT NULL
);
-- What a session may do: everything, or only give its code, or only set up a second factor.
ALTER TABLE sessions ADD COLUMN stage TEXT NOT NULL DEFAULT 'full';
-- When a code was last given in it.
ALTER TABLE sessions ADD COLUMN proven_at BIGINT;
