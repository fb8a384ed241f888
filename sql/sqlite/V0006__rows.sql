-- What front ends that ask for rows of theirs (seed 004) know beside a conversation: its number, and when something
-- was read. In tables of their own: the release before, which writes neither, misses nothing, and a session has its
-- number from when somebody first asks for it.
CREATE TABLE session_numbers (
    num       INTEGER PRIMARY KEY AUTOINCREMENT, -- never reused
    workspace TEXT    NOT NULL,
    session   TEXT    NOT NULL,
    UNIQUE (workspace, session)
) STRICT;

-- When the messages of a direction up to a number had been read. Only numbers that rise: the first row at or above a
-- message is the one by which it was read.
CREATE TABLE reads (
    workspace TEXT    NOT NULL,
    session   TEXT    NOT NULL,
    direction TEXT    NOT NULL,
    seq       INTEGER NOT NULL,
    at        INTEGER NOT NULL,
    PRIMARY KEY (workspace, session, direction, seq)
) STRICT, WITHOUT ROWID;
