-- What a search looks in: the words of the text, cut and folded by the relay (src/history/search.rs), since
-- what a letter is and which case it has depends here on the locale of the database. Each word begins with a
-- mark of its workspace, so that a word has a list of hits for each. NULL: a release before has written it.
ALTER TABLE messages ADD COLUMN words tsvector;
