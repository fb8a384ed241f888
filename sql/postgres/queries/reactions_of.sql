-- Of a page of messages, each by the primary key. Where there are more than are returned, those that
-- are there go before those that were taken away, and the first before later ones.
SELECT word.message, participant, emoji, is_on, entry_ms, entry_seq
FROM unnest($1::uuid[]) AS page (message)
CROSS JOIN LATERAL (
    SELECT * FROM reactions
    WHERE reactions.message = page.message
      AND reactions.workspace = $2
      AND reactions.session = $3
    ORDER BY is_on DESC, entry_ms, entry_seq
    LIMIT $4
) AS word
ORDER BY entry_ms, entry_seq
