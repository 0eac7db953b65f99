-- The search index never merges all its parts of one size in one transaction, which took 1.4 s in a file of a million entries while
-- nothing else could be written: it does so at `crisismerge` parts, and merges in small steps from `automerge` parts on. Twelve in
-- place of eight parts also write less.

INSERT INTO entry_search (entry_search, rank) VALUES ('automerge', 12);
INSERT INTO entry_search (entry_search, rank) VALUES ('crisismerge', 128);

PRAGMA user_version = 13;
