//! The tables that are copied, and the statements that copy them.

use super::Column;

/// A table.
#[derive(Debug, Clone, Copy)]
pub(in crate::store) struct CopiedTable {
    /// Its name.
    pub(in crate::store) name: &'static str,
    /// The columns of its key, in whose order rows are copied.
    pub(in crate::store) key: &'static str,
}

/// All tables that hold what cannot be made again, and `short_text`, which only reading every text would make again, in an order in
/// which each row refers only to rows that are there.
///
/// Not copied: the indexes of words and hashes and the sums, which each store makes in its own way, and the writer's lease.
pub(super) const TABLES: [CopiedTable; 25] = [
    CopiedTable { name: "setting", key: "name" },
    CopiedTable { name: "outlet", key: "id" },
    CopiedTable { name: "feed", key: "id" },
    CopiedTable { name: "poll", key: "id" },
    CopiedTable { name: "feed_day", key: "feed_id, day" },
    CopiedTable { name: "story", key: "id" },
    CopiedTable { name: "entry", key: "id" },
    CopiedTable { name: "entry_text", key: "entry_id" },
    CopiedTable { name: "short_text", key: "entry_id" },
    CopiedTable { name: "entry_page", key: "entry_id" },
    CopiedTable { name: "sighting", key: "id" },
    CopiedTable { name: "dropped_entry", key: "id" },
    CopiedTable { name: "revision", key: "id" },
    CopiedTable { name: "story_member", key: "entry_id" },
    CopiedTable { name: "channel", key: "id" },
    CopiedTable { name: "place", key: "channel_id, order_at, published_at, story_id, entry_id" },
    CopiedTable { name: "edition", key: "path" },
    CopiedTable { name: "archive", key: "channel, number" },
    CopiedTable { name: "hub_subscription", key: "topic, callback" },
    CopiedTable { name: "hub_ping", key: "topic" },
    CopiedTable { name: "hub_lease", key: "feed_id" },
    CopiedTable { name: "webhook", key: "id" },
    CopiedTable { name: "webhook_queue", key: "webhook_id, number" },
    CopiedTable { name: "waiting_document", key: "feed_id, read_at" },
    CopiedTable { name: "waiting_entry", key: "id" },
];

impl CopiedTable {
    /// Returns whether the schema itself puts rows into it.
    pub(in crate::store) fn is_filled_by_schema(&self) -> bool {
        matches!(self.name, "setting" | "channel")
    }

    /// Returns the statement that reads its rows.
    pub(in crate::store) fn select(&self, columns: &[Column]) -> String {
        ["SELECT", &names(columns), "FROM", self.name, "ORDER BY", self.key].join(" ")
    }

    /// Returns the statement that counts its rows.
    pub(in crate::store) fn count(&self) -> String {
        ["SELECT", "count(*)", "FROM", self.name].join(" ")
    }

    /// Returns the statement that deletes its rows.
    pub(in crate::store) fn delete(&self) -> String {
        ["DELETE", "FROM", self.name].join(" ")
    }

    /// Returns the statement that inserts a number of rows, with `?` for each value.
    pub(in crate::store) fn insert(&self, columns: &[Column], rows: usize) -> String {
        let row = format!("({})", vec!["?"; columns.len()].join(", "));
        ["INSERT", "INTO", self.name, "(", &names(columns), ")", "VALUES", &vec![row; rows].join(", ")].join(" ")
    }

    /// Returns the statement that takes the rows that COPY sends.
    pub(in crate::store) fn copy_in(&self, columns: &[Column]) -> String {
        ["COPY", self.name, "(", &names(columns), ")", "FROM STDIN"].join(" ")
    }
}

/// Returns the names of columns in double quotes.
fn names(columns: &[Column]) -> String {
    columns.iter().map(|column| format!("\"{}\"", column.name)).collect::<Vec<_>>().join(", ")
}
