//! The feeds of the demo's invented outlets, and their reports.

/// Maximum number of reports that a feed lists, as newspapers do.
pub const WINDOW: usize = 20;

/// The format of a feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// RSS 2.0.
    Rss,
    /// Atom 1.0.
    Atom,
    /// A news sitemap.
    Sitemap,
}

/// A feed of an invented outlet.
#[derive(Debug)]
pub struct DemoFeed {
    /// Below the stage's base; the document is at `DemoFeed::address`, the reports' pages at `PATH/SLUG`.
    pub path: &'static str,
    /// Its title.
    pub title: &'static str,
    /// Its language.
    pub language: &'static str,
    /// Its dialect.
    pub dialect: Dialect,
    /// Everything it ever lists except bulletins.
    pub reports: Vec<DemoReport>,
}

/// When a report appears.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// Minutes before the demo begins.
    Before(u64),
    /// At this step.
    Step(u64),
}

/// One report of one outlet.
#[derive(Debug, Clone)]
pub struct DemoReport {
    /// Path of the feed and slug: the report's id and the address of its page.
    pub id: String,
    /// Path of the page it links to: its own, or a partner's.
    pub link: String,
    /// When it appears.
    pub when: When,
    /// Its title.
    pub title: String,
    /// The step from which it has another title, and that title.
    pub revised: Option<(u64, String)>,
    /// Author who signed it.
    pub author: Option<String>,
    /// Its categories.
    pub topics: Vec<String>,
    /// Its text.
    pub paragraphs: Vec<String>,
}

impl DemoReport {
    /// Returns the title at a step.
    #[must_use]
    pub fn title_at(&self, step: u64) -> &str {
        self.revision_at(step).map_or(&self.title, |(_, title)| title)
    }

    /// Returns the revision that applies at a step.
    #[must_use]
    pub fn revision_at(&self, step: u64) -> Option<&(u64, String)> {
        self.revised.as_ref().filter(|(from, _)| *from <= step)
    }

    /// Returns whether it is published at a step.
    #[must_use]
    pub fn is_out(&self, step: u64) -> bool {
        matches!(self.when, When::Before(_)) || matches!(self.when, When::Step(from) if from <= step)
    }
}
