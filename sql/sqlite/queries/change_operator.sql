UPDATE operators SET
    name = coalesce(:name, name),
    role = coalesce(:role, role),
    password = coalesce(:password, password),
    disabled = coalesce(:disabled, disabled),
    valid_from = max(valid_from, coalesce(:valid_from, 0))
WHERE workspace = :workspace
  AND id = :id
  AND (:only_if IS NULL OR valid_from = :only_if)
