//! State of deciding one batch: what is known grows with each decision.

use super::super::features::ComparedText;
use super::super::identity::{self, IdentityMatch, StoryAtLink, Taken};
use super::super::search::{CandidateSearch, no_room};
use super::super::{Arrival, Change, IdAllocator, KnownEntries, KnownEntry, KnownSighting, NewEntry, Window};
use super::super::{dates, iri, likeness as like, revise, rules};
use crate::model::{EntryId, Evidence, FeedId, Rule, STORY_MEMBERS_MAX, StoryId};
use jiff::Timestamp;
use std::collections::HashMap;

/// What to search the window for.
#[derive(Clone, Copy)]
struct Wanted {
    article: bool,
    story: bool,
}

/// What the window contains that matches an arrival.
#[derive(Default)]
struct Alike {
    /// The outlet's own entry for the same article.
    article: Option<(EntryId, Evidence)>,
    /// The story with the same report.
    story: Option<(StoryId, Evidence)>,
    /// Why it starts a story although others resemble it, in words.
    why_first: Option<String>,
}

/// State of deciding one batch. What is known grows with each decision.
pub(super) struct BatchDecider<'a> {
    pub(super) known: KnownEntries,
    pub(super) members: HashMap<StoryId, u32>,
    pub(super) window: &'a mut Window,
    pub(super) ids: &'a mut IdAllocator,
    pub(super) now: Timestamp,
    pub(super) taken: Taken,
    pub(super) late: HashMap<FeedId, u32>,
    pub(super) crowded: Vec<StoryId>,
}

