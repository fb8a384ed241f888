-- Walks the unique index backwards. seq filters and does not order: it may repeat or have holes.
SELECT
    id, session, entry_ms, entry_seq, seq, direction,
    sender_kind, sender_id, sender_name, type, text, client_id, at, attachment
FROM messages
WHERE workspace = $1
  AND session = $2
  AND seq < $3
ORDER BY entry_ms DESC, entry_seq DESC
LIMIT $4
