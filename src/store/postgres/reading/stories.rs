//! The statements about stories and their parts.

use crate::store::reading::statements::StorySql;
use sqlx::Postgres;

/// Columns of a story and of the report that is shown for it. `p` is its position; `$1` is how much of a text is read, in
/// characters.
macro_rules! stories {
    ($rest:literal) => {
        concat!(
            "SELECT p.story_id, p.order_at, \
                    CASE WHEN $4 AND (SELECT fo.private <> 0 FROM entry AS fe JOIN outlet AS fo ON fo.id = fe.outlet_id \
                                      WHERE fe.id = s.first_entry_id) THEN e.iri ELSE s.iri END AS story_iri, s.members, p.entry_id, e.iri AS entry_iri, e.outlet_id, \
                    e.title, e.link, e.source_id, e.published_at, e.revised_at, e.language, \
                    substr(t.summary, 1, $1::int) AS summary, \
                    substr(coalesce(CASE WHEN o.publishes_page <> 0 THEN g.article END, t.content), 1, $1::int) AS content, \
                    t.extras, o.slug AS outlet, o.name AS outlet_name, f.url AS feed_url, f.public_url AS feed_public_url, \
                    f.link AS feed_link, \
                    e.feed_updated_at ",
            $rest
        )
    };
}

/// Columns of an entry with its membership, which has no row if [`crate::model::Evidence::FIRST_REPORT`] says it all. The rest of the
/// statement selects the entry.
macro_rules! entries {
    ($rest:literal) => {
        concat!(
            "SELECT e.id AS entry_id, e.story_id, o.slug AS outlet, f.url AS feed, e.key, e.title, e.link, e.published, \
                    coalesce((SELECT old_link FROM revision WHERE entry_id = e.id AND old_link IS NOT NULL \
                       ORDER BY id LIMIT 1), e.link) AS first_link, \
                    e.believed, e.first_seen_at, e.order_at, coalesce(m.rule, 'first') AS rule, \
                    coalesce(m.evidence, 'first report: no matching entry') AS evidence, m.lmin, m.containment, m.start, \
                    g.url AS page, g.asked_at AS page_at, g.missing AS page_missing, g.detail AS page_detail \
             FROM entry AS e LEFT JOIN entry_page AS g ON g.entry_id = e.id JOIN outlet AS o ON o.id = e.outlet_id JOIN feed AS f ON f.id = e.feed_id \
             LEFT JOIN story_member AS m ON m.entry_id = e.id ",
            $rest
        )
    };
}

