//! Entries that wait for their pages before they are decided: which of a batch wait, and the rows of those that do. Pure.

use super::{batch::PendingPoll, instant::milli};
use crate::{
    dedup::{Arrival, ArrivalPage, KnownEntries},
    model::{EntryPage, FeedUrl, MissingArticle, NoArticle, PAGE_PATIENCE, WaitingKey, WaitingPage},
};
use jiff::Timestamp;
use serde::Serialize;
use std::collections::HashMap;

/// Most entries that wait for pages of one host. A host that is asked twice a second answers as many within their patience.
pub(super) const PER_HOST: usize = 200;

/// What the file knows about waiting entries when a batch is decided.
#[derive(Debug, Default)]
pub(super) struct WaitingNow {
    /// Those of the batch that wait already: the hash of their bytes, and until when.
    pub entries: HashMap<WaitingKey, (i64, Timestamp)>,
    /// How many wait for pages of a host.
    pub hosts: HashMap<String, usize>,
}

/// The rows of a batch's entries that wait.
#[derive(Debug, Default)]
pub(super) struct WaitingRows {
    pub documents: Vec<WaitingDocumentRow>,
    pub entries: Vec<WaitingEntryRow>,
    /// Entries whose waiting ends without their pages, because a version of them is decided that needs none.
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

/// Returns the address of an arrival's page, if it is asked for before the arrival is decided: the entry is new, or its outlet has
/// edited it.
fn page(arrival: &Arrival, known: &KnownEntries) -> Option<FeedUrl> {
    if !matches!(arrival.page, ArrivalPage::Wanted) || arrival.entry.dropped.is_some() {
        return None;
    }
    match known.listed_before(arrival) {
        // Pruned: it does not return.
        Some(None) => return None,
        Some(Some(id)) if known.entries.get(&id).is_none_or(|entry| entry.shown == arrival.entry.shown) => return None,
        Some(Some(_)) => {}
        None => {
            let link = arrival.entry.link_key.and_then(|link| known.by_link.get(&link));
            let mut there = link.into_iter().flatten().filter_map(|id| known.entries.get(id));
            if there.any(|entry| entry.outlet == arrival.outlet) && !arrival.link_repeats {
                // The outlet has it from another feed, or under another id.
                return None;
            }
        }
    }
    FeedUrl::parse(arrival.entry.link.as_deref()?).ok()
}

/// Takes the arrivals that wait out of a batch. What their polls found is noted in `polls`.
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
            let words = format!("{PER_HOST} entries wait for pages of this host already");
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

/// Counts an entry that begins to wait in its poll.
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
            entry: serde_json::to_string(&arrival.entry).unwrap_or_default(),
        }
    }
}

/// The row of what became of an entry's page.
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
    /// Returns the row for an entry, if its page was asked for.
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

/// Lets an arrival without an article keep the text of the article that is stored, so that it is compared with itself, and the
/// window and the index do not lose it.
pub(super) fn keep_articles(arrivals: &mut [Arrival], known: &KnownEntries) {
    for arrival in arrivals {
        let has_article = matches!(&arrival.page, ArrivalPage::Asked(page) if page.article.is_ok());
        let before = known.listed_before(arrival).flatten().filter(|id| known.with_article.contains(id));
        if let Some(entry) = before.and_then(|id| known.entries.get(&id)).filter(|_| !has_article) {
            arrival.entry.folded.body.clone_from(&entry.folded_body);
        }
    }
}

/// Whether a revised row's folded text is that of an article.
pub(super) fn brings_article(page: &ArrivalPage) -> bool {
    matches!(page, ArrivalPage::Asked(page) if page.article.is_ok())
}
