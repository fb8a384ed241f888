INSERT INTO operators (workspace, id, name, role, password, disabled, valid_from, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (workspace, id) DO NOTHING
