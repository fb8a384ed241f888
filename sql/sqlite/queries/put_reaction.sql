-- The newest word holds, in whichever order they come.
INSERT INTO reactions (
    message, participant, emoji, workspace, session, is_on, entry_ms, entry_seq
) VALUES (
    :message, :participant, :emoji, :workspace, :session, :is_on, :entry_ms, :entry_seq
) ON CONFLICT (message, participant, emoji) DO UPDATE SET
    is_on = excluded.is_on,
    entry_ms = excluded.entry_ms,
    entry_seq = excluded.entry_seq
WHERE (reactions.entry_ms, reactions.entry_seq) < (excluded.entry_ms, excluded.entry_seq)
