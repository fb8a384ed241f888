-- What somebody else has read already changes nothing. Of one batch the caller gives only what rises.
INSERT INTO reads (workspace, session, direction, seq, at)
SELECT * FROM unnest(
    $1::text[], $2::text[], $3::text[], $4::bigint[], $5::bigint[]
) AS batch (workspace, session, direction, seq, at)
WHERE NOT EXISTS (
    SELECT 1 FROM reads
    WHERE reads.workspace = batch.workspace
      AND reads.session = batch.session
      AND reads.direction = batch.direction
      AND reads.seq >= batch.seq
)
ON CONFLICT DO NOTHING
