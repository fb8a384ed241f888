INSERT INTO operators (workspace, id, name, role, password, disabled, valid_from, created_at)
VALUES (:workspace, :id, :name, :role, :password, :disabled, :valid_from, :created_at)
ON CONFLICT (workspace, id) DO NOTHING
