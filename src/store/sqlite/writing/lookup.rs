//! The statements of looking up what is known.

use crate::{
    dedup::Arrival,
    store::{
        driver::ErrorContext,
        error::StoreError,
        sqlite::row,
        writing::lookup::{DATED, DatedRow, KnownRow, KnownSightingRow, LookupRows, late_since},
    },
};
use sqlx::SqliteConnection;

impl LookupRows for SqliteConnection {
    async fn sightings(&mut self, keys: &[i64]) -> Result<Vec<KnownSightingRow>, StoreError> {
        sqlx::query_as(
            "WITH w (hash) AS MATERIALIZED (SELECT value FROM json_each($1)), \
         found (id) AS ( \
            SELECT row_id FROM w CROSS JOIN lookup_0 AS l ON l.hash = w.hash AND l.kind = 0 UNION ALL \
            SELECT row_id FROM w CROSS JOIN lookup_1 AS l ON l.hash = w.hash AND l.kind = 0 UNION ALL \
            SELECT row_id FROM w CROSS JOIN lookup_2 AS l ON l.hash = w.hash AND l.kind = 0) \
         SELECT s.key_hash, s.feed_id, s.entry_id, \
                s.entry_id IS NULL AND EXISTS (SELECT 1 FROM dropped_entry WHERE id = s.id) AS dropped \
         FROM found CROSS JOIN sighting AS s ON s.id = found.id ORDER BY s.id",
        )
        .bind(row::rows(keys))
        .fetch_all(self)
        .await
        .while_doing("recalling sightings")
    }

    async fn linked(&mut self, links: &[i64]) -> Result<Vec<(i64, i64)>, StoreError> {
        sqlx::query_as(
            "WITH w (hash) AS MATERIALIZED (SELECT value FROM json_each($1)) \
         SELECT l.hash, l.row_id FROM w CROSS JOIN lookup_0 AS l ON l.hash = w.hash AND l.kind = 1 UNION ALL \
         SELECT l.hash, l.row_id FROM w CROSS JOIN lookup_1 AS l ON l.hash = w.hash AND l.kind = 1 UNION ALL \
         SELECT l.hash, l.row_id FROM w CROSS JOIN lookup_2 AS l ON l.hash = w.hash AND l.kind = 1 ORDER BY 2",
        )
        .bind(row::rows(links))
        .fetch_all(self)
        .await
        .while_doing("recalling links")
    }

    async fn dated(&mut self, wanted: &[(i64, String)]) -> Result<Vec<DatedRow>, StoreError> {
        sqlx::query_as(
            "SELECT e.id, e.outlet_id, e.believed, t.folded_title, t.folded_body, e.link FROM json_each($1) AS w \
         JOIN entry AS e ON e.id IN (SELECT id FROM entry \
            WHERE outlet_id = w.value ->> 0 AND published_at = w.value ->> 1 LIMIT $2) \
         JOIN entry_text AS t ON t.entry_id = e.id",
        )
        .bind(row::rows(wanted))
        .bind(DATED)
        .fetch_all(self)
        .await
        .while_doing("recalling entries by their dates")
    }

    async fn late(&mut self, arrival: &Arrival) -> Result<i64, StoreError> {
        let (since, before) = late_since(arrival);
        sqlx::query_scalar(
            "SELECT count(*) FROM entry WHERE outlet_id = $1 AND first_seen_at >= $2 AND feed_id = $3 \
             AND believed < $4 AND order_at = first_seen_at",
        )
        .bind(arrival.outlet.0)
        .bind(since)
        .bind(arrival.feed.0)
        .bind(before)
        .fetch_one(self)
        .await
        .while_doing("counting late entries")
    }

    async fn entries(&mut self, ids: &[i64]) -> Result<Vec<KnownRow>, StoreError> {
        sqlx::query_as("SELECT e.id, e.outlet_id, e.feed_id, e.story_id, e.shown, e.title, e.title_from, e.link_key, t.folded_body, s.members, \
                e.source_id, e.link, e.language, e.believed, t.extras, f.removed AS feed_removed, \
                CASE WHEN length(t.folded_body) < 400 THEN coalesce(t.content, t.summary) END AS short_html, \
                EXISTS (SELECT 1 FROM entry_page AS p WHERE p.entry_id = e.id AND p.article IS NOT NULL) AS has_article \
         FROM entry AS e JOIN entry_text AS t ON t.entry_id = e.id JOIN story AS s ON s.id = e.story_id \
         JOIN feed AS f ON f.id = e.feed_id WHERE e.id IN (SELECT value FROM json_each($1))")
        .bind(row::rows(ids))
        .fetch_all(self)
        .await
        .while_doing("recalling entries")
    }
}
