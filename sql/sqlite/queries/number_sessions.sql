-- Of those that have none; somebody else may have been faster.
INSERT INTO session_numbers (workspace, session)
SELECT :workspace, value FROM json_each(:sessions)
WHERE true
ON CONFLICT DO NOTHING
