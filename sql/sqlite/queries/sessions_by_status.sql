-- As sessions.sql, but an OR over an absent status would keep sessions_by_status from being used.
SELECT * FROM sessions
WHERE workspace = :workspace
  AND status = :status
  AND (last_activity, id) < (:activity, :id)
  AND (:agent IS NULL OR agent_id = :agent)
  AND (:search IS NULL OR instr(guest_search, :search) > 0)
ORDER BY last_activity DESC, id DESC
LIMIT :limit
