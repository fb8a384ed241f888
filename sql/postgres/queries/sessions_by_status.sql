-- As sessions.sql, but an OR over an absent status would keep sessions_by_status from being used.
SELECT
    workspace, id, status, version, agent_id, agent_name,
    guest_name, guest_email, guest_phone, guest_page, guest_metadata,
    created_at, last_activity, last_seq, last_entry_ms, last_entry_seq,
    preview_text, preview_direction, preview_at, unread, queued_ms, queued_seq, offer,
    delivered_in, delivered_out, read_in, read_out, receipts, left_seq, unverified, guest_identity
FROM sessions
WHERE workspace = $1
  AND (last_activity, id) < ($2, $3)
  AND ($4::text IS NULL OR agent_id = $4)
  AND ($5::text IS NULL OR position($5 IN guest_search) > 0)
  AND status = $7
ORDER BY last_activity DESC, id DESC
LIMIT $6
