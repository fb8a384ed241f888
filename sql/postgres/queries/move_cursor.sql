-- The fence: no row means that another writer has moved on, or that the epoch is another one. A
-- second writer waits here for the end of the first one's transaction.
UPDATE ingest_cursor SET ms = $5, seq = $6
WHERE partition = $1
  AND epoch = $2
  AND ms = $3
  AND seq = $4
