//! Pages of a list of stories. A page begins at a position, which an index finds; the rows examined for one page are bounded.

mod looking;
mod outlets;

use crate::store::documents::ShownReport;
use crate::store::driver::ErrorContext;
use crate::store::reading::statements::ListSql as _;
use crate::{
    model::{
        StoryView,
        browse::{Browse, BrowsePage, PlaceKey, Position, Scope},
    },
    store::{
        error::StoreError,
        reading::{Reader, ask},
    },
};
use jiff::Timestamp;
use url::Url;

/// A tag of more outlets than this is read along the places of channel `all`, not outlet by outlet.
const OUTLETS: usize = 24;
/// Characters of a text that a list shows the first words of.
const EXCERPT_SOURCE: u32 = 4_000;
/// Places looked at for what several outlets carry now, the latest.
const RECENT: i64 = 5_000;
/// Stories that several outlets carry, at most.
const LEADING: i64 = 24;

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

impl Stretch {
    /// Leaves out what was read up to this place.
    fn go_on_from(&mut self, place: PlaceKey) {
        if self.downwards {
            self.below = place;
        } else {
            self.above = place;
        }
    }
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
        let snapshot = &self.snapshot().await?;
        let Some(source) = snapshot.source(&wanted.scope, along).await? else { return Ok(None) };
        let stretch = stretch(wanted);
        let mut wanted = wanted.clone();
        if let (ListSource::Places(_), Scope::Tag(tag)) = (&source, &wanted.scope) {
            wanted.tags = vec![tag.clone()];
        }
        let (rows, is_full) = snapshot.look(&wanted, &source, stretch, collapse).await?;
        let (shown, newer, older) = cut(&wanted, &rows, is_full);
        let reader = if wanted.whole_texts { snapshot.clone() } else { snapshot.clone().with_text_max(EXCERPT_SOURCE) };
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
        let snapshot = &self.snapshot().await?;
        let shown: Vec<ShownReport> = ask!(snapshot.pool, Db: fetch_all(query_as(Db::LEADING), channel, crate::store::instant::second(since), RECENT, LEADING))
        .while_doing("reading what several outlets carry")?;
        let mut stories = snapshot.clone().with_text_max(EXCERPT_SOURCE).stories(&shown, true, public_url).await?;
        // The number of outlets counts private ones, which are not shown to everybody.
        stories.retain(|story| !story.also.is_empty());
        Ok(stories)
    }

    async fn source(&self, scope: &Scope, along: &str) -> Result<Option<ListSource>, StoreError> {
        let along = || ListSource::Places(along.to_owned());
        Ok(match scope {
            Scope::Channel(_) | Scope::Between(..) => Some(along()),
            Scope::Outlet(slug) => {
                let id: Option<i64> =
                    ask!(self.pool, Db: fetch_optional(query_scalar(Db::OUTLET_ID), slug.as_str(), self.hides_private))
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

/// What is shown of the rows looked at, newest first, and where the newer and the older page begin. `is_full`: whether there may be
/// rows that were not looked at.
fn cut(wanted: &Browse, rows: &[Looked], is_full: bool) -> (Vec<ShownReport>, Option<PlaceKey>, Option<PlaceKey>) {
    let count = usize::try_from(wanted.count).unwrap_or(usize::MAX);
    let passing: Vec<&Looked> = rows.iter().filter(|row| row.entry.is_some()).take(count.saturating_add(1)).collect();
    let on_page = &passing[..passing.len().min(count)];
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
mod tests;
