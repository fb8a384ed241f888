-- No CHECK on words (status, direction, …) and no foreign key to sessions: a later release may add a
-- word without rebuilding a table, and a message is stored though its session is not known here.
--
-- Texts that are compared or ordered are COLLATE "C": order is by bytes, as in every other backend,
-- and an index outlives a change of the system's locales.

CREATE TABLE messages (
    num         bigint GENERATED ALWAYS AS IDENTITY, -- the id in dialects whose ids are numbers; never reused
    id          uuid   PRIMARY KEY, -- a repeated message finds its row
    workspace   text   COLLATE "C" NOT NULL,
    session     text   COLLATE "C" NOT NULL,
    entry_ms    bigint NOT NULL,
    entry_seq   bigint NOT NULL,
    seq         bigint NOT NULL, -- not unique: after a loss of hot state a number may come twice
    direction   text   NOT NULL,
    sender_kind text   NOT NULL,
    sender_id   text   NOT NULL,
    sender_name text   NOT NULL,
    type        text   NOT NULL,
    text        text   NOT NULL,
    client_id   text,
    at          bigint NOT NULL,
    UNIQUE (workspace, session, entry_ms, entry_seq)
);

CREATE TABLE sessions (
    workspace         text   COLLATE "C" NOT NULL,
    id                text   COLLATE "C" NOT NULL,
    status            text   COLLATE "C" NOT NULL,
    version           bigint NOT NULL,
    agent_id          text   COLLATE "C",
    agent_name        text,
    guest_name        text,
    guest_email       text,
    guest_phone       text,
    guest_page        text,
    guest_metadata    text, -- JSON: never queried, only handed back as it was
    guest_search      text   COLLATE "C" NOT NULL, -- name and e-mail in lower case, by the same rule as what is searched
    created_at        bigint NOT NULL,
    last_activity     bigint NOT NULL,
    last_seq          bigint NOT NULL,
    last_entry_ms     bigint NOT NULL,
    last_entry_seq    bigint NOT NULL,
    preview_text      text,
    preview_direction text,
    preview_at        bigint,
    unread            bigint NOT NULL,
    PRIMARY KEY (workspace, id)
);

CREATE INDEX sessions_by_activity ON sessions (workspace, last_activity DESC, id DESC);
CREATE INDEX sessions_by_status ON sessions (workspace, status, last_activity DESC, id DESC);

CREATE TABLE ingest_cursor (
    partition integer PRIMARY KEY,
    epoch     text    NOT NULL,
    ms        bigint  NOT NULL,
    seq       bigint  NOT NULL
);

-- Entries that no other table can take, kept whole so that nothing acknowledged is lost. In bytes,
-- since text is what Postgres may have refused.
CREATE TABLE poison (
    num       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace text   NOT NULL,
    entry_ms  bigint NOT NULL,
    entry_seq bigint NOT NULL,
    entry     bytea  NOT NULL
);
