//! Entries that wait for their pages before dedup decides about them: which entries of a batch wait, and their rows. Pure.

use super::{batch::PendingPoll, instant::milli};
use crate::{
    dedup::{Arrival, ArrivalPage, KnownEntries},
    model::{EntryPage, FeedUrl, MissingArticle, NoArticle, PAGE_PATIENCE, WaitingKey, WaitingPage},
};
use jiff::Timestamp;
use serde::Serialize;
use std::collections::HashMap;

/// Maximum number of entries that wait for pages of one host. A host that gets two requests a second can serve that many in the
/// time that entries wait.
pub(super) const PER_HOST: usize = 200;

/// The stored facts about waiting entries when a batch is decided.
#[derive(Debug, Default)]
pub(super) struct WaitingNow {
    /// The entries of the batch that wait already: the hash of their bytes, and the end of their waiting time.
    pub entries: HashMap<WaitingKey, (i64, Timestamp)>,
    /// The number of entries that wait for pages of each host.
    pub hosts: HashMap<String, usize>,
}

/// The rows of those entries of a batch that wait.
#[derive(Debug, Default)]
pub(super) struct WaitingRows {
    pub documents: Vec<WaitingDocumentRow>,
    pub entries: Vec<WaitingEntryRow>,
    /// Entries that stop waiting without a page, because a version of them that needs none is decided.
    pub ended: Vec<WaitingKey>,
}

#[derive(Debug, Serialize)]
pub(super) struct WaitingDocumentRow {
    feed: i64,
    read_at: String,
    previous_success: Option<String>,
    stated_at: Option<String>,
    listing: String,
}

#[derive(Debug, Serialize)]
pub(super) struct WaitingEntryRow {
    feed: i64,
    key: i64,
    read_at: String,
    until: String,
    url: String,
    host: String,
    words: usize,
    link_repeats: bool,
    raw: i64,
    entry: String,
}

/// Returns the address of an arrival's page if the page must be fetched before dedup decides about the arrival: the entry is new,
/// or its outlet has edited it.
fn page(arrival: &Arrival, known: &KnownEntries) -> Option<FeedUrl> {
    if !matches!(arrival.page, ArrivalPage::Wanted) || arrival.entry.dropped.is_some() {
        return None;
    }
    match known.listed_before(arrival) {
        // The entry was pruned and does not come back.
        Some(None) => return None,
        Some(Some(id)) if known.entries.get(&id).is_none_or(|entry| entry.shows(&arrival.entry)) => return None,
        Some(Some(_)) => {}
        None => {
            let link = arrival.entry.link_key.and_then(|link| known.by_link.get(&link));
            let mut there = link.into_iter().flatten().filter_map(|id| known.entries.get(id));
            if there.any(|entry| entry.outlet == arrival.outlet) && !arrival.link_repeats {
                // The outlet has the entry in another feed, or under another id.
                return None;
            }
        }
    }
    FeedUrl::parse(arrival.entry.link.as_deref()?).ok()
}

/// Removes the arrivals that wait from a batch. Returns the others, and the rows of those that wait; adds both to the findings of
/// their polls in `polls`.
pub(super) fn hold(
    arrivals: Vec<Arrival>,
    known: &KnownEntries,
    mut now: WaitingNow,
    polls: &mut [PendingPoll],
) -> (Vec<Arrival>, WaitingRows) {
    let (mut rest, mut held) = (Vec::with_capacity(arrivals.len()), WaitingRows::default());
    let mut documents: Vec<usize> = Vec::new();
    for mut arrival in arrivals {
        let key = (arrival.feed, arrival.entry.key.hash());
        let waits = now.entries.get(&key).copied();
        let (Some(url), Some(pending)) = (page(&arrival, known), polls.get_mut(arrival.poll)) else {
            held.ended.extend(waits.map(|_| key));
            rest.push(arrival);
            continue;
        };
        if waits.is_some_and(|(raw, _)| raw == arrival.entry.raw.0) {
            continue;
        }
        let places = now.hosts.entry(url.host().to_owned()).or_default();
        if waits.is_none() && *places >= PER_HOST {
            let words = format!("{PER_HOST} entries already wait for pages of this host");
            let article = Err(MissingArticle::new(NoArticle::TooMany, words));
            let page = EntryPage { url: url.as_str().to_owned(), asked_at: arrival.seen_at, article };
            arrival.page = ArrivalPage::Asked(Box::new(page));
            rest.push(arrival);
            continue;
        }
        *places += usize::from(waits.is_none());
        let until = waits.map_or_else(|| later(arrival.seen_at), |(_, until)| until);
        now.entries.insert(key, (arrival.entry.raw.0, until));
        if !documents.contains(&arrival.poll) {
            documents.push(arrival.poll);
            held.documents.push(WaitingDocumentRow::of(&arrival, pending));
        }
        note(pending, &arrival, known, waits.is_none());
        let entry = WaitingEntryRow::of(&arrival, &url, until);
        pending.findings.waiting.push(WaitingPage {
            key,
            outlet: pending.poll.feed.outlet.clone(),
            title: arrival.entry.folded.title.clone(),
            words: entry.words,
            url,
            until,
        });
        held.entries.push(entry);
    }
    (rest, held)
}

