-- What front ends that ask for rows of theirs (seed 004) know beside a conversation: its number, and when something
-- was read. In tables of their own, so that no lock is on one that is in use, and the release before, which writes
-- neither, misses nothing: a session has its number from when somebody first asks for it.
CREATE TABLE session_numbers (
    num       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, -- never reused
    workspace text   COLLATE "C" NOT NULL,
    session   text   COLLATE "C" NOT NULL,
    UNIQUE (workspace, session)
);

-- When the messages of a direction up to a number had been read. Only numbers that rise: the first row at or above a
-- message is the one by which it was read.
CREATE TABLE reads (
    workspace text   COLLATE "C" NOT NULL,
    session   text   COLLATE "C" NOT NULL,
    direction text   COLLATE "C" NOT NULL,
    seq       bigint NOT NULL,
    at        bigint NOT NULL,
    PRIMARY KEY (workspace, session, direction, seq)
);
