//! Converts single values between rows of every store and the types of the model. An invalid value is [`StoreError::Inconsistent`].

use crate::store::error::StoreError;
use jiff::Timestamp;
use serde::de::DeserializeOwned;

/// Where a value is, for the error.
#[derive(Debug, Clone, Copy)]
pub(in crate::store) struct RowRef {
    pub table: &'static str,
    pub row: i64,
}

impl RowRef {
    /// A value that cannot be.
    pub(in crate::store) fn wrong(self, column: &'static str, value: &str) -> StoreError {
        let value = value.chars().take(80).collect();
        StoreError::Inconsistent { table: self.table, column, row: self.row, value }
    }

    /// Parses a timestamp.
    pub(in crate::store) fn time(self, column: &'static str, text: &str) -> Result<Timestamp, StoreError> {
        text.parse().map_err(|_| self.wrong(column, text))
    }

    /// Parses an optional timestamp.
    pub(in crate::store) fn maybe_time(
        self,
        column: &'static str,
        text: Option<&str>,
    ) -> Result<Option<Timestamp>, StoreError> {
        text.map(|t| self.time(column, t)).transpose()
    }

    /// Parses a JSON document.
    pub(in crate::store) fn json<T: DeserializeOwned>(self, column: &'static str, text: &str) -> Result<T, StoreError> {
        serde_json::from_str(text).map_err(|_| self.wrong(column, text))
    }

    /// Parses a text with a function.
    pub(in crate::store) fn parse<T>(
        self,
        column: &'static str,
        text: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, StoreError> {
        parse(text).ok_or_else(|| self.wrong(column, text))
    }

    /// Converts a count, which is never negative.
    pub(in crate::store) fn count(self, column: &'static str, value: i64) -> Result<u32, StoreError> {
        u32::try_from(value).map_err(|_| self.wrong(column, &value.to_string()))
    }
}

/// Serialises rows as the JSON array that a set-based statement reads through `json_each`.
pub(in crate::store) fn rows<T: serde::Serialize>(rows: &[T]) -> String {
    // A row contains strings, numbers and options, so serialising it cannot fail.
    serde_json::to_string(rows).unwrap_or_default()
}
