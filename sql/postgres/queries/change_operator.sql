UPDATE operators SET
    name = coalesce($3, name),
    role = coalesce($4, role),
    password = coalesce($5, password),
    disabled = coalesce($6, disabled),
    valid_from = greatest(valid_from, $7) -- of NULL and a number the number
WHERE workspace = $1
  AND id = $2
  AND ($8::bigint IS NULL OR valid_from = $8)
