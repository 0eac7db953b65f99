//! The statements about lists, filters and searches.

use crate::{
    model::search::{SearchQuery, Term},
    normalise::fold::fold,
    store::reading::statements::ListSql,
};
use sqlx::Sqlite;

/// Which report of the story at place `p` is shown: its own, or the first one that passes; NULL when none does.
/// $10 outlets, $11 tags, $12 languages (JSON arrays; an empty one asks for nothing), $13 outlets that must carry the story,
/// $14 whether a story stands once for all its reports.
macro_rules! places {
    ($order:literal) => {
        concat!(
            "SELECT p.story_id AS story, p.entry_id AS place, p.order_at, p.published_at, CASE \
                WHEN s.outlets < $13 THEN NULL \
                WHEN $13 > 1 AND $16 AND (SELECT count(DISTINCT e.outlet_id) FROM entry AS e \
                      JOIN outlet AS o ON o.id = e.outlet_id WHERE e.story_id = p.story_id AND o.private = 0) < $13 THEN NULL \
                WHEN $10 = '[]' AND $11 = '[]' AND $12 = '[]' THEN p.entry_id \
                ELSE (SELECT min(e.id) FROM entry AS e JOIN outlet AS o ON o.id = e.outlet_id \
                      WHERE e.story_id = p.story_id AND ($14 OR e.id = p.entry_id) \
                      AND (o.private = 0 OR NOT $16) AND ($10 = '[]' OR o.slug IN (SELECT value FROM json_each($10))) \
                      AND ($11 = '[]' OR EXISTS (SELECT 1 FROM json_each(o.tags) AS tag \
                            WHERE tag.value IN (SELECT value FROM json_each($11)))) \
                      AND ($12 = '[]' OR lower(substr(e.language, 1, \
                            instr(replace(e.language, '_', '-') || '-', '-') - 1)) IN (SELECT value FROM json_each($12)))) \
                END AS entry \
             FROM (SELECT story_id, entry_id, order_at, published_at FROM place \
                   WHERE channel_id = (SELECT id FROM channel WHERE slug = $1) \
                   AND (order_at, published_at, story_id, entry_id) < ($2, $3, $4, $5) \
                   AND (order_at, published_at, story_id, entry_id) > ($6, $7, $8, $9) \
                   ORDER BY ",
            $order,
            " LIMIT $15) AS p CROSS JOIN story AS s ON s.id = p.story_id"
        )
    };
}

/// Entries of the outlets $1 (a JSON array of numbers) by date, and which of them is shown: the first of its story among these
/// outlets. $8 languages, $9 outlets that must carry the story, $10 author, $11 whether private outlets do
/// not count.
macro_rules! list_entries {
    ($order:literal, $outer:literal) => {
        concat!(
            "SELECT e.story_id AS story, e.id AS place, e.published_at AS order_at, e.published_at, \
                iif(s.outlets >= $9 AND ($9 <= 1 OR NOT $11 OR (SELECT count(DISTINCT f.outlet_id) FROM entry AS f \
                         JOIN outlet AS o ON o.id = f.outlet_id WHERE f.story_id = e.story_id AND o.private = 0) >= $9) \
                    AND ($10 IS NULL OR e.author = $10) \
                    AND ($8 = '[]' OR lower(substr(e.language, 1, \
                         instr(replace(e.language, '_', '-') || '-', '-') - 1)) IN (SELECT value FROM json_each($8))) \
                    AND NOT EXISTS (SELECT 1 FROM entry AS f WHERE f.story_id = e.story_id AND f.id < e.id \
                         AND f.outlet_id IN (SELECT value FROM json_each($1))), e.id, NULL) AS entry \
             FROM (SELECT x.id FROM json_each($1) AS o CROSS JOIN entry AS x ON x.id IN ( \
                       SELECT id FROM entry AS y WHERE y.outlet_id = o.value \
                       AND (y.published_at, y.id) < ($2, $3) AND (y.published_at, y.id) > ($4, $5) \
                       ORDER BY ",
            $order,
            " LIMIT $6) ORDER BY ",
            $outer,
            " LIMIT $7) AS page CROSS JOIN entry AS e ON e.id = page.id CROSS JOIN story AS s ON s.id = e.story_id"
        )
    };
}

/// Condition on an entry `e` of outlet `o` in story `s`: $1 outlets, $2 tags and $3 languages are JSON arrays, of which an empty
/// one matches everything; $4 is the number of outlets that must carry the story; it is published from $10 on and before $11.
macro_rules! passing {
    ($before:literal, $after:literal) => {
        concat!(
            $before,
            " (json_array_length($1) = 0 OR o.slug IN (SELECT value FROM json_each($1))) \
              AND (json_array_length($2) = 0 OR EXISTS (SELECT 1 FROM json_each(o.tags) AS tag \
                    WHERE tag.value IN (SELECT value FROM json_each($2)))) \
              AND (json_array_length($3) = 0 OR lower(substr(e.language, 1, \
                    instr(replace(e.language, '_', '-') || '-', '-') - 1)) IN (SELECT value FROM json_each($3))) \
              AND s.outlets >= $4 AND (o.private = 0 OR NOT $8) \
              AND e.published_at >= $10 AND e.published_at < $11 ",
            $after
        )
    };
}

