//! Why an entry belongs to a story: the rule and its measurements, which are stored with every decision.

/// Maximum number of members of a story. No report was seen at so many outlets.
pub const STORY_MEMBERS_MAX: u32 = 64;

/// The rule by which two entries belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rule {
    /// The entry started its story.
    First,
    /// Level A: the same feed and key.
    Key,
    /// Levels A and B: the same canonical link within an outlet. Level C: the same canonical link at another outlet.
    Link,
    /// Level A: the same stated time, to the second, and the same title.
    Stamp,
    /// Level A: the same title and text in the same feed.
    SameText,
    /// Level B: the same article number in the path, the same minute and the same host.
    Number,
    /// Level B: nearly the same text in another feed of the outlet.
    NearText,
    /// Level C: the same report by another outlet, judged by its text.
    Text,
    /// Level C: equal titles, with a less strict comparison of the texts.
    Title,
    /// Level C: equal titles of entries with almost no text.
    TitleOnly,
}

impl Rule {
    /// All rules, for the database's CHECK constraint and for documentation.
    pub const ALL: [Self; 10] = [
        Self::First,
        Self::Key,
        Self::Link,
        Self::Stamp,
        Self::SameText,
        Self::Number,
        Self::NearText,
        Self::Text,
        Self::Title,
        Self::TitleOnly,
    ];

    /// Returns the name used in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Key => "key",
            Self::Link => "link",
            Self::Stamp => "stamp",
            Self::SameText => "same_text",
            Self::Number => "number",
            Self::NearText => "near_text",
            Self::Text => "text",
            Self::Title => "title",
            Self::TitleOnly => "title_only",
        }
    }

    /// Returns the rule with this name in the database.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|r| r.as_str() == word)
    }
}

/// What a rule measured. Shares are between 0 and 1.
#[derive(Debug, Clone, PartialEq)]
pub struct Evidence {
    /// The rule.
    pub rule: Rule,
    /// Of the two leads, the smaller share that is found in the other text.
    pub lmin: Option<f64>,
    /// The share of the shorter text's three-word shingles that is found in the longer one.
    pub containment: Option<f64>,
    /// Of the two beginnings, the smaller share that is found in the other one.
    pub start: Option<f64>,
    /// One sentence that says what was compared and what was found.
    pub words: String,
}

impl Evidence {
    /// The words for an entry that matches none. The store keeps no row for them, because they are the same for most entries.
    pub const FIRST_REPORT: &'static str = "first report: no matching entry";

    /// Returns whether these are the words for an entry that matches none.
    #[must_use]
    pub fn is_of_first_report(&self) -> bool {
        self.rule == Rule::First && self.words == Self::FIRST_REPORT
    }

    /// Creates the evidence of a rule without measurements.
    #[must_use]
    pub fn plain(rule: Rule, words: impl Into<String>) -> Self {
        Self { rule, lmin: None, containment: None, start: None, words: words.into() }
    }
}
