-- From a hit to its message; and where it is NULL, what is yet to be cut into words.
CREATE INDEX messages_by_place ON messages (place);

CREATE INDEX messages_of_operator ON messages (workspace, sender_id, entry_ms, entry_seq)
    WHERE sender_kind = 'operator';

-- Holds all that is counted.
CREATE INDEX sessions_unread ON sessions (workspace, unread)
    WHERE unread > 0 AND status IN ('waiting', 'active');
