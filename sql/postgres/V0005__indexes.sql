-- Apart from V0004, whose lock on the table would keep readers out as well while these are built.

-- A search: for rare words. For those that every second message has, messages_by_entry is walked instead.
CREATE INDEX messages_by_words ON messages USING gin (words);
CREATE INDEX messages_by_entry ON messages (workspace, entry_ms, entry_seq);

-- The few that a release before has written and nobody has cut into words yet.
CREATE INDEX messages_wordless ON messages (id) WHERE words IS NULL;

CREATE INDEX messages_of_operator ON messages (workspace, sender_id COLLATE "C", entry_ms, entry_seq)
    WHERE sender_kind = 'operator';

-- Holds all that is counted.
CREATE INDEX sessions_unread ON sessions (workspace, unread)
    WHERE unread > 0 AND status IN ('waiting', 'active');
