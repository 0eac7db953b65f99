//! Writes pages of channels' histories. A page and the marks on the places that it holds are in one transaction: every story
//! is on one page.

use crate::store::instant::second;
use crate::store::sqlite::error::ErrorContext;
use crate::store::{
    error::StoreError,
    sqlite::{reading::ArchivePage, row},
};
use jiff::Timestamp;
use sqlx::SqliteConnection;

/// Keeps a rendered page, packed, in the caller's transaction. `false` when the channel's pages have moved on meanwhile:
/// nothing is written then. A page that is there already is replaced by what other rules made of its stories.
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
    .bind(&page.view.slug)
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
    // By the whole primary key: joined with the JSON instead, SQLite reads every place of the channel.
    sqlx::query(
        "UPDATE place SET page = $2 WHERE (channel_id, order_at, published_at, story_id, entry_id) IN ( \
            SELECT (SELECT id FROM channel WHERE slug = $1), value ->> 'order_at', value ->> 'published_at', \
                   value ->> 'story', value ->> 'entry' FROM json_each($3))",
    )
    .bind(&page.view.slug)
    .bind(page.number)
    .bind(row::rows(&page.places))
    .execute(connection)
    .await
    .while_doing("marking the stories of an archive page")?;
    Ok(true)
}

/// Replaces the document of a page that is still kept; it stays as old as it was. A page whose stories are gone is gone too.
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
    .bind(&page.view.slug)
    .bind(page.number)
    .bind(packed)
    .bind(fingerprint)
    .bind(second(now))
    .execute(connection)
    .await
    .while_doing("rendering an archive page anew")?;
    Ok(replaced.rows_affected() > 0)
}