impl ListSql for Sqlite {
    const LEADING: &'static str = "SELECT p.story_id AS story, p.entry_id AS entry, p.order_at, p.published_at \
             FROM (SELECT story_id, entry_id, order_at, published_at FROM place \
                   WHERE channel_id = (SELECT id FROM channel WHERE slug = $1) AND order_at >= $2 \
                   ORDER BY order_at DESC, published_at DESC, story_id DESC, entry_id DESC LIMIT $3) AS p \
             CROSS JOIN story AS s ON s.id = p.story_id WHERE s.outlets > 1 \
             ORDER BY s.outlets DESC, p.order_at DESC, p.story_id DESC LIMIT $4";
    const OUTLET_ID: &'static str = "SELECT id FROM outlet WHERE slug = $1 AND (private = 0 OR NOT $2)";
    const DIRECTORY: &'static str = "SELECT o.slug, o.name, o.language, o.tags, coalesce(sum(d.new), 0) AS entries \
             FROM feed AS f CROSS JOIN outlet AS o ON o.id = f.outlet_id \
             LEFT JOIN feed_day AS d ON d.feed_id = f.id AND d.day >= $1 \
             WHERE f.removed = 0 AND (o.private = 0 OR NOT $3) GROUP BY o.id ORDER BY entries DESC, o.name LIMIT $2";
    const OUTLET: &'static str = "SELECT name, language, tags, EXISTS (SELECT 1 FROM feed WHERE outlet_id = outlet.id AND removed = 0) \
             FROM outlet WHERE slug = $1 AND (private = 0 OR NOT $2)";
    const PRIVACY: &'static str = "SELECT slug, private FROM outlet";
    const HAS_LANGUAGE: &'static str = "SELECT EXISTS (SELECT 1 FROM outlet WHERE (private = 0 OR NOT $2) AND lower(substr(language, 1, \
                    instr(replace(language, '_', '-') || '-', '-') - 1)) = $1) \
             OR EXISTS (SELECT 1 FROM (SELECT language, outlet_id FROM entry ORDER BY id DESC LIMIT $3) AS e \
                 CROSS JOIN outlet AS o ON o.id = e.outlet_id WHERE (o.private = 0 OR NOT $2) \
                 AND lower(substr(e.language, 1, instr(replace(e.language, '_', '-') || '-', '-') - 1)) = $1)";
    const TAGGED: &'static str =
        "SELECT id FROM outlet WHERE $1 IN (SELECT value FROM json_each(tags)) AND (private = 0 OR NOT $2)";
    const OUTLET_NAME: &'static str = "SELECT id, name FROM outlet WHERE slug = $1 AND (private = 0 OR NOT $2)";
    const SHARED_STORIES: &'static str = "WITH own (story_id) AS MATERIALIZED (SELECT DISTINCT story_id FROM ( \
                SELECT story_id FROM entry WHERE outlet_id = $1 AND first_seen_at >= $2 \
                ORDER BY first_seen_at DESC LIMIT $3)) \
             SELECT e.story_id, e.id, o.slug AS outlet, o.name, e.published_at, iif(e.outlet_id = $1, e.title, NULL) AS title, \
                    e.language \
             FROM own CROSS JOIN story AS s ON s.id = own.story_id AND s.outlets > 1 \
             CROSS JOIN entry AS e ON e.story_id = s.id \
             JOIN outlet AS o ON o.id = e.outlet_id AND (o.private = 0 OR NOT $5) LIMIT $4";
    const MEMBERS_OF_STORIES: &'static str = "SELECT e.story_id, e.outlet_id, e.order_at FROM entry AS e JOIN outlet AS o ON o.id = e.outlet_id \
             WHERE e.story_id IN (SELECT value FROM json_each($1)) AND (o.private = 0 OR NOT $2) ORDER BY e.id";
    const MATCHES: &'static str = "SELECT coalesce(json_group_array(rowid), '[]') \
             FROM (SELECT rowid FROM entry_search WHERE entry_search MATCH $1 AND rowid <= $2 AND rowid > $3 \
                   ORDER BY rowid DESC LIMIT $4)";
    // FTS5 stops at a limit of ids only once it has found a match there. Upwards it stops at the end of the index in any case.
    const MATCHES_UP: &'static str = "SELECT coalesce(json_group_array(rowid), '[]') \
             FROM (SELECT rowid FROM entry_search WHERE entry_search MATCH $1 AND rowid > $2 AND rowid <= $3 ORDER BY rowid)";
    const STEPS: &'static [i64] = &[15_000, 60_000];
    const BOUNDS_BEGINNINGS: bool = false;
    const LATEST_ENTRY: &'static str = "SELECT coalesce(max(id), 0) FROM entry";
    const NTH_MATCH: &'static str = "SELECT (SELECT coalesce(max(id), 0) FROM entry), CASE WHEN (SELECT max(id) FROM entry) > $3 THEN \
                (SELECT rowid FROM entry_search WHERE entry_search MATCH $1 AND rowid <= $2 ORDER BY rowid DESC LIMIT 1 OFFSET $4) END";
    const SEEN: &'static str = "SELECT first_seen_at FROM entry WHERE id <= $1 ORDER BY id DESC LIMIT 1";
    const STORIES_WITH: &'static str = "SELECT DISTINCT e.story_id FROM json_each($2) AS later CROSS JOIN entry AS e ON e.id = later.value \
             WHERE e.story_id IN (SELECT value FROM json_each($1))";
    const PLACES_DOWN: &'static str = places!("order_at DESC, published_at DESC, story_id DESC, entry_id DESC");
    const PLACES_UP: &'static str = places!("order_at, published_at, story_id, entry_id");
    const ENTRIES_DOWN: &'static str =
        list_entries!("y.published_at DESC, y.id DESC", "x.published_at DESC, x.id DESC");
    const ENTRIES_UP: &'static str = list_entries!("y.published_at, y.id", "x.published_at, x.id");
    const LATEST: &'static str = passing!(
        "SELECT e.id, e.story_id, e.order_at, e.published_at FROM place AS p CROSS JOIN story AS s ON s.id = p.story_id \
     CROSS JOIN entry AS e ON e.story_id = p.story_id CROSS JOIN outlet AS o ON o.id = e.outlet_id \
     WHERE p.channel_id = (SELECT id FROM channel WHERE slug = $9) AND p.order_at >= coalesce((SELECT order_at FROM place \
            WHERE channel_id = (SELECT id FROM channel WHERE slug = $9) ORDER BY order_at DESC LIMIT 1 OFFSET $5), '') AND",
        "ORDER BY p.order_at DESC, p.published_at DESC, p.story_id DESC LIMIT $6"
    );
    const OF_OUTLETS: &'static str = passing!(
        "SELECT e.id, e.story_id, e.order_at, e.published_at FROM outlet AS o CROSS JOIN entry AS e ON e.id IN ( \
        SELECT id FROM entry AS latest WHERE latest.outlet_id = o.id ORDER BY latest.first_seen_at DESC LIMIT $5) \
     CROSS JOIN story AS s ON s.id = e.story_id WHERE",
        "ORDER BY e.order_at DESC, e.id DESC LIMIT $6"
    );
    const WITH_WORDS: &'static str = passing!(
        "SELECT e.id, e.story_id, e.order_at, e.published_at FROM \
        (SELECT value AS id FROM json_each($7) LIMIT $5) AS hit \
     CROSS JOIN entry AS e ON e.id = hit.id CROSS JOIN outlet AS o ON o.id = e.outlet_id \
     CROSS JOIN story AS s ON s.id = e.story_id WHERE EXISTS (SELECT 1 FROM place AS p WHERE p.story_id = e.story_id \
        AND p.channel_id = (SELECT id FROM channel WHERE slug = $9)) AND",
        "LIMIT $6"
    );

    fn words(query: &SearchQuery) -> String {
        fts5(query)
    }
}

/// Returns a search as an FTS5 query; empty if there is no word to find. Every word is folded like the searched text and quoted,
/// so that no typed text is read as FTS5 syntax.
fn fts5(typed: &SearchQuery) -> String {
    let any = |terms: &[Term]| {
        let terms: Vec<String> = terms.iter().filter_map(phrase).collect();
        (!terms.is_empty()).then(|| format!("({})", terms.join(" OR ")))
    };
    let all = typed.groups.iter().filter_map(|group| any(group)).collect::<Vec<_>>().join(" AND ");
    match any(&typed.without) {
        Some(without) if !all.is_empty() => format!("({all}) NOT {without}"),
        _ => all,
    }
}

/// Returns a term as an FTS5 phrase; `None` if nothing of it is searchable.
fn phrase(term: &Term) -> Option<String> {
    // Folded text contains only letters, digits and spaces. A doubled quote would be safe in any case.
    let folded = fold(&term.text).replace('"', "\"\"");
    let star = if term.is_prefix { " *" } else { "" };
    (!folded.is_empty()).then(|| format!("\"{folded}\"{star}"))
}

#[cfg(test)]
mod tests;
