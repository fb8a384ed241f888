-- Walks the unique index backwards. seq filters and does not order: it may repeat or have holes.
SELECT * FROM messages
WHERE workspace = :workspace
  AND session = :session
  AND seq < :before_seq
ORDER BY entry_ms DESC, entry_seq DESC
LIMIT :limit
