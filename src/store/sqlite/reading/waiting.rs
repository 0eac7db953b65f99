//! The entries that wait for their pages.

use crate::{
    model::{FeedId, FeedUrl, Slug, WaitingPage},
    store::{
        error::StoreError,
        sqlite::{error::ErrorContext, reading::Reader, row::RowRef},
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
        let rows: Vec<WaitingRow> = sqlx::query_as(
            "SELECT w.id, w.feed_id, w.key_hash, o.slug, w.url, w.wait_until, w.words, w.entry ->> '$.folded.title' AS title \
             FROM waiting_entry AS w JOIN feed AS f ON f.id = w.feed_id JOIN outlet AS o ON o.id = f.outlet_id ORDER BY w.id",
        )
        .fetch_all(&self.pool)
        .await
        .while_doing("reading waiting entries")?;
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
