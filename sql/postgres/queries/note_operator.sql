-- Who comes with a token changes neither what somebody decided about it nor a name that somebody gave it.
-- One that has not changed is not written: this runs whenever an operator connects.
INSERT INTO operators (workspace, id, name, role, password, disabled, valid_from, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (workspace, id) DO UPDATE SET
    name = excluded.name,
    role = excluded.role
WHERE operators.password IS NULL
  AND (operators.name, operators.role) <> (excluded.name, excluded.role)
