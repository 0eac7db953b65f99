-- An entry with an article, one whose page is missing, and one that waits for its page.
INSERT INTO entry_page (entry_id, url, asked_at, article, missing, detail)
SELECT min(id), 'https://a.example/1', '2026-11-02T12:00:00Z', '<p>The whole article.</p>', NULL, NULL FROM entry
UNION ALL
SELECT max(id), 'https://a.example/2', '2026-11-02T12:00:00Z', NULL, 'robots', 'robots.txt of a.example forbids it' FROM entry
HAVING max(id) > min(id);
INSERT INTO waiting_document (feed_id, read_at, previous_success, stated_at, listing)
SELECT min(id), '2026-11-02T12:00:00Z', NULL, NULL,
       '{"places":{"7":0},"repeated_links":[],"repeated_stamps":[],"repeated_ids":[],"guids_void":false,"zone":"UTC"}' FROM feed;
INSERT INTO waiting_entry (feed_id, key_hash, read_at, seen_at, wait_until, url, host, words, link_repeats, raw, entry)
SELECT min(id), 7, '2026-11-02T12:00:00Z', '2026-11-02T12:00:00Z', '2026-11-02T12:02:00Z', 'https://a.example/3', 'a.example', 0, 0, 9,
       '{"key":"k","raw":9,"source_id":"k","title":"t","excerpt":null,"link":"https://a.example/3","link_key":1,"summary":null,"content":null,"language":null,"published":null,"updated":null,"believed":null,"extras":{},"folded":{"title":"t","body":""},"shown":1,"volatile":false}'
FROM feed;
