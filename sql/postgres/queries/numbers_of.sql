SELECT num, session FROM session_numbers
WHERE workspace = $1
  AND session = ANY($2)
