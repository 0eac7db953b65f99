//! Why an entry stands in a story: the rule and what it measured. Stored with every decision.

/// What proved that two entries belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rule {
    /// The entry started its story.
    First,
    /// Level A: the same feed and key.
    Key,
    /// Level A and B: the same canonical link within an outlet. Level C: the same canonical link at another outlet.
    Link,
    /// Level A: the same stated second and title.
    Stamp,
    /// Level A: the same title and text in the same feed.
    SameText,
    /// Level B: the same article number in the path and the same minute, at one host.
    Number,
    /// Level B: nearly the same text in another feed of the outlet.
    NearText,
    /// Level C: the same report by another outlet, by text.
    Text,
    /// Level C: equal titles, with a relaxed test of the text.
    Title,
    /// Level C: equal titles of entries that have next to no text.
    TitleOnly,
}

impl Rule {
    /// Every rule, for the database's CHECK and for documentation.
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

    /// The word in the database.
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

    /// The rule a word of the database stands for.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|r| r.as_str() == word)
    }
}

/// What a rule saw. Shares are between 0 and 1.
#[derive(Debug, Clone, PartialEq)]
pub struct Evidence {
    /// The rule.
    pub rule: Rule,
    /// The smaller share of the two leads found in the other text.
    pub lmin: Option<f64>,
    /// Share of the shorter text's three-word shingles found in the longer.
    pub containment: Option<f64>,
    /// The smaller share of the two beginnings found in the other.
    pub start: Option<f64>,
    /// One sentence for people: what was compared and what was found.
    pub words: String,
}

impl Evidence {
    /// Of a rule that measures nothing.
    #[must_use]
    pub fn plain(rule: Rule, words: impl Into<String>) -> Self {
        Self { rule, lmin: None, containment: None, start: None, words: words.into() }
    }
}
