//! Pages of a list of stories: what is listed, where a page begins, what it holds. A page begins after a place in the list,
//! never after a number of stories: its address stays right while new stories arrive.

use super::{Language, Slug, StoryView};
use std::fmt;

/// A list of stories that can be paged through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// A channel, in its order.
    Channel(String),
    /// What one outlet published, by date.
    Outlet(Slug),
    /// What the outlets with a tag published.
    Tag(String),
    /// Stories of channel `all` that came from one instant on and before another (RFC 3339, UTC, whole seconds).
    Between(String, String),
}

/// Where a page begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Position {
    /// At the newest story.
    Newest,
    /// With the stories that lie directly before this place.
    Before(PlaceKey),
    /// With the stories that lie directly after it.
    After(PlaceKey),
}

/// One page that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Browse {
    /// The list.
    pub scope: Scope,
    /// Outlets whose reports count; empty = any.
    pub outlets: Vec<Slug>,
    /// Tags of outlets whose reports count; empty = any.
    pub tags: Vec<String>,
    /// Primary language subtags of reports that count; empty = any.
    pub languages: Vec<Language>,
    /// The author whose reports count, as stored.
    pub author: Option<String>,
    /// Outlets that must carry a story; 0 and 1 mean any number.
    pub min_outlets: u32,
    /// Where the page begins.
    pub position: Position,
    /// Stories on the page, at most.
    pub count: u32,
    /// Whether the texts of entries are read as for a feed; otherwise only their beginnings.
    pub whole_texts: bool,
}

impl Browse {
    /// The newest page of a list without filters.
    #[must_use]
    pub fn newest(scope: Scope, count: u32) -> Self {
        Self {
            scope,
            outlets: Vec::new(),
            tags: Vec::new(),
            languages: Vec::new(),
            author: None,
            min_outlets: 1,
            position: Position::Newest,
            count,
            whole_texts: false,
        }
    }
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct BrowsePage {
    /// Newest first. `order_at` of each is its place in this list.
    pub stories: Vec<StoryView>,
    /// The next newer page begins after this place; `None` = this page reaches the newest story.
    pub newer: Option<PlaceKey>,
    /// The next older page begins before this place; `None` = there is nothing older.
    pub older: Option<PlaceKey>,
}

/// An outlet, as pages name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutletSummary {
    /// Its slug.
    pub slug: String,
    /// What readers see.
    pub name: String,
    /// The language of entries that state none.
    pub language: Option<String>,
    /// What channels select by.
    pub tags: Vec<String>,
    /// Entries of the last seven days.
    pub entries: u64,
    /// Whether its feeds are polled; not if the outlet was disabled or removed.
    pub is_read: bool,
}

/// A place in a list: opaque to readers, who find it in links. Times are text, as the database compares them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PlaceKey {
    /// When the story came into the list.
    pub order_at: String,
    /// The stated date.
    pub published_at: String,
    /// The story.
    pub story: i64,
    /// The report that stands for it.
    pub entry: i64,
}

impl PlaceKey {
    /// Before everything that a list can hold.
    #[must_use]
    pub fn lowest() -> Self {
        Self::at("")
    }

    /// After everything that a list can hold.
    #[must_use]
    pub fn highest() -> Self {
        Self { order_at: "~".to_owned(), published_at: "~".to_owned(), story: i64::MAX, entry: i64::MAX }
    }

    /// Before everything that came at this instant.
    #[must_use]
    pub fn at(instant: &str) -> Self {
        Self { order_at: instant.to_owned(), published_at: String::new(), story: 0, entry: 0 }
    }

    /// Of a story in the list that holds it.
    #[must_use]
    pub fn of(story: &StoryView) -> Self {
        Self {
            order_at: format!("{:.0}", story.order_at),
            published_at: format!("{:.0}", story.lead.published),
            story: story.id.0,
            entry: story.lead.entry.0,
        }
    }

    /// Reads what [`fmt::Display`] wrote.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('_');
        let mut time = || {
            let part = parts.next()?;
            let is_time =
                part.len() == 20 && part.parse::<jiff::Timestamp>().is_ok_and(|at| format!("{at:.0}") == part);
            is_time.then(|| part.to_owned())
        };
        let (order_at, published_at) = (time()?, time()?);
        let mut number = || parts.next()?.parse::<i64>().ok().filter(|n| *n >= 0);
        let (story, entry) = (number()?, number()?);
        parts.next().is_none().then_some(Self { order_at, published_at, story, entry })
    }
}

impl fmt::Display for PlaceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}_{}_{}", self.order_at, self.published_at, self.story, self.entry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_back_as_it_was_written() {
        let key = PlaceKey {
            order_at: "2026-11-25T10:00:00Z".to_owned(),
            published_at: "2026-11-25T09:57:00Z".to_owned(),
            story: 12,
            entry: 34,
        };
        assert_eq!(PlaceKey::parse(&key.to_string()), Some(key.clone()));
        assert!(PlaceKey::lowest() < key && key < PlaceKey::highest());
        assert!(PlaceKey::at("2026-11-25T10:00:00Z") < key && key < PlaceKey::at("2026-11-25T10:00:01Z"));
        for wrong in ["", "x", "1_2_3_4", "2026-11-25T10:00:00Z_2026-11-25T09:57:00Z_12", "' OR 1_2_3_4"] {
            assert_eq!(PlaceKey::parse(wrong), None, "{wrong}");
        }
        assert_eq!(PlaceKey::parse(&format!("{key}_5")), None);
        assert_eq!(PlaceKey::parse("2026-13-25T10:00:00Z_2026-11-25T09:57:00Z_12_1"), None);
    }
}
