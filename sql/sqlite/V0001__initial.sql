-- No CHECK on words (status, direction, …) and no foreign key to sessions: a later release may add a
-- word without rebuilding a table, and a message is stored though its session is not known here.

CREATE TABLE messages (
    num         INTEGER PRIMARY KEY AUTOINCREMENT, -- the id in dialects whose ids are numbers; never reused
    id          BLOB    NOT NULL UNIQUE CHECK (length(id) = 16), -- uuid: a repeated message finds its row
    workspace   TEXT    NOT NULL,
    session     TEXT    NOT NULL,
    entry_ms    INTEGER NOT NULL,
    entry_seq   INTEGER NOT NULL,
    seq         INTEGER NOT NULL, -- not unique: after a loss of hot state a number may come twice
    direction   TEXT    NOT NULL,
    sender_kind TEXT    NOT NULL,
    sender_id   TEXT    NOT NULL,
    sender_name TEXT    NOT NULL,
    type        TEXT    NOT NULL,
    text        TEXT    NOT NULL,
    client_id   TEXT,
    at          INTEGER NOT NULL,
    UNIQUE (workspace, session, entry_ms, entry_seq)
) STRICT;

CREATE TABLE sessions (
    workspace         TEXT    NOT NULL,
    id                TEXT    NOT NULL,
    status            TEXT    NOT NULL,
    version           INTEGER NOT NULL,
    agent_id          TEXT,
    agent_name        TEXT,
    guest_name        TEXT,
    guest_email       TEXT,
    guest_phone       TEXT,
    guest_page        TEXT,
    guest_metadata    TEXT, -- JSON: never queried, only handed back
    guest_search      TEXT    NOT NULL, -- name and e-mail in lower case, which LIKE knows of ASCII only
    created_at        INTEGER NOT NULL,
    last_activity     INTEGER NOT NULL,
    last_seq          INTEGER NOT NULL,
    last_entry_ms     INTEGER NOT NULL,
    last_entry_seq    INTEGER NOT NULL,
    preview_text      TEXT,
    preview_direction TEXT,
    preview_at        INTEGER,
    unread            INTEGER NOT NULL,
    PRIMARY KEY (workspace, id)
) STRICT;

CREATE INDEX sessions_by_activity ON sessions (workspace, last_activity DESC, id DESC);
CREATE INDEX sessions_by_status ON sessions (workspace, status, last_activity DESC, id DESC);

CREATE TABLE ingest_cursor (
    partition INTEGER PRIMARY KEY,
    epoch     TEXT    NOT NULL,
    ms        INTEGER NOT NULL,
    seq       INTEGER NOT NULL
) STRICT;

-- Entries that no other table can take, kept whole so that nothing acknowledged is lost.
CREATE TABLE poison (
    num       INTEGER PRIMARY KEY AUTOINCREMENT,
    workspace TEXT    NOT NULL,
    entry_ms  INTEGER NOT NULL,
    entry_seq INTEGER NOT NULL,
    entry     BLOB    NOT NULL
) STRICT;
