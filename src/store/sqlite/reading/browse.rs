//! Pages of a list of stories. A page begins at a position, which an index finds; the rows examined for one page are bounded.

use crate::store::documents::ShownReport;
use crate::store::sqlite::error::ErrorContext;
use crate::{
    model::{
        Language, Slug, StoryView,
        browse::{Browse, BrowsePage, OutletSummary, PlaceKey, Position, Scope},
    },
    store::{
        error::StoreError,
        sqlite::{reading::Reader, row},
    },
};
use jiff::Timestamp;
use url::Url;

/// Places looked at for one page where a filter passes over some. A page may then hold fewer stories than it has room for; it
/// says where to look on.
const LOOKED_AT: u32 = 2_000;
/// A tag of more outlets than this is read along the places of channel `all`, not outlet by outlet.
const OUTLETS: usize = 24;
/// Characters of a text that a list shows the first words of.
const EXCERPT_SOURCE: u32 = 4_000;
/// Places looked at for what several outlets carry now, the latest.
const RECENT: i64 = 5_000;
/// Stories that several outlets carry, at most.
const LEADING: i64 = 24;
/// Latest entries in which a language is looked for that no outlet has.
const LANGUAGE: i64 = 5_000;

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

/// A place that was looked at.
#[derive(Debug, sqlx::FromRow)]
struct Looked {
    story: i64,
    /// The report that holds the place.
    place: i64,
    order_at: String,
    published_at: String,
    /// The report that is shown; `None` = the filter passes over it.
    entry: Option<i64>,
}

impl Looked {
    fn key(&self) -> PlaceKey {
        PlaceKey {
            order_at: self.order_at.clone(),
            published_at: self.published_at.clone(),
            story: self.story,
            entry: self.place,
        }
    }
}

/// The stretch of a list that a page lies in, and from which end it is read.
struct Stretch {
    below: PlaceKey,
    above: PlaceKey,
    downwards: bool,
}

/// Where a list is read.
enum ListSource {
    /// Along the places of a channel.
    Places(String),
    /// Along the entries of these outlets.
    Entries(Vec<i64>),
}

impl Reader {
    /// Returns a page of a list; `None` if there is no such outlet or tag. `along` is the slug of the channel, or of `all`, in the
    /// database. `collapse`: whether a story stands once for all its reports.
    ///
    /// # Errors
    /// Fails if the file cannot be read or has an invalid row.
    pub async fn browse(
        &self,
        wanted: &Browse,
        along: &str,
        collapse: bool,
        public_url: &Url,
    ) -> Result<Option<BrowsePage>, StoreError> {
        let Some(source) = self.source(&wanted.scope, along).await? else { return Ok(None) };
        let stretch = stretch(wanted);
        let (rows, limit) = match &source {
            ListSource::Places(channel) => {
                let mut wanted = wanted.clone();
                if let Scope::Tag(tag) = &wanted.scope {
                    wanted.tags = vec![tag.clone()];
                }
                self.places(&wanted, channel, &stretch, collapse).await?
            }
            ListSource::Entries(outlets) => self.entries_of(wanted, outlets, &stretch).await?,
        };
        let (shown, newer, older) = cut(wanted, &rows, limit);
        let reader = self.clone().with_text_max(EXCERPT_SOURCE);
        let stories = reader.stories(&shown, collapse, public_url).await?;
        Ok(Some(BrowsePage { stories, newer, older }))
    }

    /// Returns the stories of a channel that several outlets have carried since an instant, those with the most outlets first.
    ///
    /// # Errors
    /// Fails if the file cannot be read or has an invalid row.
    pub async fn leading(
        &self,
        channel: &str,
        since: Timestamp,
        public_url: &Url,
    ) -> Result<Vec<StoryView>, StoreError> {
        let shown: Vec<ShownReport> = sqlx::query_as(
            "SELECT p.story_id AS story, p.entry_id AS entry, p.order_at, p.published_at \
             FROM (SELECT story_id, entry_id, order_at, published_at FROM place \
                   WHERE channel_id = (SELECT id FROM channel WHERE slug = $1) AND order_at >= $2 \
                   ORDER BY order_at DESC, published_at DESC, story_id DESC, entry_id DESC LIMIT $3) AS p \
             CROSS JOIN story AS s ON s.id = p.story_id WHERE s.outlets > 1 \
             ORDER BY s.outlets DESC, p.order_at DESC, p.story_id DESC LIMIT $4",
        )
        .bind(channel)
        .bind(crate::store::instant::second(since))
        .bind(RECENT)
        .bind(LEADING)
        .fetch_all(&self.pool)
        .await
        .while_doing("reading what several outlets carry")?;
        let mut stories = self.clone().with_text_max(EXCERPT_SOURCE).stories(&shown, true, public_url).await?;
        // The number of outlets counts private ones, which are not shown to everybody.
        stories.retain(|story| !story.also.is_empty());
        Ok(stories)
    }

