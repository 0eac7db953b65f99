//! Entries that a rule leaves out, as the store holds them: complete, as a JSON document, until the outlet's rules accept them.

use super::{catalog::Catalog, instant::second, shown_title::shown_title};
use crate::{
    dedup::{Arrival, Listing},
    model::{
        Entry, EntryKey, Extras, FeedId, FoldedText, LinkKey, OutletId, PlainText, RawHash, SafeHtml, uri::as_uri,
    },
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The row of a dropped entry.
#[derive(Debug, Serialize)]
pub(super) struct DroppedRow {
    pub feed: i64,
    pub key: i64,
    title: String,
    link: Option<String>,
    link_key: Option<i64>,
    at: String,
    rule: String,
    bytes: usize,
    entry: String,
}

impl DroppedRow {
    pub(super) fn of(arrival: Arrival, catalog: &Catalog) -> Self {
        let rule = arrival.entry.dropped.clone().unwrap_or_default();
        let (title, _) = shown_title(&arrival.entry, catalog.outlet_name(arrival.outlet), arrival.seen_at);
        let kept = DroppedEntry::of(Arc::unwrap_or_clone(arrival.entry), arrival.link_repeats);
        // The value contains only strings, numbers and lists, so serialising it cannot fail.
        let entry = serde_json::to_string(&kept).unwrap_or_default();
        Self {
            feed: arrival.feed.0,
            key: EntryKey(kept.key).hash(),
            title,
            link: kept.link.as_deref().map(|link| as_uri(link).into_owned()),
            link_key: kept.link_key.filter(|_| !kept.link_repeats),
            at: second(arrival.seen_at),
            rule,
            bytes: entry.len(),
            entry,
        }
    }
}

/// An entry as JSON. Its texts are those of an [`Entry`], which are sanitised before they are stored.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct DroppedEntry {
    key: String,
    raw: i64,
    source_id: Option<String>,
    title: Option<String>,
    excerpt: Option<String>,
    link: Option<String>,
    link_key: Option<i64>,
    link_repeats: bool,
    summary: Option<String>,
    content: Option<String>,
    language: Option<String>,
    published: Option<Timestamp>,
    updated: Option<Timestamp>,
    believed: Option<Timestamp>,
    extras: Extras,
    folded_title: String,
    folded_body: String,
    shown: i64,
    volatile: bool,
}

/// Where and when a dropped entry was seen.
#[derive(Debug)]
pub(super) struct DroppedSource<'a> {
    pub feed: FeedId,
    pub feed_url: &'a str,
    pub outlet: OutletId,
    pub seen_at: Timestamp,
    /// Facts about the feed's document.
    pub listing: &'a Arc<Listing>,
}

impl DroppedEntry {
    fn of(entry: Entry, link_repeats: bool) -> Self {
        Self {
            key: entry.key.0,
            raw: entry.raw.0,
            source_id: entry.source_id,
            title: entry.title.map(PlainText::into_string),
            excerpt: entry.excerpt.map(PlainText::into_string),
            link: entry.link,
            link_key: entry.link_key.map(|key| key.0),
            link_repeats,
            summary: entry.summary.map(SafeHtml::into_string),
            content: entry.content.map(SafeHtml::into_string),
            language: entry.language,
            published: entry.published,
            updated: entry.updated,
            believed: entry.believed,
            extras: entry.extras,
            folded_title: entry.folded.title,
            folded_body: entry.folded.body,
            shown: entry.shown,
            volatile: entry.volatile,
        }
    }

    /// Returns the entry as a returning arrival of poll number `poll` of its batch.
    pub(super) fn into_arrival(self, poll: usize, source: &DroppedSource<'_>) -> Arrival {
        Arrival {
            poll,
            feed: source.feed,
            feed_url: Arc::from(source.feed_url),
            outlet: source.outlet,
            seen_at: source.seen_at,
            previous_success: None,
            link_repeats: self.link_repeats,
            listing: Arc::clone(source.listing),
            returns: true,
            entry: Arc::new(Entry {
                key: EntryKey(self.key),
                raw: RawHash(self.raw),
                source_id: self.source_id,
                title: self.title.map(PlainText::vouch),
                excerpt: self.excerpt.map(PlainText::vouch),
                link: self.link,
                link_key: self.link_key.map(LinkKey),
                summary: self.summary.map(SafeHtml::vouch),
                content: self.content.map(SafeHtml::vouch),
                language: self.language,
                published: self.published,
                updated: self.updated,
                believed: self.believed,
                extras: self.extras,
                folded: FoldedText { title: self.folded_title, body: self.folded_body },
                shown: self.shown,
                volatile: self.volatile,
                dropped: None,
            }),
            page: crate::dedup::ArrivalPage::Unwanted,
        }
    }
}
