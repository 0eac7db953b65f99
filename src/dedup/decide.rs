//! The decision.

use super::identity::{self, Named};
use super::search::Search;
use super::window::Draft;
use super::{Arrival, Change, Changes, Decided, Known, KnownEntry, Mint, NewEntry, Sighted, Window};
use super::{dates, iri, revise, rules};
use crate::model::{EntryId, Evidence, Rule, StoryId};
use jiff::Timestamp;
use std::collections::HashMap;

/// Decides what each arrival is.
///
/// The batch is put in order by believed date (none comes last), feed address and key; each arrival then sees what became
/// of those before it.
#[must_use]
pub fn decide(mut arrivals: Vec<Arrival>, known: Known, window: &mut Window, mint: &mut Mint) -> Changes {
    arrivals.sort_by(|a, b| sort_key(a).cmp(&sort_key(b)));
    let now = arrivals.iter().map(|a| a.seen_at).max().unwrap_or_default();
    window.forget(now);
    let members = known.entries.values().map(|e| (e.story, e.story_members)).collect();
    let mut desk = Desk { known, members, window, mint, now };
    let decided = arrivals
        .into_iter()
        .map(|mut arrival| {
            if let Some(key) = identity::rekeyed(&arrival, &desk.known) {
                arrival.entry.key = key;
            }
            let change = desk.decide_one(&arrival);
            Decided { arrival, change }
        })
        .collect();
    Changes { decided }
}

/// Total over whatever distinguishes two arrivals, and blind to which poll ended first.
fn sort_key(a: &Arrival) -> impl Ord {
    let date = a.entry.believed;
    (date.is_none(), date, &a.feed_url, &a.entry.key, a.seen_at, a.entry.shown, a.entry.raw)
}

/// One batch on its way: what is known grows with each decision.
struct Desk<'a> {
    known: Known,
    members: HashMap<StoryId, u32>,
    window: &'a mut Window,
    mint: &'a mut Mint,
    now: Timestamp,
}

impl Desk<'_> {
    fn decide_one(&mut self, arrival: &Arrival) -> Change {
        match identity::named(arrival, &self.known) {
            Named::Pruned => Change::Pruned,
            Named::SameKey(entry) => self.revised(entry, arrival).unwrap_or(Change::Unchanged { entry }),
            Named::SameArticle(entry, evidence) => {
                self.sighted(arrival, entry);
                self.revised(entry, arrival).unwrap_or(Change::Duplicate { entry, evidence })
            }
            Named::Unknown => self.unknown(arrival),
        }
    }

    /// The change when other words are shown by a feed that may revise the entry.
    fn revised(&mut self, entry: EntryId, arrival: &Arrival) -> Option<Change> {
        let kept = self.known.entries.get_mut(&entry)?;
        let revision = revise::revise(kept, arrival)?;
        self.window.revise(kept, arrival, self.now);
        kept.shown = arrival.entry.shown;
        kept.title.clone_from(&arrival.entry.title);
        kept.folded_body.clone_from(&arrival.entry.folded.body);
        let moved = (kept.link_key != arrival.entry.link_key).then_some(kept.link_key.take()).flatten();
        kept.link_key = arrival.entry.link_key;
        if let Some(ids) = moved.and_then(|link| self.known.by_link.get_mut(&link)) {
            ids.retain(|id| *id != entry);
        }
        self.linked(arrival, entry);
        Some(Change::Revised(Box::new(revision)))
    }

    /// No name says what it is: its text may.
    fn unknown(&mut self, arrival: &Arrival) -> Change {
        let draft = self.window.draft_of(arrival, self.now);
        let search = draft.as_ref().map(|draft| Search::new(self.window, draft));
        if let Some((entry, evidence)) = search.as_ref().and_then(Search::article) {
            self.sighted(arrival, entry);
            return Change::Duplicate { entry, evidence };
        }
        let by_link = identity::story_at_link(arrival, &self.known).filter(|(story, _)| self.has_room(*story));
        let joined = by_link.or_else(|| search.as_ref()?.story(|story| self.has_room(story)));
        Change::New(Box::new(self.take_in(arrival, joined, draft)))
    }

    fn take_in(&mut self, arrival: &Arrival, joined: Option<(StoryId, Evidence)>, draft: Option<Draft>) -> NewEntry {
        let is_held = self.known.by_key.get(&arrival.entry.key.hash()).is_some_and(|s| !s.is_empty());
        let starts = joined.is_none();
        let (story, evidence) = joined.unwrap_or_else(|| {
            (self.mint.story(), Evidence::plain(Rule::First, "first report: nothing known tells the same"))
        });
        let new = NewEntry {
            id: self.mint.entry(),
            iri: iri::iri(&arrival.entry, &arrival.feed_url, is_held),
            story,
            starts,
            evidence,
            order_at: dates::order_at(arrival),
            published_at: dates::published_at(arrival),
        };
        let members = self.members_of(story) + 1;
        self.members.insert(story, members);
        self.remember(arrival, &new, members);
        if let Some(draft) = draft {
            self.window.admit(new.id, story, members, draft);
        }
        new
    }

    fn members_of(&self, story: StoryId) -> u32 {
        self.members.get(&story).copied().unwrap_or_default().max(self.window.members(story))
    }

    fn has_room(&self, story: StoryId) -> bool {
        let members = self.members_of(story);
        // Said once on the way up, not for each that joins after.
        if members == rules::MEMBERS_SUSPECT {
            tracing::warn!(%story, members, "so many outlets in one story look like a template");
        }
        members < rules::MEMBERS_MAX
    }

    /// Lets the rest of the batch see a new entry.
    fn remember(&mut self, arrival: &Arrival, new: &NewEntry, members: u32) {
        let entry = &arrival.entry;
        let kept = KnownEntry {
            id: new.id,
            outlet: arrival.outlet,
            feed: arrival.feed,
            story: new.story,
            shown: entry.shown,
            title: entry.title.clone(),
            link_key: entry.link_key,
            folded_body: entry.folded.body.clone(),
            story_members: members,
        };
        self.known.entries.insert(new.id, kept);
        self.sighted(arrival, new.id);
        self.linked(arrival, new.id);
    }

    fn sighted(&mut self, arrival: &Arrival, entry: EntryId) {
        let sighted = Sighted { feed: arrival.feed, entry: Some(entry) };
        self.known.by_key.entry(arrival.entry.key.hash()).or_default().push(sighted);
    }

    fn linked(&mut self, arrival: &Arrival, entry: EntryId) {
        if let Some(link) = arrival.entry.link_key {
            let ids = self.known.by_link.entry(link).or_default();
            if !ids.contains(&entry) {
                ids.push(entry);
            }
        }
    }
}
