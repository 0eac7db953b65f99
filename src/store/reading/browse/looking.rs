//! Looks at places and entries for a page of a list.

use super::{Looked, Stretch};
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
        let sql = |down, up| if stretch.downwards { down } else { up };
        let rows = ask!(self.pool, Db: fetch_all(query_as(sql(Db::PLACES_DOWN, Db::PLACES_UP)),
            channel, &stretch.below.order_at, &stretch.below.published_at, stretch.below.story, stretch.below.entry,
            &stretch.above.order_at, &stretch.above.published_at, stretch.above.story, stretch.above.entry,
            row::rows(&wanted.outlets.iter().map(Slug::as_str).collect::<Vec<_>>()),
            row::rows(&wanted.tags),
            row::rows(&wanted.languages.iter().map(Language::primary).collect::<Vec<_>>()),
            i64::from(wanted.min_outlets), collapse, i64::from(limit), self.hides_private))
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
        let sql = |down, up| if stretch.downwards { down } else { up };
        let rows = ask!(self.pool, Db: fetch_all(query_as(sql(Db::ENTRIES_DOWN, Db::ENTRIES_UP)),
            row::rows(outlets), &stretch.below.published_at, stretch.below.entry, &stretch.above.published_at,
            stretch.above.entry, i64::from(limit), i64::from(limit),
            row::rows(&wanted.languages.iter().map(Language::primary).collect::<Vec<_>>()),
            i64::from(wanted.min_outlets), wanted.author.as_deref(), self.hides_private))
        .while_doing("reading a page of an outlet")?;
        Ok((rows, limit))
    }
}
