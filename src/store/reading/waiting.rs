//! The entries that wait for their pages.

use crate::store::reading::statements::FeedSql as _;
use crate::{
    model::{FeedId, FeedUrl, Slug, WaitingPage},
    store::{
        driver::ErrorContext,
        error::StoreError,
        reading::{Reader, ask},
        row::RowRef,
    },
};

#[derive(sqlx::FromRow)]
struct WaitingRow {
    id: i64,
    feed_id: i64,
    key_hash: i64,
    slug: String,
    url: String,
    wait_until: String,
    words: i64,
    title: Option<String>,
}

impl Reader {
    /// Returns every entry that waits for its page. They are few: their number is limited for each host.
    ///
    /// # Errors
    /// Fails if the file cannot be read or has an invalid row.
    pub async fn waiting(&self) -> Result<Vec<WaitingPage>, StoreError> {
        let rows: Vec<WaitingRow> =
            ask!(self.pool, Db: fetch_all(query_as(Db::WAITING))).while_doing("reading waiting entries")?;
        rows.into_iter().map(page).collect()
    }
}

fn page(row: WaitingRow) -> Result<WaitingPage, StoreError> {
    let place = RowRef { table: "waiting_entry", row: row.id };
    Ok(WaitingPage {
        key: (FeedId(row.feed_id), row.key_hash),
        outlet: place.parse("slug", &row.slug, |slug| Slug::parse(slug).ok())?,
        url: place.parse("url", &row.url, |url| FeedUrl::parse(url).ok())?,
        until: place.time("wait_until", &row.wait_until)?,
        title: row.title.unwrap_or_default(),
        words: usize::try_from(row.words).unwrap_or_default(),
    })
}
