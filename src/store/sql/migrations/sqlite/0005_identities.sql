-- Which visitor a WeChat account is, so that it is the same one on each of its devices: a
-- keyed hash of what WeChat calls the account here.
CREATE TABLE wechat_identities (
    identity TEXT PRIMARY KEY,
    visitor TEXT NOT NULL,
    linked_at BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX wechat_identities_visitor ON wechat_identities (visitor);
