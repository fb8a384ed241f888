-- Of a page of messages (ids in hex), each by the primary key. Where there are more than are returned,
-- those that are there go before those that were taken away, and the first before later ones.
SELECT * FROM (
    SELECT *, row_number() OVER (
        PARTITION BY message ORDER BY is_on DESC, entry_ms, entry_seq
    ) AS nth
    FROM reactions
    WHERE message IN (SELECT unhex(value) FROM json_each(:messages))
      AND workspace = :workspace
      AND session = :session
)
WHERE nth <= :limit
ORDER BY entry_ms, entry_seq
