SELECT num, session FROM session_numbers
WHERE workspace = :workspace
  AND session IN (SELECT value FROM json_each(:sessions))
