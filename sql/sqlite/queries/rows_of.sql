-- Of a page of messages (ids in hex), each by the primary key; and when it was read, the first row of reads that
-- reaches it. The plus keeps an index from being used that begins with the workspace, and would be walked to its end.
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
WHERE id IN (SELECT unhex(value) FROM json_each(:messages))
  AND +workspace = :workspace
