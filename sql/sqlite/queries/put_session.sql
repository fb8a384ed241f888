-- Which of two rows is newer was decided before, in the same transaction.
INSERT INTO sessions (
    workspace, id, status, version, agent_id, agent_name,
    guest_name, guest_email, guest_phone, guest_page, guest_metadata, guest_search,
    created_at, last_activity, last_seq, last_entry_ms, last_entry_seq,
    preview_text, preview_direction, preview_at, unread
) VALUES (
    :workspace, :id, :status, :version, :agent_id, :agent_name,
    :guest_name, :guest_email, :guest_phone, :guest_page, :guest_metadata, :guest_search,
    :created_at, :last_activity, :last_seq, :last_entry_ms, :last_entry_seq,
    :preview_text, :preview_direction, :preview_at, :unread
) ON CONFLICT (workspace, id) DO UPDATE SET
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
    unread = excluded.unread
