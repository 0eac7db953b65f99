//! Turns decisions into rows, the same for every store. Pure: consumes [`Changes`].

mod making;

use crate::{
    dedup::rules,
    model::{Entry, FeedId, SafeHtml, WaitingKey, uri::as_uri},
    store::{
        dropped::DroppedRow,
        instant::second,
        shown_title::shown_title,
        waiting::{PageRow, WaitingRows},
    },
};
use jiff::Timestamp;
use serde::{Serialize, Serializer};
use std::{collections::HashSet, sync::Arc};

/// All rows that a batch writes.
#[derive(Debug, Default)]
pub(super) struct BatchRows {
    pub stories: Vec<StoryRow>,
    pub entries: Vec<EntryRow>,
    pub texts: Vec<TextRow>,
    /// New entries with hardly any text.
    pub short_texts: Vec<i64>,
    pub members: Vec<MemberRow>,
    pub revised: Vec<RevisedRow>,
    pub sightings: Vec<SightingRow>,
    pub dropped: Vec<DroppedRow>,
    pub delisted: Vec<DelistedEntries>,
    /// Stories that were joined, whose counts change.
    pub grown: HashSet<i64>,
    pub places: Vec<PlaceRow>,
    /// Pairs of channel and story for which the store has to check whether enough outlets carry the story.
    pub candidates: HashSet<(i64, i64)>,
    /// Channels whose stories changed.
    pub touched: HashSet<i64>,
    /// The results of page requests.
    pub pages: Vec<PageRow>,
    /// Entries that start to wait for their pages.
    pub waiting: WaitingRows,
    /// Entries whose waiting has ended.
    pub waited: Vec<WaitingKey>,
}

#[derive(Debug)]
pub(super) struct StoryRow {
    pub id: i64,
    pub iri: String,
    pub entry: i64,
    pub at: String,
}

/// The columns that new and revised entries have in common.
#[derive(Debug, Serialize)]
pub(super) struct ShownRow {
    pub id: i64,
    pub title: String,
    pub title_from: &'static str,
    pub link: Option<String>,
    pub link_key: Option<i64>,
    pub author: Option<String>,
    pub language: Option<String>,
    pub published: Option<String>,
    pub updated: Option<String>,
    pub believed: Option<String>,
    pub shown: i64,
}

#[derive(Debug)]
pub(super) struct EntryRow {
    pub row: ShownRow,
    pub outlet: i64,
    pub feed: i64,
    pub story: i64,
    pub key: String,
    pub source_id: Option<String>,
    pub iri: String,
    pub published_at: String,
    pub first_seen_at: String,
    pub order_at: String,
    pub feed_updated_at: String,
    /// Whether its feed listed it at its first poll. Such an entry is no news.
    pub is_of_first_poll: bool,
}

#[derive(Debug)]
pub(super) struct TextRow {
    pub id: i64,
    pub text: Texts,
}

#[derive(Debug, Serialize)]
pub(super) struct RevisedRow {
    #[serde(flatten)]
    pub row: ShownRow,
    #[serde(flatten)]
    text: Texts,
    /// Whether the folded text is that of the page's article.
    has_article: bool,
    at: String,
    material: bool,
    /// If false, only signed addresses, counters or clocks changed, and no revision is written.
    edited: bool,
    what: String,
}

/// The texts of an entry, which it shares with its arrival.
#[derive(Debug)]
pub(super) struct Texts {
    entry: Arc<Entry>,
    extras: String,
}

/// The columns of `entry_text` without its key.
#[derive(Debug, Serialize)]
pub(super) struct TextColumns<'a> {
    pub summary: Option<&'a str>,
    pub content: Option<&'a str>,
    pub extras: &'a str,
    pub folded_title: &'a str,
    pub folded_body: &'a str,
}

#[derive(Debug)]
pub(super) struct MemberRow {
    pub entry: i64,
    pub story: i64,
    pub at: String,
    pub rule: &'static str,
    pub lmin: Option<f64>,
    pub containment: Option<f64>,
    pub start: Option<f64>,
    pub evidence: String,
}

#[derive(Debug, Serialize)]
pub(super) struct SightingRow {
    pub feed: i64,
    pub key: i64,
    pub entry: Option<i64>,
    pub raw: i64,
    /// Whether a document lists the entry now. An entry that comes back after a change of rules keeps its earlier value.
    #[serde(skip)]
    pub listed: bool,
    pub guid: Option<String>,
    pub link: Option<String>,
    pub at: String,
    pub evidence: Option<String>,
}

/// An entry that a feed no longer lists.
#[derive(Debug)]
pub(super) struct DelistedEntries {
    pub feed: FeedId,
    /// Time of the last successful poll that listed it.
    pub at: Timestamp,
    pub raw: Vec<i64>,
}

#[derive(Debug, Serialize)]
pub(super) struct PlaceRow {
    pub channel: i64,
    pub order_at: String,
    pub published_at: String,
    pub story: i64,
    pub entry: i64,
    /// Whether every report has its own position in the channel.
    pub each: bool,
    /// Whether the story is new, so that no channel has it yet.
    pub new: bool,
}

impl ShownRow {
    fn of(id: i64, entry: &Entry, outlet_name: &str, seen_at: Timestamp) -> Self {
        let (title, title_from) = shown_title(entry, outlet_name, seen_at);
        let names: Vec<&str> = entry.extras.authors.iter().map(|a| a.name.as_str()).filter(|n| !n.is_empty()).collect();
        Self {
            id,
            title,
            title_from,
            // Pages, feeds and views show it in this form.
            link: entry.link.as_deref().map(|link| as_uri(link).into_owned()),
            link_key: entry.link_key.map(|k| k.0),
            author: (!names.is_empty()).then(|| names.join(", ")),
            language: entry.language.clone(),
            published: entry.published.map(second),
            updated: entry.updated.map(second),
            believed: entry.believed.map(second),
            shown: entry.shown,
        }
    }
}

/// A text has hardly any words if it has fewer characters and fewer spaces than these. Migration 15 and the statements that revise texts
/// repeat both numbers. Titles of these texts may be headings (`dedup::rules::SHORT`); words have 30 characters at most on average.
const SHORT_CHARACTERS: usize = 360;
const SHORT_SPACES: usize = 12;
const _: () = assert!(rules::SHORT <= SHORT_SPACES && rules::SHORT * 30 <= SHORT_CHARACTERS, "a migration is needed");

impl Texts {
    /// Returns whether the folded text has hardly any words.
    fn is_short(&self) -> bool {
        let body = &self.entry.folded.body;
        // A character has four bytes at most.
        body.len() < 4 * SHORT_CHARACTERS
            && body.chars().count() < SHORT_CHARACTERS
            && body.bytes().filter(|byte| *byte == b' ').count() < SHORT_SPACES
    }

    fn of(entry: Arc<Entry>) -> Self {
        // The value contains only strings, numbers and lists, so serialising it cannot fail.
        let extras = serde_json::to_string(&entry.extras).unwrap_or_else(|_| "{}".to_owned());
        Self { entry, extras }
    }

    /// Returns the values of the columns.
    pub(super) fn columns(&self) -> TextColumns<'_> {
        let Entry { summary, content, folded, .. } = &*self.entry;
        TextColumns {
            summary: summary.as_ref().map(SafeHtml::as_str),
            content: content.as_ref().map(SafeHtml::as_str),
            extras: &self.extras,
            folded_title: &folded.title,
            folded_body: &folded.body,
        }
    }
}

impl Serialize for Texts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.columns().serialize(serializer)
    }
}
