-- The entries with hardly any text. A title that an outlet uses for two of them within a month is a heading, not a report. To find
-- these titles, each start read the texts of a month.
CREATE TABLE short_text (
    entry_id bigint PRIMARY KEY REFERENCES entry (id) ON DELETE CASCADE
);
COMMENT ON TABLE short_text IS 'Entries with hardly any text, whose titles may be headings.';

INSERT INTO short_text (entry_id)
SELECT entry_id FROM entry_text
WHERE octet_length(folded_body) < 1440 AND length(folded_body) < 360
  AND length(folded_body) - length(replace(folded_body, ' ', '')) < 12;
