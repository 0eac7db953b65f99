-- The revisions of an outlet are read in their order, the newest first, so that a query for the latest hundred stops there. The texts of
-- all its revisions were made plain before they were sorted: .6 s for 1,500 of them in a file of a million entries.

DROP VIEW revisions;
CREATE VIEW revisions AS
-- A change that an outlet made to an entry after publishing it. A revision keeps what stood there before, where it changed ('' where
-- nothing stood); what stood there after it is what the next change found, else what stands there now. The texts are those that
-- changed, plain as in texts: the content, else the summary.
SELECT entry_id, outlet, seen_at, old_title, new_title, material, what, plains ->> 'old' AS old_text, plains ->> 'new' AS new_text
FROM (SELECT r.*,
             (SELECT json_group_object(html.key,
                  (SELECT trim(replace(replace(replace(replace(replace(replace(replace(replace(lines,
                             char(10), char(1, 2)), char(2, 1), ''), char(1, 2), char(10)),
                             '&nbsp;', char(160)), '&quot;', '"'), '&gt;', '>'), '&lt;', '<'), '&amp;', '&'), ' ' || char(10))
                   FROM (SELECT group_concat(iif(rtrim(substr(tag, 1, instr(tag, ' '))) IN (SELECT name FROM block_tag), char(10), '')
                                             || iif(key = 0, value, substr(value, instr(value, '>') + 1)), '') AS lines
                         FROM (SELECT key, value, iif(key = 0, ' ', replace(ltrim(value, '/'), '>', ' ')) AS tag
                               FROM json_each('[' || replace(json_quote(replace(html.value, char(10), ' ')), '<', '","') || ']')))))
              FROM json_each(json_object(
                  'old', iif(of_summary, old_summary, coalesce(nullif(old_content, ''), nullif(old_summary, ''))),
                  'new', iif(of_summary, new_summary, coalesce(nullif(new_content, ''), nullif(new_summary, ''))))) AS html) AS plains
      FROM (SELECT r.id, r.entry_id, r.outlet, r.seen_at, r.old_title, r.new_title, r.material, r.what,
                   coalesce(r.old_content, r.new_content) AS old_content,
                   coalesce(r.old_summary, r.new_summary) AS old_summary,
                   r.new_content, r.new_summary,
                   r.old_content IS NULL AND r.old_summary IS NOT NULL AS of_summary
            FROM (SELECT r.*, o.slug AS outlet,
                         coalesce((SELECT n.old_content FROM revision AS n
                                   WHERE n.entry_id = r.entry_id AND n.id > r.id AND n.old_content IS NOT NULL
                                   ORDER BY n.id LIMIT 1), t.content) AS new_content,
                         coalesce((SELECT n.old_summary FROM revision AS n
                                   WHERE n.entry_id = r.entry_id AND n.id > r.id AND n.old_summary IS NOT NULL
                                   ORDER BY n.id LIMIT 1), t.summary) AS new_summary
                  FROM revision AS r
                  CROSS JOIN entry AS e ON e.id = r.entry_id
                  CROSS JOIN outlet AS o ON o.id = e.outlet_id
                  LEFT JOIN entry_text AS t ON t.entry_id = r.entry_id) AS r) AS r) AS r
ORDER BY seen_at DESC, id DESC;

PRAGMA user_version = 14;
