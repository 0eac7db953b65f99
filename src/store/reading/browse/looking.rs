//! Looks at places and entries for a page of a list.

use super::{ListSource, Looked, Stretch};
use crate::{
    model::{Language, Slug, browse::Browse},
    store::{
        driver::ErrorContext,
        error::StoreError,
        reading::{Reader, ask, statements::ListSql as _},
        row,
    },
};

/// Places looked at for one page where a filter passes over some. A page may then hold fewer stories than it has room for; it
/// says where to look on.
const LOOKED_AT: u32 = 1_000;
/// Places looked at first: enough where one in four passes.
const AT_FIRST: u32 = 250;

impl Reader {
    /// Looks at rows of a list until they fill the page. Returns them, and whether there may be others.
    pub(super) async fn look(
        &self,
        wanted: &Browse,
        source: &ListSource,
        mut stretch: Stretch,
        collapse: bool,
    ) -> Result<(Vec<Looked>, bool), StoreError> {
        let (mut step, most) = match unfiltered(wanted, source) {
            Some(all) => (all, all),
            None => (AT_FIRST, LOOKED_AT),
        };
        let mut rows: Vec<Looked> = Vec::new();
        loop {
            let found = match source {
                ListSource::Places(channel) => self.places(wanted, channel, &stretch, (step, collapse)).await?,
                ListSource::Entries(outlets) => self.entries_of(wanted, outlets, &stretch, step).await?,
            };
            let is_full = number(found.len()) >= step;
            rows.extend(found);
            let passing = number(rows.iter().filter(|row| row.entry.is_some()).count());
            step = most.saturating_sub(number(rows.len()));
            match rows.last() {
                Some(last) if is_full && step > 0 && passing <= wanted.count => stretch.go_on_from(last.key()),
                _ => return Ok((rows, is_full)),
            }
        }
    }

    /// Looks at places of a channel, `limit` at most.
    async fn places(
        &self,
        wanted: &Browse,
        channel: &str,
        stretch: &Stretch,
        (limit, collapse): (u32, bool),
    ) -> Result<Vec<Looked>, StoreError> {
        let sql = |down, up| if stretch.downwards { down } else { up };
        ask!(self.pool, Db: fetch_all(query_as(sql(Db::PLACES_DOWN, Db::PLACES_UP)),
            channel, &stretch.below.order_at, &stretch.below.published_at, stretch.below.story, stretch.below.entry,
            &stretch.above.order_at, &stretch.above.published_at, stretch.above.story, stretch.above.entry,
            row::rows(&wanted.outlets.iter().map(Slug::as_str).collect::<Vec<_>>()),
            row::rows(&wanted.tags),
            row::rows(&wanted.languages.iter().map(Language::primary).collect::<Vec<_>>()),
            i64::from(wanted.min_outlets), collapse, i64::from(limit), self.hides_private))
        .while_doing("reading a page of a channel")
    }

    /// Looks at entries of outlets, `limit` at most.
    async fn entries_of(
        &self,
        wanted: &Browse,
        outlets: &[i64],
        stretch: &Stretch,
        limit: u32,
    ) -> Result<Vec<Looked>, StoreError> {
        let sql = |down, up| if stretch.downwards { down } else { up };
        ask!(self.pool, Db: fetch_all(query_as(sql(Db::ENTRIES_DOWN, Db::ENTRIES_UP)),
            row::rows(outlets), &stretch.below.published_at, stretch.below.entry, &stretch.above.published_at,
            stretch.above.entry, i64::from(limit), i64::from(limit),
            row::rows(&wanted.languages.iter().map(Language::primary).collect::<Vec<_>>()),
            i64::from(wanted.min_outlets), wanted.author.as_deref(), self.hides_private))
        .while_doing("reading a page of an outlet")
    }
}

/// Returns how many rows are looked at for a page if no filter passes over some; `None` if one does.
fn unfiltered(wanted: &Browse, source: &ListSource) -> Option<u32> {
    let by_filter = wanted.min_outlets > 1 || !wanted.languages.is_empty();
    match source {
        ListSource::Places(_) => {
            let is_filtered = by_filter || !(wanted.outlets.is_empty() && wanted.tags.is_empty());
            (!is_filtered).then_some(wanted.count + 1)
        }
        // Each outlet gives at least what one page needs, and several of its entries may be of one story.
        ListSource::Entries(outlets) => {
            let is_filtered = by_filter || wanted.author.is_some();
            (!is_filtered || outlets.len() > 1).then_some(2 * wanted.count)
        }
    }
}

fn number(rows: usize) -> u32 {
    u32::try_from(rows).unwrap_or(u32::MAX)
}
