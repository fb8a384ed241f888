-- What a conversation has got beside its messages. Every column has a default: rows of the release
-- before are read, and that release goes on writing its own columns.
ALTER TABLE sessions
    ADD COLUMN queued_ms     bigint  NOT NULL DEFAULT 0, -- its place in the queue, kept when it comes back
    ADD COLUMN queued_seq    bigint  NOT NULL DEFAULT 0,
    ADD COLUMN offer         text, -- JSON: never queried, only handed back as it was
    ADD COLUMN delivered_in  bigint  NOT NULL DEFAULT 0,
    ADD COLUMN delivered_out bigint  NOT NULL DEFAULT 0,
    ADD COLUMN read_in       bigint  NOT NULL DEFAULT 0,
    ADD COLUMN read_out      bigint  NOT NULL DEFAULT 0,
    ADD COLUMN receipts      text    NOT NULL DEFAULT '{}', -- JSON: participant to number
    ADD COLUMN left_seq      bigint  NOT NULL DEFAULT 0,
    ADD COLUMN unverified    boolean NOT NULL DEFAULT false;

-- The few that go on, among the many that have ended.
CREATE INDEX sessions_open ON sessions (workspace, id) WHERE status IN ('waiting', 'active');

-- The life of the hot state into which all open sessions were put back; NULL: that is to be done.
ALTER TABLE ingest_cursor ADD COLUMN restored text;

-- The newest word on each emoji. One that was taken away stays: an older word may still come, after
-- the hot state was lost. No foreign key to messages: a batch may bring the reaction alone.
CREATE TABLE reactions (
    message     uuid    NOT NULL,
    participant text    COLLATE "C" NOT NULL,
    emoji       text    COLLATE "C" NOT NULL,
    workspace   text    COLLATE "C" NOT NULL,
    session     text    COLLATE "C" NOT NULL,
    is_on       boolean NOT NULL,
    entry_ms    bigint  NOT NULL,
    entry_seq   bigint  NOT NULL,
    PRIMARY KEY (message, participant, emoji)
);
