SELECT workspace, id, name, role, password, disabled, valid_from, created_at
FROM operators
WHERE workspace = $1
  AND id > $2
ORDER BY id
LIMIT $3
