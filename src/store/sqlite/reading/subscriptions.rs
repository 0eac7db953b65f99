//! The configured feeds, for people who want to read them elsewhere.

use crate::store::feeds::SubscribedFeed;
use crate::store::sqlite::error::ErrorContext;
use crate::store::{
    error::StoreError,
    sqlite::{
        reading::{Reader, channel::shown_page, shown_feed},
        row::RowRef,
    },
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
        let rows: Vec<SubscribedFeedRow> = sqlx::query_as(
            "SELECT f.outlet_id, o.name, f.title, f.url, f.public_url, f.link, coalesce(o.language, f.language) AS language, o.tags \
             FROM feed AS f JOIN outlet AS o ON o.id = f.outlet_id WHERE f.removed = 0 AND (o.private = 0 OR NOT $1) \
             ORDER BY f.outlet_id, f.id",
        )
        .bind(self.hides_private)
        .fetch_all(&self.pool)
        .await
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
