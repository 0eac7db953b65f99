//! Outlets, tags and languages that lists are made of.

use crate::{
    model::{Language, Slug, browse::OutletSummary},
    store::{
        error::StoreError,
        sqlite::{error::ErrorContext, reading::Reader},
    },
};

/// Latest entries in which a language is looked for that no outlet has.
const LANGUAGE: i64 = 5_000;

impl Reader {
    /// Returns the configured outlets with their entries since a day (`2026-11-02`), those with the most entries first, at most
    /// `limit`.
    ///
    /// # Errors
    /// Fails if the file cannot be read.
    pub async fn directory(&self, since: &str, limit: u32) -> Result<Vec<OutletSummary>, StoreError> {
        let rows: Vec<(String, String, Option<String>, String, i64)> = sqlx::query_as(
            "SELECT o.slug, o.name, o.language, o.tags, coalesce(sum(d.new), 0) AS entries \
             FROM feed AS f CROSS JOIN outlet AS o ON o.id = f.outlet_id \
             LEFT JOIN feed_day AS d ON d.feed_id = f.id AND d.day >= $1 \
             WHERE f.removed = 0 AND (o.private = 0 OR NOT $3) GROUP BY o.id ORDER BY entries DESC, o.name LIMIT $2",
        )
        .bind(since)
        .bind(limit)
        .bind(self.hides_private)
        .fetch_all(&self.pool)
        .await
        .while_doing("listing outlets")?;
        let summary = |(slug, name, language, tags, entries): (_, _, _, String, i64)| OutletSummary {
            slug,
            name,
            language,
            tags: serde_json::from_str(&tags).unwrap_or_default(),
            entries: entries.unsigned_abs(),
            is_read: true,
        };
        Ok(rows.into_iter().map(summary).collect())
    }

    /// Returns an outlet that is or was configured.
    ///
    /// # Errors
    /// Fails if the file cannot be read.
    pub async fn outlet(&self, slug: &Slug) -> Result<Option<OutletSummary>, StoreError> {
        let row: Option<(String, Option<String>, String, bool)> = sqlx::query_as(
            "SELECT name, language, tags, EXISTS (SELECT 1 FROM feed WHERE outlet_id = outlet.id AND removed = 0) \
             FROM outlet WHERE slug = $1 AND (private = 0 OR NOT $2)",
        )
        .bind(slug.as_str())
        .bind(self.hides_private)
        .fetch_optional(&self.pool)
        .await
        .while_doing("reading an outlet")?;
        Ok(row.map(|(name, language, tags, is_read)| OutletSummary {
            slug: slug.to_string(),
            name,
            language,
            tags: serde_json::from_str(&tags).unwrap_or_default(),
            entries: 0,
            is_read,
        }))
    }

    /// Returns whether an outlet or one of the latest entries has this language.
    ///
    /// # Errors
    /// Fails if the file cannot be read.
    pub async fn has_language(&self, language: &Language) -> Result<bool, StoreError> {
        sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM outlet WHERE (private = 0 OR NOT $2) AND lower(substr(language, 1, \
                    instr(replace(language, '_', '-') || '-', '-') - 1)) = $1) \
             OR EXISTS (SELECT 1 FROM (SELECT language, outlet_id FROM entry ORDER BY id DESC LIMIT $3) AS e \
                 CROSS JOIN outlet AS o ON o.id = e.outlet_id WHERE (o.private = 0 OR NOT $2) \
                 AND lower(substr(e.language, 1, instr(replace(e.language, '_', '-') || '-', '-') - 1)) = $1)",
        )
        .bind(language.primary())
        .bind(self.hides_private)
        .bind(LANGUAGE)
        .fetch_one(&self.pool)
        .await
        .while_doing("looking for a language")
    }

    /// Returns whether an outlet has this tag.
    ///
    /// # Errors
    /// Fails if the file cannot be read.
    pub async fn has_tag(&self, tag: &str) -> Result<bool, StoreError> {
        Ok(!self.tagged(tag).await?.is_empty())
    }

    pub(super) async fn tagged(&self, tag: &str) -> Result<Vec<i64>, StoreError> {
        sqlx::query_scalar(
            "SELECT id FROM outlet WHERE $1 IN (SELECT value FROM json_each(tags)) AND (private = 0 OR NOT $2)",
        )
        .bind(tag)
        .bind(self.hides_private)
        .fetch_all(&self.pool)
        .await
        .while_doing("reading the outlets of a tag")
    }
}
