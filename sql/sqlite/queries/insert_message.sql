-- Both unique keys are passed over. The caller tells them apart: the same id is a repeat, the same
-- place with another id is poison.
INSERT INTO messages (
    id, workspace, session, entry_ms, entry_seq, seq, direction,
    sender_kind, sender_id, sender_name, type, text, client_id, at, place, attachment
) VALUES (
    :id, :workspace, :session, :entry_ms, :entry_seq, :seq, :direction,
    :sender_kind, :sender_id, :sender_name, :type, :text, :client_id, :at, :place, :attachment
) ON CONFLICT DO NOTHING
