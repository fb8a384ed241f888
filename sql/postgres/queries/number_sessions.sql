-- Of those that have none; somebody else may be at it at the same time.
INSERT INTO session_numbers (workspace, session)
SELECT $1, session FROM unnest($2::text[]) AS asked (session)
ON CONFLICT DO NOTHING
