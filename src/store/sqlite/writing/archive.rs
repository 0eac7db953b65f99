//! Writes archive pages of channels. A page and the marks on the positions that it contains are written in one transaction, so
//! that every story is on one page.

use crate::store::instant::second;
use crate::store::sqlite::error::ErrorContext;
use crate::store::{documents::ArchivePage, error::StoreError, sqlite::row};
use jiff::Timestamp;
use sqlx::SqliteConnection;

/// Stores a rendered, compressed page in the caller's transaction. Returns false and writes nothing if the channel's pages have
/// changed in the meantime. An existing page is replaced if it was rendered by other rules.
pub(in crate::store) async fn keep(
    connection: &mut SqliteConnection,
    page: &ArchivePage,
    packed: &[u8],
    fingerprint: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    if page.is_again {
        return replace(connection, page, packed, fingerprint, now).await;
    }
    let kept = sqlx::query(
        "INSERT INTO archive (channel, number, made_at, stories, atom, fingerprint) SELECT c.slug, $2, $3, $4, $5, $6 \
         FROM channel AS c WHERE c.slug = $1 ON CONFLICT (channel, number) DO NOTHING",
    )
    .bind(&page.channel)
    .bind(page.number)
    .bind(second(now))
    .bind(i64::try_from(page.places.len()).unwrap_or(i64::MAX))
    .bind(packed)
    .bind(fingerprint)
    .execute(&mut *connection)
    .await
    .while_doing("keeping an archive page")?;
    if kept.rows_affected() == 0 {
        return Ok(false);
    }
    // By the whole primary key: joined with the JSON instead, SQLite would read every position of the channel.
    sqlx::query(
        "UPDATE place SET page = $2 WHERE (channel_id, order_at, published_at, story_id, entry_id) IN ( \
            SELECT (SELECT id FROM channel WHERE slug = $1), value ->> 'order_at', value ->> 'published_at', \
                   value ->> 'story', value ->> 'entry' FROM json_each($3))",
    )
    .bind(&page.channel)
    .bind(page.number)
    .bind(row::rows(&page.places))
    .execute(connection)
    .await
    .while_doing("marking the stories of an archive page")?;
    Ok(true)
}

/// Replaces the document of a stored page, whose time stays the same. A page whose stories were all deleted is deleted too.
async fn replace(
    connection: &mut SqliteConnection,
    page: &ArchivePage,
    packed: &[u8],
    fingerprint: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let packed = (!page.places.is_empty()).then_some(packed);
    let replaced = sqlx::query(
        "UPDATE archive SET atom = $3, fingerprint = $4, rendered_at = $5 \
         WHERE channel = $1 AND number = $2 AND atom IS NOT NULL",
    )
    .bind(&page.channel)
    .bind(page.number)
    .bind(packed)
    .bind(fingerprint)
    .bind(second(now))
    .execute(connection)
    .await
    .while_doing("rendering an archive page anew")?;
    Ok(replaced.rows_affected() > 0)
}