impl BatchDecider<'_> {
    /// Records which entry an item is, so that no other item of its document is matched to it.
    pub(super) fn take(&mut self, arrival: &Arrival, change: &Change) {
        let entry = match change {
            Change::New(new) => new.id,
            Change::Revised(revision) => revision.entry,
            Change::Refreshed { entry } | Change::Unchanged { entry } | Change::Duplicate { entry, .. } => *entry,
            Change::Pruned | Change::Dropped => return,
        };
        self.taken.insert((arrival.poll, entry));
    }

    /// Decides the change. Fails with the entries whose texts are needed for it.
    pub(super) fn decide_one(&mut self, arrival: &Arrival, reused: Option<String>) -> Result<Change, Vec<EntryId>> {
        Ok(match identity::named(arrival, &self.known, &self.taken, reused.is_some()) {
            IdentityMatch::Pruned => Change::Pruned,
            IdentityMatch::SameKey(entry) => {
                let same =
                    || if arrival.entry.volatile { Change::Refreshed { entry } } else { Change::Unchanged { entry } };
                self.revised(entry, arrival).unwrap_or_else(same)
            }
            IdentityMatch::SameArticle(entry, evidence) => {
                self.sighted(arrival, entry);
                match self.revised(entry, arrival) {
                    Some(Change::Revised(mut revision)) => {
                        revision.known_by = Some(evidence);
                        Change::Revised(revision)
                    }
                    _ => Change::Duplicate { entry, evidence },
                }
            }
            IdentityMatch::Unknown => return self.unknown(arrival, reused),
        })
    }

    /// Returns the entries whose texts the decision will probably need.
    pub(super) fn missing(&mut self, arrival: &Arrival) -> Vec<EntryId> {
        let is_unknown = arrival.entry.dropped.is_none()
            && matches!(identity::named(arrival, &self.known, &self.taken, false), IdentityMatch::Unknown);
        let Some(draft) = is_unknown.then(|| self.window.draft_of(arrival, self.now)).flatten() else {
            return Vec::new();
        };
        self.search(arrival, &draft, Wanted { article: true, story: true }).err().unwrap_or_default()
    }

    /// Returns the revision if the content differs and this feed may revise the entry.
    fn revised(&mut self, entry: EntryId, arrival: &Arrival) -> Option<Change> {
        // Deferred entries are older than the outlet's later entries.
        if arrival.returns {
            return None;
        }
        let kept = self.known.entries.get_mut(&entry)?;
        let revision = revise::revise(kept, arrival)?;
        self.window.revise(kept, arrival, self.now);
        kept.shown = arrival.entry.shown;
        kept.title.clone_from(&arrival.entry.title);
        kept.folded_body.clone_from(&arrival.entry.folded.body);
        let moved = (kept.link_key != arrival.entry.link_key).then_some(kept.link_key.take()).flatten();
        kept.link_key = arrival.entry.link_key;
        kept.link.clone_from(&arrival.entry.link);
        kept.believed = arrival.entry.believed;
        kept.files = like::files(&arrival.entry);
        if let Some(ids) = moved.and_then(|link| self.known.by_link.get_mut(&link)) {
            ids.retain(|id| *id != entry);
        }
        self.linked(arrival, entry);
        Some(Change::Revised(Box::new(revision)))
    }

    /// Decides an arrival that nothing identifies by name, by comparing its text.
    fn unknown(&mut self, arrival: &Arrival, reused: Option<String>) -> Result<Change, Vec<EntryId>> {
        if arrival.entry.dropped.is_some() {
            return Ok(Change::Dropped);
        }
        let draft = self.window.draft_of(arrival, self.now);
        let at_link = identity::story_at_link(arrival, &self.known, |story| self.has_room(story));
        let (by_link, no_room) = match at_link {
            StoryAtLink::Joins(story, evidence) => (Some((story, evidence)), None),
            StoryAtLink::Crowded(entry) => (None, Some(no_room(entry))),
            StoryAtLink::None => (None, None),
        };
        let wanted = Wanted { article: reused.is_none(), story: by_link.is_none() };
        let alike = draft.as_ref().map(|draft| self.search(arrival, draft, wanted)).transpose()?.unwrap_or_default();
        if let Some((entry, evidence)) = alike.article {
            self.sighted(arrival, entry);
            return Ok(Change::Duplicate { entry, evidence });
        }
        let why_first = reused.or(no_room).or(alike.why_first);
        Ok(Change::New(Box::new(self.new_entry(arrival, by_link.or(alike.story), draft, why_first))))
    }

    /// Searches the window for an arrival. Fails with the entries whose texts are needed for it.
    fn search(&mut self, arrival: &Arrival, draft: &ComparedText, wanted: Wanted) -> Result<Alike, Vec<EntryId>> {
        let mut scratch = std::mem::take(&mut self.window.scratch);
        let search = CandidateSearch::new(self.window, draft, &mut scratch, |story| self.has_room(story));
        let article = wanted.article.then(|| search.article(arrival, &self.taken)).flatten();
        let may_join = wanted.story && article.is_none();
        let story = may_join.then(|| search.story()).flatten();
        let why_first = (may_join && story.is_none()).then(|| search.why_first()).flatten();
        let missing = search.missing();
        self.window.scratch = scratch;
        if missing.is_empty() { Ok(Alike { article, story, why_first }) } else { Err(missing) }
    }

    fn new_entry(
        &mut self,
        arrival: &Arrival,
        joined: Option<(StoryId, Evidence)>,
        draft: Option<ComparedText>,
        why_first: Option<String>,
    ) -> NewEntry {
        let is_held = self.known.by_key.get(&arrival.entry.key.hash()).is_some_and(|s| !s.is_empty());
        let starts = joined.is_none();
        let (story, evidence) = joined.unwrap_or_else(|| {
            let words = why_first.unwrap_or_else(|| Evidence::FIRST_REPORT.to_owned());
            (self.ids.story(), Evidence::plain(Rule::First, words))
        });
        let new = NewEntry {
            id: self.ids.entry(),
            iri: iri::iri(&arrival.entry, &arrival.feed_url, is_held),
            story,
            starts,
            evidence,
            order_at: dates::order_at(arrival, self.late.get_mut(&arrival.feed)),
            published_at: dates::published_at(arrival),
        };
        let members = self.members_of(story) + 1;
        self.members.insert(story, members);
        // Report the story once, when it reaches the number, and not for each later member.
        if members == rules::MEMBERS_SUSPECT {
            self.crowded.push(story);
        }
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
        self.members_of(story) < STORY_MEMBERS_MAX
    }

    /// Makes a new entry known to the rest of the batch.
    fn remember(&mut self, arrival: &Arrival, new: &NewEntry, members: u32) {
        self.known.entries.insert(new.id, KnownEntry::of(arrival, new.id, new.story, members));
        self.known.dated.entry(arrival.outlet).or_default().insert(new.id);
        self.sighted(arrival, new.id);
        self.linked(arrival, new.id);
    }

    fn sighted(&mut self, arrival: &Arrival, entry: EntryId) {
        let sighted = KnownSighting { feed: arrival.feed, entry: Some(entry) };
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
