-- Planned for its words each time: messages_by_words if few have them, else messages_by_entry backwards,
-- which meets enough of them soon. A word has the mark of its workspace; that two may share one is why the
-- workspace is compared as well.
SELECT
    id, session, entry_ms, entry_seq, seq, direction,
    sender_kind, sender_id, sender_name, type, text, client_id, at, attachment
FROM messages
WHERE workspace = $1
  AND (entry_ms, entry_seq) < ($2, $3)
  AND words @@ $4::text::tsquery
ORDER BY entry_ms DESC, entry_seq DESC
LIMIT $5
