UPDATE messages SET words = array_to_tsvector(string_to_array(cut.words, ' '))
FROM unnest($1::uuid[], $2::text[]) AS cut (id, words)
WHERE messages.id = cut.id
  AND messages.words IS NULL
