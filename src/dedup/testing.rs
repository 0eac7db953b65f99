//! Arrivals and known entries for tests, in one line each.

use super::{Arrival, Change, IdAllocator, KnownEntries, KnownEntry, KnownSighting, Window, decide};
use crate::model::{Entry, EntryId, EntryKey, Extras, FeedId, FoldedText, OutletId, PlainText, RawHash, StoryId};
use crate::normalise::fold::fold;
use jiff::Timestamp;

/// Hours after an arbitrary beginning.
pub fn at(hours: i64) -> Timestamp {
    Timestamp::from_second(1_780_000_000 + hours * 3600).unwrap()
}

/// An arrival of feed 1 of outlet 1 at hour 1000, dated an hour before.
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
    };
    Arrival {
        poll: 0,
        feed: FeedId(1),
        feed_url: "https://outlet1.example/feed1".to_owned(),
        outlet: OutletId(1),
        seen_at: at(1000),
        previous_success: Some(at(999)),
        link_repeats: false,
        listing: std::sync::Arc::default(),
        entry,
    }
}

impl Arrival {
    #[must_use]
    /// In another feed; feeds 1 to 9 are outlet 1's, 10 to 19 outlet 2's.
    pub fn of_feed(mut self, feed: i64) -> Self {
        self.feed = FeedId(feed);
        self.outlet = OutletId(1 + feed / 10);
        self.feed_url = format!("https://outlet{}.example/feed{feed}", self.outlet);
        self
    }

    #[must_use]
    /// With a link.
    pub fn link(mut self, link: &str) -> Self {
        self.entry.link = Some(link.to_owned());
        self.entry.link_key = crate::model::link::link_key(link);
        self
    }

    #[must_use]
    /// Stated date in hours.
    pub fn dated(mut self, hours: i64) -> Self {
        self.entry.published = Some(at(hours));
        self.entry.believed = Some(at(hours));
        self
    }
}

/// What the store would know of it, as entry and story `n`.
pub fn known(n: i64, a: &Arrival) -> KnownEntry {
    KnownEntry {
        id: EntryId(n),
        outlet: a.outlet,
        feed: a.feed,
        feed_removed: false,
        source_id: a.entry.source_id.clone(),
        link: a.entry.link.clone(),
        language: a.entry.language.clone(),
        believed: a.entry.believed,
        files: super::files(&a.entry),
        story: StoryId(n),
        shown: a.entry.shown,
        title: a.entry.title.clone(),
        link_key: a.entry.link_key,
        folded_body: a.entry.folded.body.clone(),
        story_members: 1,
    }
}

/// What the store would recall, when these are entries 1, 2, ….
pub fn recalled(arrivals: impl IntoIterator<Item = Arrival>) -> KnownEntries {
    let mut known_all = KnownEntries::default();
    for (n, a) in (1..).zip(arrivals) {
        let sighted = KnownSighting { feed: a.feed, entry: Some(EntryId(n)) };
        known_all.by_key.entry(a.entry.key.hash()).or_default().push(sighted);
        if let Some(link) = a.entry.link_key {
            known_all.by_link.entry(link).or_default().push(EntryId(n));
        }
        known_all.dated.insert(EntryId(n));
        known_all.entries.insert(EntryId(n), known(n, &a));
    }
    known_all
}

/// New ids from 100 on.
pub fn ids() -> IdAllocator {
    IdAllocator { next_entry: EntryId(100), next_story: StoryId(100) }
}

/// Decides with an empty window: one word a decision, in their order (`new 100 in 100`, `same 1`, …).
///
/// Each arrival is of a document of its own.
pub fn decided(known: KnownEntries, mut arrivals: Vec<Arrival>) -> Vec<String> {
    arrivals.iter_mut().zip(0..).for_each(|(arrival, poll)| arrival.poll = poll);
    let changes = decide(arrivals, known, &mut Window::default(), &mut ids());
    changes.into_decisions().iter().map(|d| in_short(&d.change)).collect()
}

/// A change in a few words.
pub fn in_short(change: &Change) -> String {
    match change {
        Change::New(new) => format!("new {} in {} by {}", new.id, new.story, new.evidence.rule.as_str()),
        Change::Revised(r) => format!("revised {} {}", r.entry, if r.material { "materially" } else { "a little" }),
        Change::Refreshed { entry } => format!("refreshed {entry}"),
        Change::Unchanged { entry } => format!("unchanged {entry}"),
        Change::Duplicate { entry, evidence } => format!("duplicate of {entry} by {}", evidence.rule.as_str()),
        Change::Pruned => "pruned".to_owned(),
    }
}
