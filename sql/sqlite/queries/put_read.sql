-- What somebody else has read already changes nothing.
INSERT INTO reads (workspace, session, direction, seq, at)
SELECT :workspace, :session, :direction, :seq, :at
WHERE NOT EXISTS (
    SELECT 1 FROM reads
    WHERE workspace = :workspace
      AND session = :session
      AND direction = :direction
      AND seq >= :seq
)
