-- The file of a message: JSON, never queried, only handed back as it was. NULL: there is none.
ALTER TABLE messages ADD COLUMN attachment TEXT;
