-- The hits from the newest on, each with its message, up to the limit. A word has the mark of its workspace;
-- that two may share one is why the workspace is compared as well.
SELECT messages.*
FROM messages_words
CROSS JOIN messages ON messages.place = messages_words.rowid
WHERE messages_words MATCH :words
  AND messages_words.rowid < :place
  AND workspace = :workspace
  AND (entry_ms, entry_seq) < (:before_ms, :before_seq)
ORDER BY messages_words.rowid DESC
LIMIT :limit
