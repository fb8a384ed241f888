-- Who may work where. A role is a word as any other: no CHECK, a later release may add one.
CREATE TABLE workspaces (
    id         TEXT    NOT NULL PRIMARY KEY,
    name       TEXT    NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The one of those who never name any. It has always been there.
INSERT INTO workspaces (id, name, created_at) VALUES ('default', 'default', 0);

-- No foreign key: whoever comes with a token of the site's own is noted, whatever workspace it names.
CREATE TABLE operators (
    workspace  TEXT    NOT NULL,
    id         TEXT    NOT NULL,
    name       TEXT    NOT NULL,
    role       TEXT    NOT NULL,
    password   TEXT, -- a PHC string; NULL: it comes with tokens
    disabled   INTEGER NOT NULL,
    valid_from INTEGER NOT NULL, -- seconds, as in a JWT: tokens issued before are void
    created_at INTEGER NOT NULL,
    PRIMARY KEY (workspace, id)
) STRICT, WITHOUT ROWID;

-- The few whose tokens may be void, which the server asks for again and again.
CREATE INDEX operators_revoked ON operators (workspace, id) WHERE disabled OR valid_from > 0;

-- Who the site says its visitor is, by a signature that was checked. Guests are found by it in the hot
-- state, so no index.
ALTER TABLE sessions ADD COLUMN guest_identity TEXT;
