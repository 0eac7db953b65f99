//! What the demo publishes: feeds of invented outlets, and their reports.

/// Reports that a feed lists at most, as newspapers do.
pub const WINDOW: usize = 20;

/// How a feed is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// RSS 2.0.
    Rss,
    /// Atom 1.0.
    Atom,
    /// A news sitemap.
    Sitemap,
}

/// One of its feeds.
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
    /// Everything it ever lists, but the bulletins.
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
    /// Path of the feed and slug: what it is known by, and the address of its page.
    pub id: String,
    /// Where it links to: its own page, or a partner's.
    pub link: String,
    /// When it appears.
    pub when: When,
    /// Its title.
    pub title: String,
    /// From this step on, the title is another.
    pub revised: Option<(u64, String)>,
    /// Who signed it.
    pub author: Option<String>,
    /// What it is filed under.
    pub topics: Vec<String>,
    /// Its text.
    pub paragraphs: Vec<String>,
}

impl DemoReport {
    /// The title at a step.
    #[must_use]
    pub fn title_at(&self, step: u64) -> &str {
        self.revision_at(step).map_or(&self.title, |(_, title)| title)
    }

    /// The revision that is in force at a step.
    #[must_use]
    pub fn revision_at(&self, step: u64) -> Option<&(u64, String)> {
        self.revised.as_ref().filter(|(from, _)| *from <= step)
    }

    /// Whether it has appeared at a step.
    #[must_use]
    pub fn is_out(&self, step: u64) -> bool {
        matches!(self.when, When::Before(_)) || matches!(self.when, When::Step(from) if from <= step)
    }
}
