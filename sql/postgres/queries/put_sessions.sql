-- Which of two rows is newer was decided before, in the same transaction; the condition holds even
-- if somebody wrote beside the cursor. A key is in a batch once.
INSERT INTO sessions (
    workspace, id, status, version, agent_id, agent_name,
    guest_name, guest_email, guest_phone, guest_page, guest_metadata, guest_search,
    created_at, last_activity, last_seq, last_entry_ms, last_entry_seq,
    preview_text, preview_direction, preview_at, unread, queued_ms, queued_seq, offer,
    delivered_in, delivered_out, read_in, read_out, receipts, left_seq, unverified, guest_identity
)
SELECT * FROM unnest(
    $1::text[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::text[],
    $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::text[],
    $13::bigint[], $14::bigint[], $15::bigint[], $16::bigint[], $17::bigint[],
    $18::text[], $19::text[], $20::bigint[], $21::bigint[],
    $22::bigint[], $23::bigint[], $24::text[], $25::bigint[], $26::bigint[], $27::bigint[], $28::bigint[],
    $29::text[], $30::bigint[], $31::boolean[], $32::text[]
)
ON CONFLICT (workspace, id) DO UPDATE SET
    status = excluded.status,
    version = excluded.version,
    agent_id = excluded.agent_id,
    agent_name = excluded.agent_name,
    guest_name = excluded.guest_name,
    guest_email = excluded.guest_email,
    guest_phone = excluded.guest_phone,
    guest_page = excluded.guest_page,
    guest_metadata = excluded.guest_metadata,
    guest_search = excluded.guest_search,
    created_at = excluded.created_at,
    last_activity = excluded.last_activity,
    last_seq = excluded.last_seq,
    last_entry_ms = excluded.last_entry_ms,
    last_entry_seq = excluded.last_entry_seq,
    preview_text = excluded.preview_text,
    preview_direction = excluded.preview_direction,
    preview_at = excluded.preview_at,
    unread = excluded.unread,
    queued_ms = excluded.queued_ms,
    queued_seq = excluded.queued_seq,
    offer = excluded.offer,
    delivered_in = excluded.delivered_in,
    delivered_out = excluded.delivered_out,
    read_in = excluded.read_in,
    read_out = excluded.read_out,
    receipts = excluded.receipts,
    left_seq = excluded.left_seq,
    unverified = excluded.unverified,
    guest_identity = excluded.guest_identity
WHERE (sessions.last_entry_ms, sessions.last_entry_seq)
    < (excluded.last_entry_ms, excluded.last_entry_seq)