    /// Returns the configured outlets with their entries since a day (`2026-11-02`), those with the most entries first, at most
    /// `limit`.
    ///
    /// # Errors
    /// Fails if the file cannot be read.
    pub async fn directory(&self, since: &str, limit: u32) -> Result<Vec<OutletSummary>, StoreError> {
        let rows: Vec<(String, String, Option<String>, String, i64)> = sqlx::query_as(
            "SELECT o.slug, o.name, o.language, o.tags, coalesce(sum(d.new), 0) AS entries \
             FROM feed AS f CROSS JOIN outlet AS o ON o.id = f.outlet_id \
             LEFT JOIN feed_day AS d ON d.feed_id = f.id AND d.day >= $1 \
             WHERE f.removed = 0 AND (o.private = 0 OR NOT $3) GROUP BY o.id ORDER BY entries DESC, o.name LIMIT $2",
        )
        .bind(since)
        .bind(limit)
        .bind(self.hides_private)
        .fetch_all(&self.pool)
        .await
        .while_doing("listing outlets")?;
        let summary = |(slug, name, language, tags, entries): (_, _, _, String, i64)| OutletSummary {
            slug,
            name,
            language,
            tags: serde_json::from_str(&tags).unwrap_or_default(),
            entries: entries.unsigned_abs(),
            is_read: true,
        };
        Ok(rows.into_iter().map(summary).collect())
    }

    /// Returns an outlet that is or was configured.
    ///
    /// # Errors
    /// Fails if the file cannot be read.
    pub async fn outlet(&self, slug: &Slug) -> Result<Option<OutletSummary>, StoreError> {
        let row: Option<(String, Option<String>, String, bool)> = sqlx::query_as(
            "SELECT name, language, tags, EXISTS (SELECT 1 FROM feed WHERE outlet_id = outlet.id AND removed = 0) \
             FROM outlet WHERE slug = $1 AND (private = 0 OR NOT $2)",
        )
        .bind(slug.as_str())
        .bind(self.hides_private)
        .fetch_optional(&self.pool)
        .await
        .while_doing("reading an outlet")?;
        Ok(row.map(|(name, language, tags, is_read)| OutletSummary {
            slug: slug.to_string(),
            name,
            language,
            tags: serde_json::from_str(&tags).unwrap_or_default(),
            entries: 0,
            is_read,
        }))
    }

