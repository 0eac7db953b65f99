//! Looks at places and entries for a page of a list.

use super::{Looked, Stretch};
use crate::{
    model::{Language, Slug, browse::Browse},
    store::{
        error::StoreError,
        sqlite::{error::ErrorContext, reading::Reader, row},
    },
};

/// Places looked at for one page where a filter passes over some. A page may then hold fewer stories than it has room for; it
/// says where to look on.
const LOOKED_AT: u32 = 1_000;

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

const PLACES_DOWN: &str = places!("order_at DESC, published_at DESC, story_id DESC, entry_id DESC");
const PLACES_UP: &str = places!("order_at, published_at, story_id, entry_id");

/// Entries of the outlets $1 (a JSON array of numbers) by date, and which of them is shown: the first of its story among these
/// outlets. $8 languages, $9 outlets that must carry the story, $10 author, $11 whether private outlets do
/// not count.
macro_rules! entries {
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

const ENTRIES_DOWN: &str = entries!("y.published_at DESC, y.id DESC", "x.published_at DESC, x.id DESC");
const ENTRIES_UP: &str = entries!("y.published_at, y.id", "x.published_at, x.id");

impl Reader {
    /// Looks at places of a channel; how many at most.
    pub(super) async fn places(
        &self,
        wanted: &Browse,
        channel: &str,
        stretch: &Stretch,
        collapse: bool,
    ) -> Result<(Vec<Looked>, u32), StoreError> {
        let is_filtered = wanted.min_outlets > 1
            || !(wanted.outlets.is_empty() && wanted.tags.is_empty() && wanted.languages.is_empty());
        let limit = if is_filtered { LOOKED_AT } else { wanted.count + 1 };
        let rows = sqlx::query_as(if stretch.downwards { PLACES_DOWN } else { PLACES_UP })
            .bind(channel)
            .bind(&stretch.below.order_at)
            .bind(&stretch.below.published_at)
            .bind(stretch.below.story)
            .bind(stretch.below.entry)
            .bind(&stretch.above.order_at)
            .bind(&stretch.above.published_at)
            .bind(stretch.above.story)
            .bind(stretch.above.entry)
            .bind(row::rows(&wanted.outlets.iter().map(Slug::as_str).collect::<Vec<_>>()))
            .bind(row::rows(&wanted.tags))
            .bind(row::rows(&wanted.languages.iter().map(Language::primary).collect::<Vec<_>>()))
            .bind(wanted.min_outlets)
            .bind(collapse)
            .bind(limit)
            .bind(self.hides_private)
            .fetch_all(&self.pool)
            .await
            .while_doing("reading a page of a channel")?;
        Ok((rows, limit))
    }

    /// Looks at entries of outlets; how many at most.
    pub(super) async fn entries_of(
        &self,
        wanted: &Browse,
        outlets: &[i64],
        stretch: &Stretch,
    ) -> Result<(Vec<Looked>, u32), StoreError> {
        let is_filtered = wanted.min_outlets > 1 || wanted.author.is_some() || !wanted.languages.is_empty();
        // Each outlet gives at least what one page needs, and several of its entries may be of one story.
        let limit = if is_filtered && outlets.len() == 1 { LOOKED_AT } else { 2 * wanted.count };
        let rows = sqlx::query_as(if stretch.downwards { ENTRIES_DOWN } else { ENTRIES_UP })
            .bind(row::rows(outlets))
            .bind(&stretch.below.published_at)
            .bind(stretch.below.entry)
            .bind(&stretch.above.published_at)
            .bind(stretch.above.entry)
            .bind(limit)
            .bind(limit)
            .bind(row::rows(&wanted.languages.iter().map(Language::primary).collect::<Vec<_>>()))
            .bind(wanted.min_outlets)
            .bind(wanted.author.as_deref())
            .bind(self.hides_private)
            .fetch_all(&self.pool)
            .await
            .while_doing("reading a page of an outlet")?;
        Ok((rows, limit))
    }
}
