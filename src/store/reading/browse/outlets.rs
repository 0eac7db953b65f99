//! Outlets, tags and languages that lists are made of.

use crate::store::reading::statements::ListSql as _;
use crate::{
    model::{Language, Slug, browse::OutletSummary},
    store::{
        driver::ErrorContext,
        error::StoreError,
        reading::{Reader, ask},
    },
};
use std::collections::HashMap;

/// Latest entries in which a language is looked for that no outlet has.
const LANGUAGE: i64 = 5_000;

impl Reader {
    /// Returns the configured outlets with their entries since a day (`2026-11-02`), those with the most entries first, at most
    /// `limit`.
    ///
    /// # Errors
    /// Fails if the file cannot be read.
    pub async fn directory(&self, since: &str, limit: u32) -> Result<Vec<OutletSummary>, StoreError> {
        let rows: Vec<(String, String, Option<String>, String, i64)> =
            ask!(self.pool, Db: fetch_all(query_as(Db::DIRECTORY), since, i64::from(limit), self.hides_private))
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
        let row: Option<(String, Option<String>, String, bool)> =
            ask!(self.pool, Db: fetch_optional(query_as(Db::OUTLET), slug.as_str(), self.hides_private))
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

    /// Returns by slug whether each stored outlet is shown only to readers with a key. Outlets that are not configured any more are
    /// among them.
    ///
    /// # Errors
    /// Fails if the file cannot be read.
    pub async fn privacy(&self) -> Result<HashMap<String, bool>, StoreError> {
        let rows: Vec<(String, i64)> =
            ask!(self.pool, Db: fetch_all(query_as(Db::PRIVACY))).while_doing("reading which outlets are private")?;
        Ok(rows.into_iter().map(|(slug, private)| (slug, private != 0)).collect())
    }

    /// Returns whether an outlet or one of the latest entries has this language.
    ///
    /// # Errors
    /// Fails if the file cannot be read.
    pub async fn has_language(&self, language: &Language) -> Result<bool, StoreError> {
        ask!(self.pool, Db: fetch_one(query_scalar(Db::HAS_LANGUAGE), language.primary(), self.hides_private, LANGUAGE))
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
        // PostgreSQL takes no text with this character, and no tag has it.
        if tag.contains('\0') {
            return Ok(Vec::new());
        }
        ask!(self.pool, Db: fetch_all(query_scalar(Db::TAGGED), tag, self.hides_private))
            .while_doing("reading the outlets of a tag")
    }
}
