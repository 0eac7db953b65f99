//! Short constructors of arrivals and known entries for tests.

use super::{Arrival, Change, IdAllocator, KnownEntries, KnownEntry, KnownSighting, Window, decide};
use crate::model::{Entry, EntryId, EntryKey, Extras, FeedId, FoldedText, OutletId, PlainText, RawHash, StoryId};
use crate::normalise::fold::fold;
use jiff::Timestamp;

/// Returns the instant this many hours after an arbitrary beginning.
pub fn at(hours: i64) -> Timestamp {
    Timestamp::from_second(1_780_000_000 + hours * 3600).unwrap()
}

/// Returns an arrival of feed 1 of outlet 1 at hour 1000, dated an hour before.
pub fn arrival(key: &str, title: &str, body: &str) -> Arrival {
    let text = |t: &str| (!t.is_empty()).then(|| PlainText::vouch(t.to_owned()));
    let entry = Entry {
        key: EntryKey(key.to_owned()),
        raw: RawHash::of(format!("{key} {title} {body}").as_bytes()),
        source_id: Some(key.to_owned()),
        title: text(title),
        excerpt: None,
        link: None,
        link_key: None,
        summary: None,
        content: None,
        language: None,
        published: Some(at(999)),
        updated: None,
        believed: Some(at(999)),
        extras: Extras::default(),
        folded: FoldedText { title: fold(title), body: fold(body) },
        shown: Entry::hash_shown(&[title, body]),
        volatile: false,
        dropped: None,
    };
    Arrival {
        poll: 0,
        feed: FeedId(1),
        feed_url: "https://outlet1.example/feed1".into(),
        outlet: OutletId(1),
        seen_at: at(1000),
        previous_success: Some(at(999)),
        link_repeats: false,
        listing: std::sync::Arc::default(),
        returns: false,
        entry: entry.into(),
        page: super::ArrivalPage::Unwanted,
    }
}

impl Arrival {
    #[must_use]
    /// Moves it to another feed. Feeds 1 to 9 belong to outlet 1, 10 to 19 to outlet 2.
    pub fn of_feed(mut self, feed: i64) -> Self {
        self.feed = FeedId(feed);
        self.outlet = OutletId(1 + feed / 10);
        self.feed_url = format!("https://outlet{}.example/feed{feed}", self.outlet).into();
        self
    }

    #[must_use]
    /// Sets the link.
    pub fn link(mut self, link: &str) -> Self {
        self.entry_mut().link = Some(link.to_owned());
        self.entry_mut().link_key = crate::model::link::link_key(link);
        self
    }

    #[must_use]
    /// Sets the stated date, in hours.
    pub fn dated(mut self, hours: i64) -> Self {
        self.entry_mut().published = Some(at(hours));
        self.entry_mut().believed = Some(at(hours));
        self
    }
}

/// Returns the arrival as a stored entry, with `n` as its entry and story id.
pub fn known(n: i64, a: &Arrival) -> KnownEntry {
    KnownEntry::of(a, EntryId(n), StoryId(n), 1)
}

/// Returns what the store would recall if these arrivals were entries 1, 2, ….
pub fn recalled(arrivals: impl IntoIterator<Item = Arrival>) -> KnownEntries {
    let mut known_all = KnownEntries::default();
    for (n, a) in (1..).zip(arrivals) {
        let sighted = KnownSighting { feed: a.feed, entry: Some(EntryId(n)) };
        known_all.by_key.entry(a.entry.key.hash()).or_default().push(sighted);
        if let Some(link) = a.entry.link_key {
            known_all.by_link.entry(link).or_default().push(EntryId(n));
        }
        known_all.dated.entry(a.outlet).or_default().insert(EntryId(n));
        known_all.entries.insert(EntryId(n), known(n, &a));
    }
    known_all
}

/// Returns an allocator whose ids start at 100.
pub fn ids() -> IdAllocator {
    IdAllocator { next_entry: EntryId(100), next_story: StoryId(100) }
}

/// Decides with an empty window. Returns a short text for each decision, in order (`new 100 in 100 by first`, `unchanged 1`, …).
///
/// Each arrival comes from a document of its own.
pub fn decided(known: KnownEntries, mut arrivals: Vec<Arrival>) -> Vec<String> {
    arrivals.iter_mut().zip(0..).for_each(|(arrival, poll)| arrival.poll = poll);
    let changes = decide(arrivals, known, &mut Window::default(), &mut ids());
    changes.into_decisions().iter().map(|d| in_short(&d.change)).collect()
}

/// Returns a change in a few words.
pub fn in_short(change: &Change) -> String {
    match change {
        Change::New(new) => format!("new {} in {} by {}", new.id, new.story, new.evidence.rule.as_str()),
        Change::Revised(r) => format!("revised {} {}", r.entry, if r.material { "materially" } else { "a little" }),
        Change::Refreshed { entry } => format!("refreshed {entry}"),
        Change::Unchanged { entry } => format!("unchanged {entry}"),
        Change::Duplicate { entry, evidence } => format!("duplicate of {entry} by {}", evidence.rule.as_str()),
        Change::Pruned => "pruned".to_owned(),
        Change::Dropped => "dropped".to_owned(),
    }
}
