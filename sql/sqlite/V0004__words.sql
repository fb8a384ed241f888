-- What a search looks in: the words of the text, cut and folded by the relay (src/history/search.rs), so that
-- both databases find the same. Each word begins with a mark of its workspace, so that a word has a list of
-- hits for each. The tokenizer only parts at the spaces. No copy of the text, no places in it. Beginnings of one
-- and two letters (behind the four of the mark) have lists of their own: those of all words that begin so would
-- have to be merged first, which takes seconds where there are many.
CREATE VIRTUAL TABLE messages_words USING fts5(
    words, content = '', columnsize = 0, detail = none, tokenize = 'ascii', prefix = '5 6'
);

-- The rowid there. It ascends with the entries of a workspace, so that a search reads the newest first and
-- stops at its limit. NULL: a release before has written it.
ALTER TABLE messages ADD COLUMN place INTEGER;
