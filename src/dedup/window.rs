//! The window: recent entries in memory, found by the beginnings of their texts, the ends of their titles, and the id in their
//! address.
//!
//! Everything here follows from the entries it holds: a window that is loaded again decides like the old one.

mod drafts;
mod loading;
mod slots;

use super::features::{ComparedText, TextFeatures};
use super::held::{HeldTexts, WindowEntry};
use super::pair_counts::PairCounts;
use super::postings::{Postings, Spread};
use super::titles::Titles;
use super::words::{WordId, WordTable, chain};
use super::{Arrival, KnownEntry, rules};
use crate::model::{EntryId, FeedId, OutletId, StoryId};
use crate::normalise::fold::fold;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeSet, HashMap};
use std::hash::BuildHasherDefault;

/// Index of the entries in the window. It is loaded from the store when the first new entry arrives.
#[derive(Debug)]
pub struct Window {
    span: SignedDuration,
    is_loaded: bool,
    words: WordTable,
    /// Slots; an empty one is used for the next entry.
    held: Vec<Option<WindowEntry>>,
    free: Vec<u32>,
    by_entry: HashMap<EntryId, u32, BuildHasherDefault<Spread>>,
    by_time: BTreeSet<(i64, u32)>,
    /// The entries of each feed, oldest first.
    by_feed: HashMap<FeedId, BTreeSet<(i64, EntryId)>, BuildHasherDefault<Spread>>,
    postings: Postings,
    stories: HashMap<StoryId, Members, BuildHasherDefault<Spread>>,
    titles: Titles,
    outlets: HashMap<OutletId, String>,
    texts: HeldTexts,
    pub(super) scratch: PairCounts,
}

impl Default for Window {
    fn default() -> Self {
        Self::new(rules::WINDOW)
    }
}

/// The entries of one story in the window.
#[derive(Debug, Default)]
struct Members {
    slots: Vec<u32>,
    /// Number of all members, including those outside the window.
    total: u32,
}

impl Window {
    /// Creates an empty window over this span (`[stories] window`).
    #[must_use]
    pub fn new(span: SignedDuration) -> Self {
        Self {
            span,
            is_loaded: false,
            words: WordTable::default(),
            held: Vec::new(),
            free: Vec::new(),
            by_entry: HashMap::default(),
            by_time: BTreeSet::new(),
            by_feed: HashMap::default(),
            postings: Postings::default(),
            stories: HashMap::default(),
            titles: Titles::default(),
            outlets: HashMap::new(),
            texts: HeldTexts::default(),
            scratch: PairCounts::default(),
        }
    }

    /// Limits the window to the whole texts of this many entries. [`super::Deciding::advance`] requests those of others.
    #[must_use]
    pub fn holding_texts(self, most: usize) -> Self {
        Self { texts: HeldTexts::new(most), ..self }
    }

    /// Returns an empty window with the same limits, which has to be loaded. After a panic nothing in this one can be trusted.
    #[must_use]
    pub fn emptied(&self) -> Self {
        Self { outlets: self.outlets.clone(), texts: self.texts.emptied(), ..Self::new(self.span) }
    }

    /// Returns whether [`Window::load`] or [`Window::loaded`] was called.
    #[must_use]
    pub fn is_loaded(&self) -> bool {
        self.is_loaded
    }

    /// Returns the time from which entries must be loaded at `now`; an entry's time is its credible date, else when it was first
    /// seen.
    #[must_use]
    pub fn since(&self, now: Timestamp) -> Timestamp {
        now.saturating_sub(self.span).unwrap_or(Timestamp::MIN)
    }

    /// Returns the time from which entries with fewer than [`rules::SHORT`] words of folded body must be loaded too. It goes back
    /// further, to recognise headings such as that of a daily cartoon.
    #[must_use]
    pub fn titles_since(now: Timestamp) -> Timestamp {
        now.saturating_sub(rules::TITLES_KEPT).unwrap_or(Timestamp::MIN)
    }

    /// Forgets entries that retention deleted, so that nothing joins them.
    pub fn forget_deleted(&mut self, entries: impl IntoIterator<Item = EntryId>) {
        for entry in entries {
            self.drop_entry(entry);
            self.titles.forget_entry(entry);
        }
    }

    /// Sets the name of an outlet that evidence uses.
    pub fn introduce(&mut self, outlet: OutletId, name: &str) {
        self.outlets.insert(outlet, name.to_owned());
    }

    /// Returns the number of entries in the window.
    #[must_use]
    pub fn len(&self) -> usize {
        self.by_entry.len()
    }

