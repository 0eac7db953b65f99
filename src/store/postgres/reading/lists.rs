//! The statements about lists, filters and searches.

use crate::{
    model::search::{SearchQuery, Term},
    normalise::fold::fold,
    store::reading::statements::ListSql,
};
use sqlx::Postgres;

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
                      AND (o.private = 0 OR NOT $16) AND ($10 = '[]' OR o.slug = ANY(ARRAY(SELECT json_array_elements_text($10::json)))) \
                      AND ($11 = '[]' OR o.tags::jsonb ?| ARRAY(SELECT json_array_elements_text($11::json))) \
                      AND ($12 = '[]' OR lower(split_part(replace(e.language, '_', '-'), '-', 1)) = ANY(ARRAY(SELECT json_array_elements_text($12::json))))) \
                END AS entry \
             FROM (SELECT story_id, entry_id, order_at, published_at FROM place \
                   WHERE channel_id = (SELECT id FROM channel WHERE slug = $1) \
                   AND (order_at, published_at, story_id, entry_id) < ($2, $3, $4, $5) \
                   AND (order_at, published_at, story_id, entry_id) > ($6, $7, $8, $9) \
                   ORDER BY ",
            $order,
            " LIMIT $15) AS p JOIN story AS s ON s.id = p.story_id ORDER BY ",
            $order
        )
    };
}

/// Entries of the outlets $1 (a JSON array of numbers) by date, and which of them is shown: the first of its story among these
/// outlets. $8 languages, $9 outlets that must carry the story, $10 author, $11 whether private outlets do
/// not count.
macro_rules! list_entries {
    ($order:literal, $outer:literal, $last:literal) => {
        concat!(
            "SELECT e.story_id AS story, e.id AS place, e.published_at AS order_at, e.published_at, \
                CASE WHEN s.outlets >= $9 AND ($9 <= 1 OR NOT $11 OR (SELECT count(DISTINCT f.outlet_id) FROM entry AS f \
                         JOIN outlet AS o ON o.id = f.outlet_id WHERE f.story_id = e.story_id AND o.private = 0) >= $9) \
                    AND ($10 IS NULL OR e.author = $10) \
                    AND ($8 = '[]' OR lower(split_part(replace(e.language, '_', '-'), '-', 1)) = ANY(ARRAY(SELECT json_array_elements_text($8::json)))) \
                    AND NOT EXISTS (SELECT 1 FROM entry AS f WHERE f.story_id = e.story_id AND f.id < e.id \
                         AND f.outlet_id = ANY(ARRAY(SELECT value::bigint FROM json_array_elements_text($1::json)))) THEN e.id END AS entry \
             FROM (SELECT x.id FROM json_array_elements_text($1::json) AS o CROSS JOIN LATERAL ( \
                       SELECT id, published_at FROM entry AS y WHERE y.outlet_id = o.value::bigint \
                       AND (y.published_at, y.id) < ($2, $3) AND (y.published_at, y.id) > ($4, $5) \
                       ORDER BY ",
            $order,
            " LIMIT $6) AS x ORDER BY ",
            $outer,
            " LIMIT $7) AS page JOIN entry AS e ON e.id = page.id JOIN story AS s ON s.id = e.story_id ORDER BY ",
            $last
        )
    };
}

/// Condition on an entry `e` of outlet `o` in story `s`: $1 outlets, $2 tags and $3 languages are JSON arrays, of which an empty
/// one matches everything; $4 is the number of outlets that must carry the story; it is published from $10 on and before $11.
macro_rules! passing {
    ($before:literal, $after:literal) => {
        concat!(
            $before,
            " (json_array_length($1::json) = 0 OR o.slug = ANY(ARRAY(SELECT json_array_elements_text($1::json)))) \
              AND (json_array_length($2::json) = 0 OR o.tags::jsonb ?| ARRAY(SELECT json_array_elements_text($2::json))) \
              AND (json_array_length($3::json) = 0 OR lower(split_part(replace(e.language, '_', '-'), '-', 1)) = ANY(ARRAY(SELECT json_array_elements_text($3::json)))) \
              AND s.outlets >= $4 AND (o.private = 0 OR NOT $8) \
              AND e.published_at >= $10 AND e.published_at < $11 ",
            $after
        )
    };
}

