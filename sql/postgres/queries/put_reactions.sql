-- The newest word holds, in whichever order they come. A key is in a batch once.
INSERT INTO reactions (
    message, participant, emoji, workspace, session, is_on, entry_ms, entry_seq
)
SELECT * FROM unnest(
    $1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[],
    $6::boolean[], $7::bigint[], $8::bigint[]
)
ON CONFLICT (message, participant, emoji) DO UPDATE SET
    is_on = excluded.is_on,
    entry_ms = excluded.entry_ms,
    entry_seq = excluded.entry_seq
WHERE (reactions.entry_ms, reactions.entry_seq) < (excluded.entry_ms, excluded.entry_seq)
