-- Reads sessions_open in its own order. The words are those of its condition.
SELECT * FROM sessions
WHERE status IN ('waiting', 'active')
  AND (workspace, id) > (:workspace, :id)
ORDER BY workspace, id
LIMIT :limit