impl StorySql for Postgres {
    const ARCHIVED: &'static str = "SELECT a.number, a.atom, coalesce(a.rendered_at, a.made_at), a.fingerprint = $3 FROM archive AS a JOIN channel AS c ON c.slug = a.channel \
             WHERE a.channel = $1 AND a.number = $2";
    const NEWEST_PAGE: &'static str = "SELECT max(number) FROM archive WHERE channel = $1 AND atom IS NOT NULL";
    const NEXT_PAGE: &'static str = "SELECT (SELECT coalesce(max(number), 0) + 1 FROM archive AS a WHERE a.channel = c.slug) \
             FROM channel AS c WHERE c.slug = $1";
    const UNPAGED: &'static str = "SELECT count(*) FROM (SELECT 1 FROM place \
             WHERE channel_id = (SELECT id FROM channel WHERE slug = $1) AND page IS NULL LIMIT $2) AS unpaged";
    const NEXT_PAGE_STORIES: &'static str = "SELECT story_id AS story, entry_id AS entry, order_at, published_at FROM place \
             WHERE channel_id = (SELECT id FROM channel WHERE slug = $1) AND page IS NULL \
             ORDER BY order_at, published_at, story_id, entry_id LIMIT $2";
    const STORIES_OF_PAGE: &'static str = "SELECT story_id AS story, entry_id AS entry, order_at, published_at FROM place \
             WHERE channel_id = (SELECT id FROM channel WHERE slug = $1) AND page = $2 \
             ORDER BY order_at DESC, published_at DESC, story_id DESC, entry_id DESC";
    const ARRIVALS: &'static str = "SELECT e.id AS entry, o.name AS outlet, e.title, e.story_id AS story, s.outlets, \
                    (SELECT fo.name FROM entry AS f JOIN outlet AS fo ON fo.id = f.outlet_id \
                     WHERE f.id = s.first_entry_id AND f.id <> e.id) AS joined \
             FROM entry AS e JOIN outlet AS o ON o.id = e.outlet_id JOIN story AS s ON s.id = e.story_id \
             WHERE e.id > $1 AND (o.private = 0 OR NOT $2) ORDER BY e.id LIMIT $3";
    const CHANNEL: &'static str = stories!(
        "FROM place AS p JOIN story AS s ON s.id = p.story_id JOIN entry AS e ON e.id = p.entry_id \
             JOIN entry_text AS t ON t.entry_id = e.id JOIN outlet AS o ON o.id = e.outlet_id \
             LEFT JOIN entry_page AS g ON g.entry_id = e.id JOIN feed AS f ON f.id = e.feed_id \
             WHERE p.channel_id = (SELECT id FROM channel WHERE slug = $2) AND (o.private = 0 OR NOT $4) \
             ORDER BY p.order_at DESC, p.published_at DESC, p.story_id DESC, p.entry_id DESC LIMIT $3"
    );
    const STORIES: &'static str = stories!(
        "FROM (SELECT n, (value ->> 'story')::bigint AS story_id, (value ->> 'entry')::bigint AS entry_id, \
                          value ->> 'order_at' AS order_at FROM json_array_elements($2::json) WITH ORDINALITY AS r (value, n)) AS p \
             JOIN story AS s ON s.id = p.story_id JOIN entry AS e ON e.id = p.entry_id \
             JOIN entry_text AS t ON t.entry_id = e.id JOIN outlet AS o ON o.id = e.outlet_id \
             LEFT JOIN entry_page AS g ON g.entry_id = e.id JOIN feed AS f ON f.id = e.feed_id WHERE o.private = 0 OR NOT $4 ORDER BY p.n LIMIT $3"
    );
    const CARRIERS: &'static str = "SELECT e.story_id, e.id AS entry_id, e.outlet_id, o.name AS outlet_name, e.title, e.link, e.language \
             FROM entry AS e JOIN outlet AS o ON o.id = e.outlet_id \
             WHERE e.story_id = ANY(ARRAY(SELECT value::bigint FROM json_array_elements_text($1::json))) AND (o.private = 0 OR NOT $2) ORDER BY e.id";
    const KEPT_EDITION: &'static str = "SELECT 0::bigint, packed, changed_at FROM edition \
             WHERE path = $1 AND fingerprint = $2 AND packed IS NOT NULL";
    const EXPLAIN_FEED: &'static str = "SELECT f.id, o.slug AS outlet, f.url, f.ask_url, f.state, f.failures, f.last_error, f.next_poll_at, f.why, \
                    f.hints, f.moving_to, f.moving_visits, f.guids_void <> 0 AS guids_void, f.gaps \
             FROM feed AS f JOIN outlet AS o ON o.id = f.outlet_id \
             WHERE f.removed = 0 AND (o.slug = $1 OR f.url = $1) ORDER BY f.url";
    const LATEST_POLLS: &'static str = "SELECT ended_at, outcome, error, new, revised, duplicate, dropped, next_poll_at, why FROM poll \
                 WHERE feed_id = $1 ORDER BY ended_at DESC LIMIT $2";
    const DROPPED_BY_RULE: &'static str =
        "SELECT rule, count(*) AS entries FROM dropped_entry WHERE feed_id = $1 GROUP BY rule ORDER BY 2 DESC, 1";
    const EXPLAIN_ENTRY: &'static str = entries!("WHERE e.id = $1");
    const SIGHTINGS: &'static str = "SELECT f.url AS feed, s.guid, s.link, s.first_seen_at, s.left_at, s.evidence \
             FROM sighting AS s JOIN feed AS f ON f.id = s.feed_id WHERE s.entry_id = $1 ORDER BY s.id LIMIT $2";
    const REVISIONS_OF_ENTRY: &'static str = "SELECT seen_at, what, material <> 0 AS material, old_title, new_title FROM revision WHERE entry_id = $1 ORDER BY id LIMIT $2";
    const ENTRIES_AT: &'static str = "SELECT id FROM entry WHERE link_key = $1 ORDER BY id DESC LIMIT $2";
    const DROPPED_AT: &'static str =
        "SELECT outlet, feed, title, link, seen_at, rule FROM dropped WHERE link = $1 OR link = $2 LIMIT $3";
    const STORY_ORIGIN: &'static str = "SELECT iri, created_at FROM story WHERE id = $1";
    const EXPLAIN_MEMBERS: &'static str = entries!("WHERE e.story_id = $1 ORDER BY e.id LIMIT $2");
    const PLACES_OF_STORY: &'static str = "SELECT c.slug AS channel, p.order_at, p.entry_id, p.page FROM place AS p \
             JOIN channel AS c ON c.id = p.channel_id WHERE p.story_id = $1 ORDER BY c.id, p.entry_id LIMIT $2";
    const REPORTS: &'static str = "SELECT e.id, o.slug AS outlet, o.name AS outlet_name, e.title, e.link, e.language, e.author, e.published_at, \
                    e.first_seen_at, coalesce(m.joined_at, e.first_seen_at) AS joined_at, coalesce(m.rule, 'first') AS rule, \
                    CASE WHEN $3 AND EXISTS (SELECT 1 FROM entry AS pe JOIN outlet AS po ON po.id = pe.outlet_id \
                                             WHERE pe.story_id = e.story_id AND po.private = 1) \
                         THEN '' ELSE coalesce(m.evidence, 'first report: no matching entry') END AS evidence, \
                    m.containment, t.summary, t.content, t.extras, CASE WHEN o.publishes_page <> 0 THEN g.article END AS article \
             FROM entry AS e LEFT JOIN story_member AS m ON m.entry_id = e.id JOIN outlet AS o ON o.id = e.outlet_id \
             JOIN entry_text AS t ON t.entry_id = e.id LEFT JOIN entry_page AS g ON g.entry_id = e.id \
             WHERE e.story_id = $1 AND (o.private = 0 OR NOT $3) \
             ORDER BY e.id LIMIT $2";
    const REVISIONS: &'static str = "SELECT id, entry_id, seen_at, what, old_title, new_title, old_summary, old_content FROM revision \
             WHERE entry_id = ANY(ARRAY(SELECT value::bigint FROM json_array_elements_text($1::json))) ORDER BY id DESC LIMIT $2";
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Evidence;

    #[test]
    fn the_reason_that_has_no_row_is_the_one_that_is_shown() {
        for sql in [Postgres::EXPLAIN_ENTRY, Postgres::EXPLAIN_MEMBERS, Postgres::REPORTS] {
            assert!(sql.contains(&format!("coalesce(m.evidence, '{}')", Evidence::FIRST_REPORT)), "{sql}");
        }
    }
}
