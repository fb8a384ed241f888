SELECT
    workspace, id, status, version, agent_id, agent_name,
    guest_name, guest_email, guest_phone, guest_page, guest_metadata,
    created_at, last_activity, last_seq, last_entry_ms, last_entry_seq,
    preview_text, preview_direction, preview_at, unread, queued_ms, queued_seq, offer,
    delivered_in, delivered_out, read_in, read_out, receipts, left_seq, unverified, guest_identity
FROM sessions
JOIN unnest($1::text[], $2::text[]) AS batch (workspace, id) USING (workspace, id)
