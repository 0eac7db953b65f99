-- An outlet may state any length of a file, and earlier versions stored what does not fit into a bigint.
CREATE OR REPLACE VIEW enclosures AS
SELECT t.entry_id,
       f.value ->> 'url' AS url,
       f.value ->> 'type' AS type,
       CASE WHEN (f.value ->> 'length')::numeric <= 9223372036854775807 THEN (f.value ->> 'length')::bigint END AS length,
       f.value ->> 'text' AS text
FROM entry_text AS t, json_array_elements(t.extras::json -> 'enclosures') AS f;