    /// Returns whether an outlet or one of the latest entries has this language.
    ///
    /// # Errors
    /// Fails if the file cannot be read.
    pub async fn has_language(&self, language: &Language) -> Result<bool, StoreError> {
        sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM outlet WHERE (private = 0 OR NOT $2) AND lower(substr(language, 1, \
                    instr(replace(language, '_', '-') || '-', '-') - 1)) = $1) \
             OR EXISTS (SELECT 1 FROM (SELECT language, outlet_id FROM entry ORDER BY id DESC LIMIT $3) AS e \
                 CROSS JOIN outlet AS o ON o.id = e.outlet_id WHERE (o.private = 0 OR NOT $2) \
                 AND lower(substr(e.language, 1, instr(replace(e.language, '_', '-') || '-', '-') - 1)) = $1)",
        )
        .bind(language.primary())
        .bind(self.hides_private)
        .bind(LANGUAGE)
        .fetch_one(&self.pool)
        .await
        .while_doing("looking for a language")
    }

    /// Returns whether an outlet has this tag.
    ///
    /// # Errors
    /// Fails if the file cannot be read.
    pub async fn has_tag(&self, tag: &str) -> Result<bool, StoreError> {
        Ok(!self.tagged(tag).await?.is_empty())
    }

    async fn tagged(&self, tag: &str) -> Result<Vec<i64>, StoreError> {
        sqlx::query_scalar(
            "SELECT id FROM outlet WHERE $1 IN (SELECT value FROM json_each(tags)) AND (private = 0 OR NOT $2)",
        )
        .bind(tag)
        .bind(self.hides_private)
        .fetch_all(&self.pool)
        .await
        .while_doing("reading the outlets of a tag")
    }

    async fn source(&self, scope: &Scope, along: &str) -> Result<Option<ListSource>, StoreError> {
        let along = || ListSource::Places(along.to_owned());
        Ok(match scope {
            Scope::Channel(_) | Scope::Between(..) => Some(along()),
            Scope::Outlet(slug) => {
                let id: Option<i64> =
                    sqlx::query_scalar("SELECT id FROM outlet WHERE slug = $1 AND (private = 0 OR NOT $2)")
                        .bind(slug.as_str())
                        .bind(self.hides_private)
                        .fetch_optional(&self.pool)
                        .await
                        .while_doing("reading an outlet")?;
                id.map(|id| ListSource::Entries(vec![id]))
            }
            Scope::Tag(tag) => match self.tagged(tag).await? {
                none if none.is_empty() => None,
                few if few.len() <= OUTLETS => Some(ListSource::Entries(few)),
                _ => Some(along()),
            },
        })
    }

    /// Looks at places of a channel; how many at most.
    async fn places(
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
    async fn entries_of(
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

/// The stretch of the list that the page lies in.
fn stretch(wanted: &Browse) -> Stretch {
    let (mut above, mut below) = match &wanted.scope {
        Scope::Between(from, to) => (PlaceKey::at(from), PlaceKey::at(to)),
        _ => (PlaceKey::lowest(), PlaceKey::highest()),
    };
    match &wanted.position {
        Position::Newest => {}
        Position::Before(key) => below = below.min(key.clone()),
        Position::After(key) => above = above.max(key.clone()),
    }
    Stretch { below, above, downwards: !matches!(wanted.position, Position::After(_)) }
}

/// What is shown of the rows looked at, newest first, and where the newer and the older page begin.
fn cut(wanted: &Browse, rows: &[Looked], limit: u32) -> (Vec<ShownReport>, Option<PlaceKey>, Option<PlaceKey>) {
    let count = usize::try_from(wanted.count).unwrap_or(usize::MAX);
    let passing: Vec<&Looked> = rows.iter().filter(|row| row.entry.is_some()).take(count.saturating_add(1)).collect();
    let on_page = &passing[..passing.len().min(count)];
    let is_full = rows.len() >= usize::try_from(limit).unwrap_or(usize::MAX);
    let end = if passing.len() > count {
        on_page.last().map(|row| row.key())
    } else if is_full {
        rows.last().map(Looked::key)
    } else {
        None
    };
    let report = |row: &&Looked| {
        let (order_at, published_at) = (row.order_at.clone(), row.published_at.clone());
        Some(ShownReport { story: row.story, entry: row.entry?, order_at, published_at })
    };
    let mut shown: Vec<ShownReport> = on_page.iter().filter_map(report).collect();
    match &wanted.position {
        Position::Newest => (shown, None, end),
        Position::Before(key) => (shown, Some(just_below(key)), end),
        Position::After(key) => {
            shown.reverse();
            (shown, end, Some(just_above(key)))
        }
    }
}

/// The newer page begins after the place before which this one begins, and that place is on it.
fn just_below(key: &PlaceKey) -> PlaceKey {
    PlaceKey { entry: key.entry.saturating_sub(1), ..key.clone() }
}

/// The older page begins before the place after which this one begins, and that place is on it.
fn just_above(key: &PlaceKey) -> PlaceKey {
    PlaceKey { entry: key.entry.saturating_add(1), ..key.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(n: i64, passes: bool) -> Looked {
        let at = format!("2026-11-02T09:{n:02}:00Z");
        Looked { story: n, place: n, order_at: at.clone(), published_at: at, entry: passes.then_some(n) }
    }

    fn wanted(position: Position) -> Browse {
        Browse { position, ..Browse::newest(Scope::Channel("all".to_owned()), 2) }
    }

    fn stories(shown: &[ShownReport]) -> Vec<i64> {
        shown.iter().map(|s| s.story).collect()
    }

    #[test]
    fn a_page_ends_where_the_next_one_begins() {
        let (shown, newer, older) = cut(&wanted(Position::Newest), &[row(9, true), row(8, true), row(7, true)], 3);
        assert_eq!((stories(&shown), newer, older), (vec![9, 8], None, Some(row(8, true).key())));
        let (shown, _, older) = cut(&wanted(Position::Newest), &[row(9, true), row(8, true)], 3);
        assert_eq!((stories(&shown), older), (vec![9, 8], None), "there is nothing older");
        // A filter passed over most of what was looked at: the next page begins where looking ended.
        let (shown, _, older) = cut(&wanted(Position::Newest), &[row(9, true), row(8, false), row(7, false)], 3);
        assert_eq!((stories(&shown), older), (vec![9], Some(row(7, true).key())));
    }

    #[test]
    fn the_way_back_leads_over_every_story() {
        let from = row(5, true).key();
        let (shown, newer, older) = cut(&wanted(Position::Before(from.clone())), &[row(4, true)], 3);
        let newer = newer.unwrap();
        assert!(stories(&shown) == [4] && newer < from && newer > row(4, true).key(), "5 is on the newer page");
        assert_eq!(older, None);
        let rows = [row(6, true), row(7, true), row(8, true)];
        let (shown, newer, older) = cut(&wanted(Position::After(from.clone())), &rows, 3);
        assert_eq!((stories(&shown), newer), (vec![7, 6], Some(row(7, true).key())));
        let older = older.unwrap();
        assert!(older > from && older < row(6, true).key(), "5 is on the older page");
    }
}
