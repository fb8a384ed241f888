-- Both unique keys are passed over, for rows of the same batch too: the first has the place. What was
-- inserted is returned; the caller tells the rest apart. Sorted, so that num follows the entries.
INSERT INTO messages (
    id, workspace, session, entry_ms, entry_seq, seq, direction,
    sender_kind, sender_id, sender_name, type, text, client_id, at, words, attachment
)
SELECT
    id, workspace, session, entry_ms, entry_seq, seq, direction,
    sender_kind, sender_id, sender_name, type, text, client_id, at,
    array_to_tsvector(string_to_array(words, ' ')), attachment
FROM unnest(
    $1::uuid[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[], $7::text[],
    $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::bigint[],
    $15::text[], $16::text[]
) WITH ORDINALITY AS batch (
    id, workspace, session, entry_ms, entry_seq, seq, direction,
    sender_kind, sender_id, sender_name, type, text, client_id, at, words, attachment, place
)
ORDER BY place
ON CONFLICT DO NOTHING
RETURNING id, entry_ms, entry_seq
