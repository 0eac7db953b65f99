-- A second archive page, whose document retention has dropped.
INSERT INTO archive (channel, number, made_at, stories, atom) VALUES ('all', 2, '2026-11-04T00:00:00Z', 0, NULL);