impl ListSql for Postgres {
    const LEADING: &'static str = "SELECT p.story_id AS story, p.entry_id AS entry, p.order_at, p.published_at \
             FROM (SELECT story_id, entry_id, order_at, published_at FROM place \
                   WHERE channel_id = (SELECT id FROM channel WHERE slug = $1) AND order_at >= $2 \
                   ORDER BY order_at DESC, published_at DESC, story_id DESC, entry_id DESC LIMIT $3) AS p \
             JOIN story AS s ON s.id = p.story_id WHERE s.outlets > 1 \
             ORDER BY s.outlets DESC, p.order_at DESC, p.story_id DESC LIMIT $4";
    const OUTLET_ID: &'static str = "SELECT id FROM outlet WHERE slug = $1 AND (private = 0 OR NOT $2)";
    const DIRECTORY: &'static str = "SELECT o.slug, o.name, o.language, o.tags, coalesce(sum(d.new), 0)::bigint AS entries \
             FROM feed AS f JOIN outlet AS o ON o.id = f.outlet_id \
             LEFT JOIN feed_day AS d ON d.feed_id = f.id AND d.day >= $1 \
             WHERE f.removed = 0 AND (o.private = 0 OR NOT $3) GROUP BY o.id ORDER BY entries DESC, o.name LIMIT $2";
    const OUTLET: &'static str = "SELECT name, language, tags, EXISTS (SELECT 1 FROM feed WHERE outlet_id = outlet.id AND removed = 0) \
             FROM outlet WHERE slug = $1 AND (private = 0 OR NOT $2)";
    const PRIVACY: &'static str = "SELECT slug, private FROM outlet";
    const HAS_LANGUAGE: &'static str = "SELECT EXISTS (SELECT 1 FROM outlet WHERE (private = 0 OR NOT $2) AND lower(split_part(replace(language, '_', '-'), '-', 1)) = $1) \
             OR EXISTS (SELECT 1 FROM (SELECT language, outlet_id FROM entry ORDER BY id DESC LIMIT $3) AS e \
                 JOIN outlet AS o ON o.id = e.outlet_id WHERE (o.private = 0 OR NOT $2) \
                 AND lower(split_part(replace(e.language, '_', '-'), '-', 1)) = $1)";
    const TAGGED: &'static str = "SELECT id FROM outlet WHERE tags::jsonb ? $1 AND (private = 0 OR NOT $2)";
    const OUTLET_NAME: &'static str = "SELECT id, name FROM outlet WHERE slug = $1 AND (private = 0 OR NOT $2)";
    const SHARED_STORIES: &'static str = "WITH own (story_id) AS MATERIALIZED (SELECT DISTINCT story_id FROM ( \
                SELECT story_id FROM entry WHERE outlet_id = $1 AND first_seen_at >= $2 \
                ORDER BY first_seen_at DESC LIMIT $3) AS latest) \
             SELECT e.story_id, e.id, o.slug AS outlet, o.name, e.published_at, CASE WHEN e.outlet_id = $1 THEN e.title END AS title, \
                    e.language \
             FROM own JOIN story AS s ON s.id = own.story_id AND s.outlets > 1 \
             JOIN entry AS e ON e.story_id = s.id \
             JOIN outlet AS o ON o.id = e.outlet_id AND (o.private = 0 OR NOT $5) LIMIT $4";
    const MEMBERS_OF_STORIES: &'static str = "SELECT e.story_id, e.outlet_id, e.order_at FROM entry AS e JOIN outlet AS o ON o.id = e.outlet_id \
             WHERE e.story_id = ANY(ARRAY(SELECT value::bigint FROM json_array_elements_text($1::json))) AND (o.private = 0 OR NOT $2) ORDER BY e.id";
    const MATCHES: &'static str = "SELECT coalesce(json_agg(id ORDER BY id DESC), '[]')::text \
             FROM search_matches(to_tsquery('simple', $1), $3, $2, $4) AS id";
    const MATCHES_UP: &'static str = "SELECT coalesce(json_agg(id ORDER BY id), '[]')::text \
             FROM search_matches(to_tsquery('simple', $1), $2, $3, 9223372036854775807) AS id";
    const STEPS: &'static [i64] = &[];
    const BOUNDS_BEGINNINGS: bool = true;
    const LATEST_ENTRY: &'static str = "SELECT coalesce(max(id), 0) FROM entry";
    const NTH_MATCH: &'static str = "SELECT (SELECT coalesce(max(id), 0) FROM entry), CASE WHEN (SELECT max(id) FROM entry) > $3 THEN \
                (SELECT id FROM search_matches(to_tsquery('simple', $1), 0, $2, $4 + 1) AS id ORDER BY id DESC LIMIT 1 OFFSET $4) END";
    const SEEN: &'static str = "SELECT first_seen_at FROM entry WHERE id <= $1 ORDER BY id DESC LIMIT 1";
    const STORIES_WITH: &'static str = "SELECT DISTINCT e.story_id FROM entry AS e \
             WHERE e.id = ANY(ARRAY(SELECT value::bigint FROM json_array_elements_text($2::json))) \
             AND e.story_id = ANY(ARRAY(SELECT value::bigint FROM json_array_elements_text($1::json)))";
    const PLACES_DOWN: &'static str = places!("order_at DESC, published_at DESC, story_id DESC, entry_id DESC");
    const PLACES_UP: &'static str = places!("order_at, published_at, story_id, entry_id");
    const ENTRIES_DOWN: &'static str = list_entries!(
        "y.published_at DESC, y.id DESC",
        "x.published_at DESC, x.id DESC",
        "e.published_at DESC, e.id DESC"
    );
    const ENTRIES_UP: &'static str =
        list_entries!("y.published_at, y.id", "x.published_at, x.id", "e.published_at, e.id");
    const LATEST: &'static str = passing!(
        // The latest $5 places, and those of the same second as the next one. OFFSET 0 keeps the server from joining whole tables.
        "SELECT e.id, e.story_id, e.order_at, e.published_at FROM (SELECT story_id, order_at, published_at FROM place \
            WHERE channel_id = (SELECT id FROM channel WHERE slug = $9) \
            ORDER BY order_at DESC FETCH FIRST ($5 + 1) ROWS WITH TIES) AS p \
     CROSS JOIN LATERAL (SELECT e.id, e.story_id, e.order_at, e.published_at FROM entry AS e \
            JOIN story AS s ON s.id = e.story_id JOIN outlet AS o ON o.id = e.outlet_id WHERE e.story_id = p.story_id AND",
        "OFFSET 0) AS e ORDER BY p.order_at DESC, p.published_at DESC, p.story_id DESC LIMIT $6"
    );
    const OF_OUTLETS: &'static str = passing!(
        "SELECT e.id, e.story_id, e.order_at, e.published_at FROM outlet AS o CROSS JOIN LATERAL ( \
        SELECT * FROM entry AS latest WHERE latest.outlet_id = o.id ORDER BY latest.first_seen_at DESC LIMIT $5) AS e \
     JOIN story AS s ON s.id = e.story_id WHERE",
        "ORDER BY e.order_at DESC, e.id DESC LIMIT $6"
    );
    const WITH_WORDS: &'static str = passing!(
        "SELECT e.id, e.story_id, e.order_at, e.published_at FROM \
        (SELECT value::bigint AS id FROM json_array_elements_text($7::json) LIMIT $5) AS hit \
     JOIN entry AS e ON e.id = hit.id JOIN outlet AS o ON o.id = e.outlet_id \
     JOIN story AS s ON s.id = e.story_id WHERE EXISTS (SELECT 1 FROM place AS p WHERE p.story_id = e.story_id \
        AND p.channel_id = (SELECT id FROM channel WHERE slug = $9)) AND",
        "ORDER BY e.id DESC LIMIT $6"
    );

    fn words(query: &SearchQuery) -> String {
        tsquery(query)
    }
}

