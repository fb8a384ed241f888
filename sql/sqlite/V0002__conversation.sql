-- What a conversation has got beside its messages. Every column has a default: rows of the release
-- before are read, and that release goes on writing its own columns.
ALTER TABLE sessions ADD COLUMN queued_ms     INTEGER NOT NULL DEFAULT 0; -- its place in the queue, kept when it comes back
ALTER TABLE sessions ADD COLUMN queued_seq    INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN offer         TEXT; -- JSON: never queried, only handed back
ALTER TABLE sessions ADD COLUMN delivered_in  INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN delivered_out INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN read_in       INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN read_out      INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN receipts      TEXT    NOT NULL DEFAULT '{}'; -- JSON: participant to number
ALTER TABLE sessions ADD COLUMN left_seq      INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN unverified    INTEGER NOT NULL DEFAULT 0;

-- The few that go on, among the many that have ended.
CREATE INDEX sessions_open ON sessions (workspace, id) WHERE status IN ('waiting', 'active');

-- The life of the hot state into which all open sessions were put back; NULL: that is to be done.
ALTER TABLE ingest_cursor ADD COLUMN restored TEXT;

-- The newest word on each emoji. One that was taken away stays: an older word may still come, after
-- the hot state was lost. No foreign key to messages: a batch may bring the reaction alone.
CREATE TABLE reactions (
    message     BLOB    NOT NULL CHECK (length(message) = 16),
    participant TEXT    NOT NULL,
    emoji       TEXT    NOT NULL,
    workspace   TEXT    NOT NULL,
    session     TEXT    NOT NULL,
    is_on       INTEGER NOT NULL,
    entry_ms    INTEGER NOT NULL,
    entry_seq   INTEGER NOT NULL,
    PRIMARY KEY (message, participant, emoji)
) STRICT, WITHOUT ROWID;