/// Counts an entry that starts to wait in the findings of its poll.
fn note(pending: &mut PendingPoll, arrival: &Arrival, known: &KnownEntries, is_first: bool) {
    if !is_first {
        return;
    }
    if known.listed_before(arrival).is_some() {
        pending.findings.tally.revised += 1;
    } else {
        pending.findings.tally.new += 1;
        pending.findings.stamps.extend(arrival.entry.believed);
    }
}

fn later(seen_at: Timestamp) -> Timestamp {
    seen_at.saturating_add(PAGE_PATIENCE).unwrap_or(seen_at)
}

impl WaitingDocumentRow {
    fn of(arrival: &Arrival, pending: &PendingPoll) -> Self {
        let stated = pending.poll.document.as_ref().and_then(|document| document.updated);
        Self {
            feed: arrival.feed.0,
            read_at: milli(arrival.seen_at),
            previous_success: arrival.previous_success.map(milli),
            stated_at: stated.map(milli),
            // The value contains only numbers, lists and a zone's name, so serialising it cannot fail.
            listing: serde_json::to_string(&*arrival.listing).unwrap_or_default(),
        }
    }
}

impl WaitingEntryRow {
    fn of(arrival: &Arrival, url: &FeedUrl, until: Timestamp) -> Self {
        let body = &arrival.entry.folded.body;
        Self {
            feed: arrival.feed.0,
            key: arrival.entry.key.hash(),
            read_at: milli(arrival.seen_at),
            until: milli(until),
            url: url.as_str().to_owned(),
            host: url.host().to_owned(),
            words: body.split(' ').filter(|word| !word.is_empty()).count(),
            link_repeats: arrival.link_repeats,
            raw: arrival.entry.raw.0,
            entry: serde_json::to_string(&*arrival.entry).unwrap_or_default(),
        }
    }
}

/// The row of an entry's page: the article, or the reason why there is none.
#[derive(Debug, Serialize)]
pub(super) struct PageRow {
    entry: i64,
    url: String,
    at: String,
    article: Option<String>,
    missing: Option<&'static str>,
    detail: Option<String>,
}

impl PageRow {
    /// Returns the row of an entry's page; `None` if the page was not requested.
    pub(super) fn of(entry: i64, page: ArrivalPage) -> Option<Self> {
        let ArrivalPage::Asked(page) = page else { return None };
        let EntryPage { url, asked_at, article } = *page;
        let (article, missing) = match article {
            Ok(article) => (Some(article.html.into_string()), None),
            Err(missing) => (None, Some(missing)),
        };
        Some(Self {
            entry,
            url,
            at: super::instant::second(asked_at),
            article,
            missing: missing.as_ref().map(|missing| missing.why.as_str()),
            detail: missing.map(|missing| missing.words),
        })
    }
}

/// Gives an arrival without an article the text of the stored article, so that the comparison is between equal texts, and the
/// window and the search index do not lose the article.
pub(super) fn keep_articles(arrivals: &mut [Arrival], known: &KnownEntries) {
    for arrival in arrivals {
        let has_article = matches!(&arrival.page, ArrivalPage::Asked(page) if page.article.is_ok());
        let before = known.listed_before(arrival).flatten().filter(|id| known.with_article.contains(id));
        if let Some(entry) = before.and_then(|id| known.entries.get(&id)).filter(|_| !has_article) {
            arrival.entry_mut().folded.body.clone_from(&entry.folded_body);
        }
    }
}

/// Returns whether the folded text of a revised entry is that of an article.
pub(super) fn brings_article(page: &ArrivalPage) -> bool {
    matches!(page, ArrivalPage::Asked(page) if page.article.is_ok())
}
