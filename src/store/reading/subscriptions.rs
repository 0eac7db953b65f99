//! The configured feeds, for people who want to read them elsewhere.

use crate::store::driver::ErrorContext;
use crate::store::feeds::SubscribedFeed;
use crate::store::reading::statements::FeedSql as _;
use crate::store::{
    error::StoreError,
    reading::{Reader, ask, channel::shown_page, shown_feed},
    row::RowRef,
};

#[derive(sqlx::FromRow)]
struct SubscribedFeedRow {
    outlet_id: i64,
    name: String,
    title: Option<String>,
    url: String,
    public_url: Option<String>,
    link: Option<String>,
    language: Option<String>,
    tags: String,
}

impl Reader {
    /// Returns all configured feeds in the order in which they were first configured.
    ///
    /// # Errors
    /// Fails if the file cannot be read.
    pub async fn subscriptions(&self) -> Result<Vec<SubscribedFeed>, StoreError> {
        let rows: Vec<SubscribedFeedRow> =
            ask!(self.pool, Db: fetch_all(query_as(Db::SUBSCRIPTIONS), self.hides_private))
                .while_doing("reading feeds")?;
        let subscribed = |row: SubscribedFeedRow| {
            let tags = RowRef { table: "outlet", row: row.outlet_id }.json("tags", &row.tags)?;
            let SubscribedFeedRow { name: outlet_name, title, url: polled, public_url, link, language, .. } = row;
            let url = shown_feed(&polled, public_url);
            let link = shown_page(&polled, &url, link);
            Ok(SubscribedFeed { outlet_name, title, url, link, language, tags })
        };
        rows.into_iter().map(subscribed).collect()
    }
}
