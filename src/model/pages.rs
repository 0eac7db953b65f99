//! Queries of pages and filtered feeds, and their results: plain views that `store` creates and `serve` shows.

use super::{Enclosure, EntryId, Language, PlainText, SafeHtml, Slug, StoryId};
use jiff::Timestamp;
use std::collections::BTreeSet;

/// Criteria of a filtered feed or a search. A story must meet every given criterion; one matching value of a criterion is
/// enough. Sets are ordered, so that equal queries are equal values.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Filter {
    /// The channel whose stories count; `None` for channel `all`.
    pub channel: Option<Slug>,
    /// Outlets; empty for all.
    pub outlets: BTreeSet<Slug>,
    /// Tags of outlets; empty for all.
    pub tags: BTreeSet<String>,
    /// Primary language subtags; empty for all.
    pub languages: BTreeSet<Language>,
    /// Words that title or text must contain, as typed. The store folds them like the searched texts.
    pub words: Option<String>,
    /// Number of outlets that must report a story; 0 and 1 mean any number.
    pub min_outlets: u32,
    /// Most stories listed.
    pub limit: u32,
}

impl Filter {
    /// This filter within a list that is one itself: both must be met. A criterion that the list sets stays as it sets it,
    /// for its values are alternatives.
    #[must_use]
    pub fn within(self, list: Self) -> Self {
        fn either<T: Ord>(list: BTreeSet<T>, asked: BTreeSet<T>) -> BTreeSet<T> {
            if list.is_empty() { asked } else { list }
        }
        Self {
            channel: list.channel.or(self.channel),
            outlets: either(list.outlets, self.outlets),
            tags: either(list.tags, self.tags),
            languages: either(list.languages, self.languages),
            ..self
        }
    }
}

/// A story with all its reports.
#[derive(Debug, Clone, PartialEq)]
pub struct StoryPage {
    /// Story number.
    pub id: StoryId,
    /// The reports in the order in which they joined; the first is the lead. Never empty.
    pub reports: Vec<StoryReport>,
}

/// One report on a story's page.
#[derive(Debug, Clone, PartialEq)]
pub struct StoryReport {
    /// Row id of the entry.
    pub entry: EntryId,
    /// The outlet's slug.
    pub outlet: String,
    /// The outlet's name.
    pub outlet_name: String,
    /// Current title.
    pub title: PlainText,
    /// Address of the article.
    pub link: Option<String>,
    /// Language tag.
    pub language: Option<String>,
    /// Language tag of the title, if it differs.
    pub title_language: Option<String>,
    /// Language tag of the text, if it differs.
    pub text_language: Option<String>,
    /// Names of the authors, joined.
    pub author: Option<String>,
    /// The stated publication date, or when the entry was first seen, whichever is earlier.
    pub published: Timestamp,
    /// When Warraq first saw it.
    pub first_seen: Timestamp,
    /// When the report joined the story.
    pub joined: Timestamp,
    /// The rule by which it joined, named as in the database; `first` for the report that started the story.
    pub rule: String,
    /// What the rule found, in English.
    pub evidence: String,
    /// The report with which it was compared, if the evidence names one.
    pub matched: Option<EntryId>,
    /// The share of the shorter text that the other one contains, between 0 and 1; `None` for rules that compare no texts.
    pub shared: Option<f64>,
    /// Full text, else summary.
    pub text: Option<SafeHtml>,
    /// Whether the text is that of the article's page, not of the feed.
    pub is_page_text: bool,
    /// Address of its picture.
    pub image: Option<String>,
    /// Files that belong to it.
    pub enclosures: Vec<Enclosure>,
    /// The changes that the outlet made, oldest first.
    pub revisions: Vec<RevisionView>,
}

/// A change that an outlet made to its entry.
#[derive(Debug, Clone, PartialEq)]
pub struct RevisionView {
    /// When the change was seen.
    pub seen: Timestamp,
    /// What changed, in words.
    pub what: String,
    /// Title before and after; equal if the title did not change.
    pub title: (String, String),
    /// Text before and after; `None` if the text did not change.
    pub text: Option<(SafeHtml, SafeHtml)>,
}

/// A feed that failed or recovered, for the feed of incidents.
#[derive(Debug, Clone, PartialEq)]
pub struct Incident {
    /// Row id of the poll that noticed it, which is also the incident's id.
    pub poll: i64,
    /// When it happened.
    pub at: Timestamp,
    /// The outlet's name.
    pub outlet_name: String,
    /// Configured address.
    pub url: String,
    /// The error; `None` if the feed has recovered.
    pub error: Option<String>,
}
