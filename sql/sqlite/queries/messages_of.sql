-- Walks messages_of_operator backwards. The words are those of its condition.
SELECT * FROM messages
WHERE workspace = :workspace
  AND sender_kind = 'operator'
  AND sender_id = :operator
  AND (entry_ms, entry_seq) < (:before_ms, :before_seq)
ORDER BY entry_ms DESC, entry_seq DESC
LIMIT :limit
