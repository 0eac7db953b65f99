-- From this version on, story_member has no row for an entry that matched none, which most do: the entry began its story, and the reason
-- is "first report: no matching entry".

-- The search index is written less often. Its parts are merged in eights, not in fours, and what a transaction adds is collected in up
-- to 4 MB of memory, not 1 MB, so that it becomes one part.

INSERT INTO entry_search (entry_search, rank) VALUES ('automerge', 8);
INSERT INTO entry_search (entry_search, rank) VALUES ('hashsize', 4194304);

PRAGMA user_version = 12;
