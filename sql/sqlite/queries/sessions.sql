-- Reads sessions_by_activity in its own order and stops at the limit. instr instead of LIKE: what
-- is searched is plain text, so nothing in it is a wildcard.
SELECT * FROM sessions
WHERE workspace = :workspace
  AND (last_activity, id) < (:activity, :id)
  AND (:agent IS NULL OR agent_id = :agent)
  AND (:search IS NULL OR instr(guest_search, :search) > 0)
ORDER BY last_activity DESC, id DESC
LIMIT :limit
