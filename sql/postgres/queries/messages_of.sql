-- Walks messages_of_operator backwards. The words and the collation are those of the index.
SELECT
    id, session, entry_ms, entry_seq, seq, direction,
    sender_kind, sender_id, sender_name, type, text, client_id, at, attachment
FROM messages
WHERE workspace = $1
  AND sender_kind = 'operator'
  AND sender_id COLLATE "C" = $2
  AND (entry_ms, entry_seq) < ($3, $4)
ORDER BY entry_ms DESC, entry_seq DESC
LIMIT $5
