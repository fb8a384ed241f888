-- The file of a message: JSON, never queried, only handed back as it was. NULL: there is none.
ALTER TABLE messages ADD COLUMN attachment text;

-- Bytes of files, where no object store is set. Read and written by key alone.
CREATE TABLE files (
    path       text   COLLATE "C" PRIMARY KEY,
    bytes      bytea  NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
