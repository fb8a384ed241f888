-- Of a page of messages, each by the primary key; and when it was read, the first row of reads that reaches it.
SELECT id, num, (
    SELECT reads.at FROM reads
    WHERE reads.workspace = messages.workspace
      AND reads.session = messages.session
      AND reads.direction = messages.direction
      AND reads.seq >= messages.seq
    ORDER BY reads.seq
    LIMIT 1
) AS read_at
FROM messages
WHERE id = ANY($1)
  AND workspace = $2
