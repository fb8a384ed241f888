-- The fence: no row means that another writer has moved on, or that the epoch is another one.
UPDATE ingest_cursor SET ms = :to_ms, seq = :to_seq
WHERE partition = :partition
  AND epoch = :epoch
  AND ms = :from_ms
  AND seq = :from_seq
