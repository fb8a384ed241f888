-- From sessions_unread alone. The words are those of its condition.
SELECT count(*) AS sessions, coalesce(sum(unread), 0) AS messages
FROM sessions
WHERE workspace = :workspace
  AND unread > 0
  AND status IN ('waiting', 'active')