    /// Returns whether the window has no entries.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_entry.is_empty()
    }

    /// Removes entries that have left the window.
    pub(super) fn forget(&mut self, now: Timestamp) {
        let since = self.since(now).as_second();
        while let Some(&(_, slot)) = self.by_time.first().filter(|(at, _)| *at < since) {
            self.drop_slot(slot);
        }
        self.titles.forget(Self::titles_since(now).as_second());
        self.texts.trim();
        if self.words.wants_compacting() {
            self.compact();
        }
    }

    /// Returns the whole text of an entry, if it is held.
    pub(super) fn text(&self, entry: EntryId) -> Option<&ComparedText> {
        self.texts.get(entry)
    }

    /// Removes an entry that no longer exists.
    pub(super) fn drop_entry(&mut self, entry: EntryId) {
        if let Some(slot) = self.by_entry.get(&entry).copied() {
            self.drop_slot(slot);
        }
    }

    /// Adds a new entry.
    pub(super) fn admit(&mut self, id: EntryId, story: StoryId, members: u32, draft: ComparedText) {
        self.note_title(id, &draft);
        let held = WindowEntry::of(id, story, &draft);
        self.texts.insert(id, draft);
        self.hold(held);
        self.tell_members(story, members);
    }

    /// Replaces the text of an entry that its outlet revised.
    pub(super) fn revise(&mut self, known: &KnownEntry, arrival: &Arrival, now: Timestamp) {
        let was = self.by_entry.get(&known.id).copied().and_then(|slot| self.drop_slot(slot));
        let title = known.title.as_ref().map_or_else(String::new, |title| fold(title.as_str()));
        let title = self.words.read(&title, rules::BODY);
        self.titles.take_back((self.title_hash(&title), known.outlet, known.id));
        let Some(draft) = self.draft_of(arrival, now) else { return };
        let draft = ComparedText { feed: known.feed, ..draft };
        let draft = match was {
            Some(was) => ComparedText {
                // An undated entry keeps its time: when it was first seen.
                at: if arrival.entry.believed.is_some() { draft.at } else { was.at },
                former: former(&was, &draft.title),
                ..draft
            },
            None if arrival.entry.believed.is_some() => {
                let former = if title == draft.title { [].into() } else { [title].into() };
                ComparedText { former, ..draft }
            }
            None => return,
        };
        self.admit(known.id, known.story, known.story_members, draft);
    }

    /// Returns the number of members of a story, or 0 when the window holds none of them.
    pub(super) fn members(&self, story: StoryId) -> u32 {
        self.stories.get(&story).map_or(0, |members| members.total)
    }

    fn tell_members(&mut self, story: StoryId, total: u32) {
        if let Some(members) = self.stories.get_mut(&story) {
            members.total = members.total.max(total);
        }
    }

    fn note_title(&mut self, id: EntryId, draft: &ComparedText) {
        if draft.body.len() < rules::SHORT && !draft.title.is_empty() {
            self.titles.note(draft.at, (self.title_hash(&draft.title), draft.outlet, id));
        }
    }

    /// Returns whether some outlet uses a title repeatedly, counting the arrival's use.
    pub(super) fn is_heading(&self, title: &[WordId], arriving: OutletId) -> bool {
        self.titles.is_heading(self.title_hash(title), arriving)
    }

    fn title_hash(&self, title: &[WordId]) -> u32 {
        chain(title.iter().map(|id| self.words.get(*id).hash))
    }

    /// Returns the slots under a key.
    pub(super) fn slots(&self, key: u32) -> impl Iterator<Item = u32> {
        self.postings.get(key)
    }

    /// Returns whether so many entries have a key that it is no evidence.
    pub(super) fn is_crowded(&self, key: u32) -> bool {
        self.postings.is_crowded(key)
    }

    /// Returns the entry in a slot.
    pub(super) fn get(&self, slot: u32) -> Option<&WindowEntry> {
        self.held.get(slot as usize)?.as_ref()
    }

    /// Returns the first and the latest member of a story in the window.
    pub(super) fn ends(&self, story: StoryId) -> impl Iterator<Item = &WindowEntry> {
        let members = self.stories.get(&story).map_or(&[][..], |m| m.slots.as_slice());
        let held = || members.iter().filter_map(|slot| self.get(*slot));
        held().min_by_key(|h| h.id).into_iter().chain(held().max_by_key(|h| h.id))
    }

    /// Returns how far apart two reports of one story may be.
    pub(super) fn span(&self) -> SignedDuration {
        self.span
    }

    /// Returns the words of the window.
    pub(super) fn words(&self) -> &WordTable {
        &self.words
    }

    /// Returns the features by which the beginning of an entry is compared.
    pub(super) fn beginning<'a>(&'a self, held: &'a WindowEntry) -> TextFeatures<'a> {
        TextFeatures::new(held.title(), held.head(), &held.former, &self.words)
    }

    /// Returns the features by which an entry is compared.
    pub(super) fn shape<'a>(&'a self, draft: &'a ComparedText) -> TextFeatures<'a> {
        TextFeatures::new(&draft.title, &draft.body, &draft.former, &self.words)
    }

    /// Returns the name of an entry in evidence.
    pub(super) fn name(&self, held: &WindowEntry) -> String {
        match self.outlets.get(&held.outlet) {
            Some(name) => format!("entry {} ({name})", held.id),
            None => format!("entry {}", held.id),
        }
    }
}

/// Returns the titles that an entry had before this one.
fn former(was: &WindowEntry, title: &[WordId]) -> Box<[Box<[WordId]>]> {
    let earlier = was.former.iter().filter(|earlier| ***earlier != *title).cloned();
    let last = (was.title() != title).then(|| was.title().into());
    earlier.chain(last).collect()
}
