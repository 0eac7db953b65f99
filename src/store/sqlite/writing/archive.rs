//! The statements of archive pages.

use crate::store::{
    documents::ArchivePage, driver::ErrorContext, error::StoreError, sqlite::row, writing::archive::ArchiveRows,
};
use sqlx::SqliteConnection;

impl ArchiveRows for SqliteConnection {
    async fn add_page(
        &mut self,
        page: &ArchivePage,
        packed: &[u8],
        fingerprint: &str,
        at: &str,
    ) -> Result<bool, StoreError> {
        let kept = sqlx::query("INSERT INTO archive (channel, number, made_at, stories, atom, fingerprint) SELECT c.slug, $2, $3, $4, $5, $6 \
         FROM channel AS c WHERE c.slug = $1 ON CONFLICT (channel, number) DO NOTHING")
        .bind(&page.channel)
        .bind(page.number)
        .bind(at)
        .bind(i64::try_from(page.places.len()).unwrap_or(i64::MAX))
        .bind(packed)
        .bind(fingerprint)
        .execute(self)
        .await
        .while_doing("keeping an archive page")?;
        Ok(kept.rows_affected() > 0)
    }

    async fn mark_places(&mut self, page: &ArchivePage) -> Result<(), StoreError> {
        // By the whole primary key: joined with the JSON instead, SQLite would read every position of the channel.
        sqlx::query(
            "UPDATE place SET page = $2 WHERE (channel_id, order_at, published_at, story_id, entry_id) IN ( \
            SELECT (SELECT id FROM channel WHERE slug = $1), value ->> 'order_at', value ->> 'published_at', \
                   value ->> 'story', value ->> 'entry' FROM json_each($3))",
        )
        .bind(&page.channel)
        .bind(page.number)
        .bind(row::rows(&page.places))
        .execute(self)
        .await
        .map(drop)
        .while_doing("marking the stories of an archive page")
    }

    async fn replace_page(
        &mut self,
        page: &ArchivePage,
        packed: Option<&[u8]>,
        fingerprint: &str,
        at: &str,
    ) -> Result<bool, StoreError> {
        let replaced = sqlx::query(
            "UPDATE archive SET atom = $3, fingerprint = $4, rendered_at = $5 \
         WHERE channel = $1 AND number = $2 AND atom IS NOT NULL",
        )
        .bind(&page.channel)
        .bind(page.number)
        .bind(packed)
        .bind(fingerprint)
        .bind(at)
        .execute(self)
        .await
        .while_doing("rendering an archive page anew")?;
        Ok(replaced.rows_affected() > 0)
    }
}
