//! The statements about feeds, polls and subscriptions.

use crate::store::reading::statements::FeedSql;
use sqlx::Postgres;

impl FeedSql for Postgres {
    const FEED: &'static str = "SELECT f.url, f.public_url, f.ask_url, f.title, f.link, f.hints, f.rhythm \
             FROM feed AS f JOIN outlet AS o ON o.id = f.outlet_id \
             WHERE f.id = $1 AND f.removed = 0 AND (o.private = 0 OR NOT $2)";
    const POLLS_BEFORE: &'static str = "SELECT id, ended_at, outcome, fault, error, status, ms, bytes, listed, new, revised, why FROM poll \
             WHERE feed_id = $1 AND ended_at < $2 ORDER BY ended_at DESC LIMIT $3";
    const FEED_HEALTH: &'static str = "SELECT h.outlet, h.url, h.state, h.last_poll_at, h.last_outcome, h.last_error, h.failures, \
                    h.next_poll_at, h.entries_7d, h.gaps, h.repairs, f.why, f.ask_url, \
                    (nullif(f.rhythm, '')::json ->> 'host_hold')::bigint AS host_hold \
             FROM feed_health AS h JOIN feed AS f ON f.url = h.url ORDER BY h.outlet, h.url";
    const DAYS_OF_ALL: &'static str = "SELECT d.day AS period, sum(d.new)::bigint AS new, sum(d.fresh)::bigint AS fresh, sum(d.unchanged)::bigint AS unchanged, \
                        sum(d.failed)::bigint AS failed \
                 FROM feed AS f JOIN feed_day AS d ON d.feed_id = f.id AND d.day >= $1 \
                 JOIN outlet AS o ON o.id = f.outlet_id AND (o.private = 0 OR NOT $2) GROUP BY d.day";
    const DAYS_OF_FEED: &'static str =
        "SELECT day AS period, new, fresh, unchanged, failed FROM feed_day WHERE feed_id = $2 AND day >= $1";
    const HOURS_OF_ALL: &'static str = "SELECT substr(p.ended_at, 1, 13) AS period, sum(p.new)::bigint AS new, \
                        count(*) FILTER (WHERE p.outcome IN ('fresh', 'moved')) AS fresh, \
                        count(*) FILTER (WHERE p.outcome IN ('not_modified', 'same_bytes')) AS unchanged, \
                        count(*) FILTER (WHERE p.outcome IN ('failed', 'gone')) AS failed \
                 FROM (SELECT feed_id, ended_at, new, outcome FROM poll WHERE ended_at >= $1 \
                       ORDER BY ended_at DESC LIMIT $2) AS p \
                 JOIN feed AS f ON f.id = p.feed_id JOIN outlet AS o ON o.id = f.outlet_id \
                 WHERE o.private = 0 OR NOT $3 GROUP BY period";
    const HOURS_OF_FEED: &'static str = "SELECT substr(p.ended_at, 1, 13) AS period, sum(p.new)::bigint AS new, \
                        count(*) FILTER (WHERE p.outcome IN ('fresh', 'moved')) AS fresh, \
                        count(*) FILTER (WHERE p.outcome IN ('not_modified', 'same_bytes')) AS unchanged, \
                        count(*) FILTER (WHERE p.outcome IN ('failed', 'gone')) AS failed \
                 FROM (SELECT ended_at, new, outcome FROM poll WHERE feed_id = $3 AND ended_at >= $1 \
                       ORDER BY ended_at DESC LIMIT $2) AS p GROUP BY period";
    const DELAYS: &'static str = "SELECT substr(e.first_seen_at, 1, $4::int), \
                    extract(epoch FROM e.first_seen_at::timestamptz - e.believed::timestamptz)::bigint AS delay \
             FROM generate_series(0, $2) AS n \
             CROSS JOIN LATERAL (SELECT to_char(($1::timestamptz AT TIME ZONE 'UTC') - n * interval '1 hour', \
                    'YYYY-MM-DD\"T\"HH24') AS starts) AS h \
             CROSS JOIN LATERAL (SELECT first_seen_at, believed, order_at, outlet_id FROM entry \
                    WHERE first_seen_at >= h.starts AND first_seen_at < h.starts || ';' LIMIT $3) AS e \
             WHERE e.believed IS NOT NULL AND e.order_at = e.first_seen_at \
                 AND e.outlet_id IN (SELECT id FROM outlet WHERE private = 0 OR NOT $5) ORDER BY 1, 2";
    const INCIDENTS: &'static str = "WITH bad (id, feed_id, ended_at) AS ( \
                SELECT id, feed_id, ended_at FROM poll WHERE outcome IN ('failed', 'gone') \
                ORDER BY ended_at DESC LIMIT $1), \
             broke (id) AS ( \
                SELECT id FROM bad WHERE coalesce(( \
                    SELECT outcome FROM poll AS p WHERE p.feed_id = bad.feed_id AND p.ended_at < bad.ended_at \
                    ORDER BY p.ended_at DESC LIMIT 1), ( \
                    SELECT 'failed' FROM feed_day AS d \
                    WHERE d.feed_id = bad.feed_id AND d.day < substr(bad.ended_at, 1, 10)), \
                    '') NOT IN ('failed', 'gone')), \
             works (id) AS ( \
                SELECT ( \
                    SELECT CASE WHEN outcome IN ('failed', 'gone') THEN NULL ELSE id END FROM poll AS p \
                    WHERE p.feed_id = bad.feed_id AND p.ended_at > bad.ended_at ORDER BY p.ended_at LIMIT 1) FROM bad) \
             SELECT p.id AS poll, p.ended_at AS at, o.name AS outlet_name, f.url, f.public_url, \
                    CASE p.outcome WHEN 'failed' THEN coalesce(p.error, 'failed') \
                                   WHEN 'gone' THEN 'gone for good, says its server (410)' END AS error \
             FROM poll AS p JOIN feed AS f ON f.id = p.feed_id JOIN outlet AS o ON o.id = f.outlet_id \
             WHERE p.id IN (SELECT id FROM broke UNION SELECT id FROM works) AND f.removed = 0 \
                 AND (o.private = 0 OR NOT $3) \
             ORDER BY p.ended_at DESC, p.id DESC LIMIT $2";
    const LISTED: &'static str = "SELECT listed FROM feed WHERE id = $1";
    const SIGHTED: &'static str = "SELECT key_hash FROM sighting WHERE key_hash = ANY(ARRAY(SELECT value::bigint FROM json_array_elements_text($1::json))) \
             AND feed_id = $2 AND (left_at IS NULL OR NOT $3)";
    const FAMILIAR: &'static str = "SELECT e.link_key, e.believed, t.folded_title FROM entry AS e JOIN entry_text AS t ON t.entry_id = e.id \
             WHERE e.id IN (SELECT id FROM entry \
                WHERE link_key = ANY(ARRAY(SELECT value::bigint FROM json_array_elements_text($1::json))) UNION \
                SELECT id FROM entry WHERE outlet_id = (SELECT outlet_id FROM feed WHERE id = $3) \
                   AND published_at = ANY(ARRAY(SELECT json_array_elements_text($2::json)))) \
             AND EXISTS (SELECT 1 FROM sighting AS s \
                WHERE s.entry_id = e.id AND s.feed_id = $3 AND (s.left_at IS NULL OR NOT $4)) LIMIT 20000";
    const HUB_LEASES: &'static str = "SELECT feed_id, hub, topic, token, secret, state, expires_at, next_try_at, failures, last_error, \
                    last_push_at FROM hub_lease";
    const HUB_SUBSCRIBERS: &'static str =
        "SELECT topic, callback, secret, expires_at, sent, failures, next_try_at, last_error FROM hub_subscription";
    const HUB_PINGS: &'static str = "SELECT topic, hub, sent FROM hub_ping";
    const WEBHOOKS: &'static str = "SELECT id, channel, target, host, outlets, queued, sent, dropped, failures, next_try_at, last_error, \
                    last_sent_at FROM webhook ORDER BY channel, host, id";
    const WEBHOOK_NEXT: &'static str = "SELECT number, story_id, entry_id, order_at FROM webhook_queue WHERE webhook_id = $1 AND number > $2 \
             ORDER BY number LIMIT 1";
    const TALLY: &'static str = "SELECT stories, entries FROM tally";
    const FEED_SUMMARIES: &'static str = "SELECT f.id, o.slug AS outlet, f.ask_url, f.public_url, f.state, f.last_outcome, f.last_poll_at, f.failures, \
                    f.next_poll_at, f.gaps, (nullif(f.rhythm, '')::json ->> 'host_hold')::bigint AS host_hold, \
                    coalesce((SELECT sum(d.new)::bigint FROM feed_day AS d WHERE d.feed_id = f.id AND d.day >= $1), 0) AS entries \
             FROM feed AS f JOIN outlet AS o ON o.id = f.outlet_id \
             WHERE f.removed = 0 AND (o.private = 0 OR NOT $2) ORDER BY o.slug, f.url";
    const FEED_DETAILS: &'static str = "SELECT f.id, o.name AS outlet_name, f.url, f.public_url, f.last_error, f.why, p.fault, p.status \
             FROM (SELECT DISTINCT value::bigint FROM json_array_elements_text($1::json)) AS w (value) JOIN feed AS f ON f.id = w.value \
             JOIN outlet AS o ON o.id = f.outlet_id \
             LEFT JOIN poll AS p ON p.id = (SELECT l.id FROM poll AS l WHERE l.feed_id = f.id ORDER BY l.ended_at DESC LIMIT 1)";
    const DAYS_OF_FEEDS: &'static str = "SELECT d.feed_id, d.day, d.new FROM (SELECT DISTINCT value::bigint FROM json_array_elements_text($1::json)) AS w (value) \
             JOIN feed_day AS d ON d.feed_id = w.value AND d.day >= $2";
    const SUBSCRIPTIONS: &'static str = "SELECT f.outlet_id, o.name, f.title, f.url, f.public_url, f.link, coalesce(o.language, f.language) AS language, o.tags \
             FROM feed AS f JOIN outlet AS o ON o.id = f.outlet_id WHERE f.removed = 0 AND (o.private = 0 OR NOT $1) \
             ORDER BY f.outlet_id, f.id";
    const WAITING: &'static str = "SELECT w.id, w.feed_id, w.key_hash, o.slug, w.url, w.wait_until, w.words, w.entry::json #>> '{folded,title}' AS title \
             FROM waiting_entry AS w JOIN feed AS f ON f.id = w.feed_id JOIN outlet AS o ON o.id = f.outlet_id ORDER BY w.id";
    const WAITING_COUNT: &'static str = "SELECT count(*) FROM waiting_entry AS w JOIN feed AS f ON f.id = w.feed_id \
             JOIN outlet AS o ON o.id = f.outlet_id WHERE o.private = 0 OR NOT $1";
}
