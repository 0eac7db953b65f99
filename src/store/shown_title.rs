//! The title under which an entry is shown.

use super::instant::milli;
use crate::model::Entry;
use jiff::Timestamp;

/// Returns the title under which an entry is published: its own, or the first characters of its text, or outlet and date.
pub(super) fn shown_title(entry: &Entry, outlet_name: &str, seen_at: Timestamp) -> (String, &'static str) {
    if let Some(title) = &entry.title {
        return (title.as_str().to_owned(), "title");
    }
    if let Some(excerpt) = &entry.excerpt {
        return (excerpt.as_str().to_owned(), "text");
    }
    let day = milli(entry.believed.unwrap_or(seen_at));
    (format!("{outlet_name} {}", day.get(..10).unwrap_or_default()), "outlet")
}
