-- A subscriber of the hub, an edition that another hub knows, a feed's subscription, and a webhook with a story in its queue.
INSERT INTO hub_subscription VALUES
    ('/feed.atom', 'https://reader.invalid/callback?x=1', 'secret', '2026-11-13T08:00:00Z', '"tag"', 1, '2026-11-03T08:05:00Z', 'the server answered 500');
INSERT INTO hub_ping VALUES ('/feed.rss', 'https://hub.invalid/', '"tag"');
INSERT INTO hub_lease VALUES
    (1, 'https://hub.invalid/', 'https://ville.invalid/feed', 'aa00', 'bb11', 'active', '2026-11-13T08:00:00Z', '2026-11-12T08:00:00Z', 0, NULL, NULL);
INSERT INTO webhook (channel, target, host, outlets, queued, sent) VALUES ('all', 'cc22', 'hook.invalid', 1, 2, 1);
INSERT INTO webhook_queue VALUES (1, 2, 2, 3, '2026-11-03T08:01:00Z');
