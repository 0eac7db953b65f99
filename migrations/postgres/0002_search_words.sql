-- The words of a text at less cost: replacing four characters one by one takes a third of the time of translate(), and cutting is for
-- long texts only. The words are the same, so that what is indexed stays as it is.
CREATE OR REPLACE FUNCTION search_words(folded text) RETURNS tsvector LANGUAGE sql IMMUTABLE AS $$
    SELECT to_tsvector('simple', replace(replace(replace(replace(
        CASE WHEN octet_length(folded) <= 200000 THEN folded ELSE left(folded, 200000) END,
        '.', ' '), U&'\20E3', ' '), U&'\FE0E', ' '), U&'\FE0F', ' '))
$$;