/// The characters besides the space that separate words of folded texts; `search_words` in the schema has them, too.
const SEPARATORS: [char; 5] = [' ', '.', '\u{20e3}', '\u{fe0e}', '\u{fe0f}'];

/// Returns a search for `to_tsquery`; empty if there is no word to find. Every word is folded like the searched text and quoted, so
/// that no typed text is read as an operator. `to_tsquery` divides a quoted word as `to_tsvector` does: 2e3x is 2e3 and x for both.
fn tsquery(typed: &SearchQuery) -> String {
    let any = |terms: &[Term]| {
        let terms: Vec<String> = terms.iter().filter_map(phrase).collect();
        (!terms.is_empty()).then(|| format!("({})", terms.join(" | ")))
    };
    let all = typed.groups.iter().filter_map(|group| any(group)).collect::<Vec<_>>().join(" & ");
    match any(&typed.without) {
        Some(without) if !all.is_empty() => format!("({all}) & !{without}"),
        _ => all,
    }
}

/// Returns a term as words that follow each other; `None` if nothing of it is searchable.
fn phrase(term: &Term) -> Option<String> {
    // Folded text contains neither sign. Doubled they would be safe in any case.
    let folded = fold(&term.text).replace('\'', "''").replace('\\', "\\\\");
    let words: Vec<String> =
        folded.split(SEPARATORS).filter(|word| !word.is_empty()).map(|word| format!("'{word}'")).collect();
    let star = if term.is_prefix { ":*" } else { "" };
    (!words.is_empty()).then(|| format!("({}{star})", words.join(" <-> ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_folded_and_quoted() {
        for (typed, expected) in [
            ("الأمطارُ  Été", "(('امطار')) & (('ete'))"),
            ("\"heavy rain\" -snow", "((('heavy' <-> 'rain'))) & !(('snow'))"),
            ("a OR b c", "(('a') | ('b')) & (('c'))"),
            ("inond*", "(('inond':*))"),
            ("2.5 ٣٫٥*", "(('2' <-> '5')) & (('3' <-> '5':*))"),
            ("it's a:b & !c", "(('it' <-> 's')) & (('a' <-> 'b')) & (('c'))"),
            ("-snow", ""),
            ("؟! ـ", ""),
        ] {
            assert_eq!(tsquery(&SearchQuery::parse(typed)), expected, "{typed}");
        }
    }
}
