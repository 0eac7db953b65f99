//! What pages and filtered feeds ask of the store, and what they get: plain views, made by `store`, shown by `serve`.

use super::{EntryId, Language, PlainText, SafeHtml, Slug, StoryId};
use jiff::Timestamp;
use std::collections::BTreeSet;

/// A view of the stories that is no configured channel: every given criterion must be met, and any value of a criterion
/// meets it. Sets are ordered, so that equal questions are equal values.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Filter {
    /// The channel whose stories count; `None` = channel `all`.
    pub channel: Option<Slug>,
    /// Outlets; empty = any.
    pub outlets: BTreeSet<Slug>,
    /// Tags of outlets; empty = any.
    pub tags: BTreeSet<String>,
    /// Primary language subtags; empty = any.
    pub languages: BTreeSet<Language>,
    /// Words that title or text must hold, as typed; folded by the store like everything that is searched.
    pub words: Option<String>,
    /// Outlets that must carry a story; 0 and 1 mean any number.
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

/// A story with every report of it.
#[derive(Debug, Clone, PartialEq)]
pub struct StoryPage {
    /// Its number.
    pub id: StoryId,
    /// Its reports in order of joining; the first is the lead. Never empty.
    pub reports: Vec<StoryReport>,
}

/// One report on a story's page.
#[derive(Debug, Clone, PartialEq)]
pub struct StoryReport {
    /// The entry.
    pub entry: EntryId,
    /// The outlet's name.
    pub outlet_name: String,
    /// Title as it stands now.
    pub title: PlainText,
    /// The article.
    pub link: Option<String>,
    /// Language tag.
    pub language: Option<String>,
    /// Names of its authors, joined.
    pub author: Option<String>,
    /// The stated date, or when it was first seen, whichever is earlier.
    pub published: Timestamp,
    /// When Warraq first saw it.
    pub first_seen: Timestamp,
    /// When it joined the story.
    pub joined: Timestamp,
    /// The rule that joined it, as in the database; `first` for the one that started the story.
    pub rule: String,
    /// What the rule saw, in English.
    pub evidence: String,
    /// The share of the shorter text that the other contains, between 0 and 1; for rules that compare texts.
    pub shared: Option<f64>,
    /// Full text, else summary.
    pub text: Option<SafeHtml>,
    /// What its outlet changed, oldest first.
    pub revisions: Vec<RevisionView>,
}

/// A change an outlet made to its entry.
#[derive(Debug, Clone, PartialEq)]
pub struct RevisionView {
    /// When it was seen.
    pub seen: Timestamp,
    /// What changed, in words.
    pub what: String,
    /// Title before and after; equal where the title stayed.
    pub title: (String, String),
    /// Text before and after, where the text changed.
    pub text: Option<(SafeHtml, SafeHtml)>,
}

/// The state of everything that is polled.
#[derive(Debug, Clone, PartialEq)]
pub struct StatusPage {
    /// Every configured feed, by outlet.
    pub feeds: Vec<FeedStatus>,
    /// Days that lie behind, oldest first, today last; at most [`DAYS`].
    pub days: Vec<Day>,
    /// Stories in the file.
    pub stories: u64,
    /// Entries in the file.
    pub entries: u64,
}

/// Days of history on the status page.
pub const DAYS: usize = 30;

/// One feed on the status page.
#[derive(Debug, Clone, PartialEq)]
pub struct FeedStatus {
    /// The outlet's name.
    pub outlet_name: String,
    /// Configured address.
    pub url: String,
    /// `new active failing held gone`.
    pub state: String,
    /// End of the last poll.
    pub last_poll: Option<Timestamp>,
    /// How it ended.
    pub last_outcome: Option<String>,
    /// What was wrong.
    pub last_error: Option<String>,
    /// Failures in a row.
    pub failures: u32,
    /// When it is due.
    pub next_poll: Timestamp,
    /// Which input set that time, as the schedule stores it: `first schedule rate min_interval max_interval hint backoff
    /// hold gone overdue`; empty when unknown.
    pub decided: String,
    /// Every input of that decision, in English, for operators.
    pub why: String,
    /// Times its window had moved on entirely between two polls.
    pub gaps: u32,
    /// New entries a day over the days of [`StatusPage::days`], as many numbers.
    pub entries: Vec<u32>,
}

/// One day of polling, in UTC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Day {
    /// `2026-11-02`.
    pub date: String,
    /// New entries.
    pub entries: u32,
    /// Median seconds from publication as stated to first seen, over entries that state a time; `None` without any.
    pub delay: Option<u32>,
    /// Polls that read something.
    pub fresh: u32,
    /// Polls that found nothing changed.
    pub unchanged: u32,
    /// Polls that failed.
    pub failed: u32,
}

/// A feed that broke, or works again, for those who subscribe to trouble.
#[derive(Debug, Clone, PartialEq)]
pub struct Incident {
    /// Number of the poll at which it showed: the incident's id.
    pub poll: i64,
    /// When.
    pub at: Timestamp,
    /// The outlet's name.
    pub outlet_name: String,
    /// Configured address.
    pub url: String,
    /// What is wrong; `None` = it works again.
    pub error: Option<String>,
}
