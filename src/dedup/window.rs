//! The window: recent entries in memory, found by the beginnings of their texts, the ends of their titles, and the id in their
//! address.
//!
//! Everything here follows from the entries it holds: a window that is loaded again decides like the old one.

use super::article_number::ArticleNumber;
use super::features::{ComparedText, TextFeatures, sequences};
use super::held::{HeldTexts, WindowEntry};
use super::pair_counts::PairCounts;
use super::postings::{Postings, Spread};
use super::stored::{StoredEntry, StoredSignature};
use super::titles::Titles;
use super::words::{WordId, WordTable, chain, hash_bytes};
use super::{Arrival, KnownEntry, likeness as like, rules};
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

    /// Fills an empty window with entries and their texts. Of entries before its span only the titles of those with a short text
    /// are kept.
    pub fn load(&mut self, now: Timestamp, remembered: impl IntoIterator<Item = StoredEntry>) {
        self.is_loaded = true;
        let since = self.since(now).as_second();
        for entry in remembered {
            let at = entry.believed.unwrap_or(entry.first_seen_at).as_second();
            let draft = self.draft(&entry, at);
            if at >= since {
                self.admit(entry.id, entry.story, entry.story_members, draft);
            } else {
                self.note_title(entry.id, &draft);
            }
        }
    }

    /// Adds an entry without its text. Of entries before the span only the titles of those with a short text are kept. Call
    /// [`Window::loaded`] after the last entry.
    pub fn remember(&mut self, now: Timestamp, entry: &StoredSignature<'_>) {
        let at = entry.believed.unwrap_or(entry.first_seen_at).as_second();
        let is_within = at >= self.since(now).as_second();
        if !is_within && entry.body.split(' ').nth(rules::SHORT).is_some() {
            return;
        }
        let draft = self.signature(entry, at);
        self.note_title(entry.id, &draft);
        if is_within {
            self.hold(WindowEntry::of(entry.id, entry.story, &draft));
            self.tell_members(entry.story, entry.story_members);
        }
    }

    /// Remembers the title of an entry before the span, if its text is short; `at` is its time in Unix seconds.
    pub fn remember_title(&mut self, (id, outlet): (EntryId, OutletId), at: i64, title: &str, body: &str) {
        let title = self.words.read(title, rules::BODY);
        if !title.is_empty() && self.words.read(body, rules::HEAD).len() < rules::SHORT {
            self.titles.note(at, (self.title_hash(&title), outlet, id));
        }
    }

    /// Marks the window as completely loaded.
    pub fn loaded(&mut self) {
        self.is_loaded = true;
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

    /// Returns the arrival in the form in which it is compared, or `None` when it is older than the window; it can then join only
    /// by its link.
    pub(super) fn draft_of(&mut self, arrival: &Arrival, now: Timestamp) -> Option<ComparedText> {
        let at = arrival.entry.believed.unwrap_or(arrival.seen_at);
        let entry = &arrival.entry;
        (at >= self.since(now)).then(|| {
            let remembered = StoredEntry {
                id: EntryId(0),
                outlet: arrival.outlet,
                feed: arrival.feed,
                story: StoryId(0),
                story_members: 0,
                believed: entry.believed,
                first_seen_at: arrival.seen_at,
                link: entry.link.clone(),
                language: entry.language.clone(),
                source_id: entry.source_id.clone().filter(|_| !arrival.listing.guids_void),
                files: like::files(entry),
                title: entry.folded.title.clone(),
                body: entry.folded.body.clone(),
                former_titles: Vec::new(),
            };
            ComparedText { guid_void: arrival.listing.guids_void, ..self.draft(&remembered, at.as_second()) }
        })
    }

    /// Reads what is needed to find an entry, and leaves the rest of its text unread.
    fn signature(&mut self, entry: &StoredSignature<'_>, at: i64) -> ComparedText {
        let title = self.words.read(entry.title, rules::BODY);
        ComparedText {
            outlet: entry.outlet,
            feed: entry.feed,
            at,
            article: entry.link.zip(entry.believed).and_then(|(link, date)| ArticleNumber::of(link, date)),
            stated: entry.believed.map(Timestamp::as_second),
            language: None,
            script: 0,
            guid_void: false,
            guid: None,
            files: 0,
            text: 0,
            body: self.words.read(entry.body, rules::HEAD),
            former: self.former(&title, entry.former_titles),
            title,
        }
    }

    /// Adds the whole text of an entry, if the window contains the entry.
    pub(super) fn take_text(&mut self, mut entry: StoredEntry) {
        let Some(held) = self.by_entry.get(&entry.id).and_then(|slot| self.get(*slot)) else { return };
        let (feed, at, article, guid_void, former) =
            (held.feed, held.at, held.article, held.guid_void, held.former.clone());
        entry.source_id = entry.source_id.filter(|_| !guid_void);
        let draft = self.draft(&entry, at);
        self.texts.insert(entry.id, ComparedText { feed, article, guid_void, former, ..draft });
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

    /// Returns the titles that an entry had before this one.
    fn former(&mut self, title: &[WordId], shown: &[String]) -> Box<[Box<[WordId]>]> {
        let mut former: Vec<Box<[WordId]>> = Vec::new();
        for earlier in shown.iter().map(|shown| self.words.read(&fold(shown), rules::BODY)) {
            if *earlier != *title && !former.contains(&earlier) {
                former.push(earlier);
            }
        }
        former.into()
    }

    fn draft(&mut self, entry: &StoredEntry, at: i64) -> ComparedText {
        let title = self.words.read(&entry.title, rules::BODY);
        let former = self.former(&title, &entry.former_titles);
        ComparedText {
            outlet: entry.outlet,
            feed: entry.feed,
            at,
            article: entry.link.as_deref().zip(entry.believed).and_then(|(link, date)| ArticleNumber::of(link, date)),
            stated: entry.believed.map(Timestamp::as_second),
            language: entry.language.as_deref().map(Into::into),
            script: like::script(&entry.title, &entry.body),
            guid_void: false,
            guid: entry
                .source_id
                .as_deref()
                .filter(|guid| like::living(Some(guid), entry.link.as_deref(), &entry.title))
                .map(|guid| super::words::hash_text(guid, "")),
            files: super::words::hash_text(&entry.files.join(" "), ""),
            text: hash_bytes(entry.title.as_bytes()) ^ hash_bytes(entry.body.as_bytes()).rotate_left(1),
            title,
            body: self.words.read(&entry.body, rules::BODY),
            former,
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

    /// Adds an entry, and drops the oldest of its feed if there are too many.
    fn hold(&mut self, held: WindowEntry) {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.held.push(None);
            u32::try_from(self.held.len() - 1).unwrap_or(u32::MAX)
        });
        self.by_time.insert((held.at, slot));
        let feed = held.feed;
        self.by_feed.entry(feed).or_default().insert((held.at, held.id));
        self.by_entry.insert(held.id, slot);
        self.stories.entry(held.story).or_default().slots.push(slot);
        for key in self.keys(&held) {
            self.postings.insert(key, slot);
        }
        self.words.count(&held.opening());
        self.held[slot as usize] = Some(held);
        let of_feed = self.by_feed.get(&feed).filter(|entries| entries.len() > rules::OF_FEED);
        if let Some((_, oldest)) = of_feed.and_then(|entries| entries.first().copied()) {
            self.drop_entry(oldest);
        }
    }

    fn drop_slot(&mut self, slot: u32) -> Option<WindowEntry> {
        let held = self.held[slot as usize].take()?;
        self.by_time.remove(&(held.at, slot));
        if let Some(entries) = self.by_feed.get_mut(&held.feed) {
            entries.remove(&(held.at, held.id));
            if entries.is_empty() {
                self.by_feed.remove(&held.feed);
            }
        }
        for key in self.keys(&held) {
            self.postings.remove(key, slot);
        }
        self.words.uncount(&held.opening());
        self.by_entry.remove(&held.id);
        self.texts.remove(held.id);
        if let Some(members) = self.stories.get_mut(&held.story) {
            members.slots.retain(|s| *s != slot);
            if members.slots.is_empty() {
                self.stories.remove(&held.story);
            }
        }
        self.free.push(slot);
        Some(held)
    }

    /// Returns all keys under which an entry is found.
    fn keys(&self, held: &WindowEntry) -> Vec<u32> {
        let body = held.head();
        let mut keys = sequences(&body[..body.len().min(rules::LEAD)], 2, &self.words);
        keys.extend(self.title_keys(held.title()));
        keys.extend(held.former.iter().flat_map(|title| self.title_keys(title)));
        keys.extend(held.article.map(ArticleNumber::key));
        keys
    }

    /// Returns the keys of both ends of a title, if it is long enough.
    pub(super) fn title_keys(&self, title: &[WordId]) -> impl Iterator<Item = u32> {
        let end = |salt: u32, words: &[WordId]| {
            chain(std::iter::once(salt).chain(words.iter().map(|id| self.words.get(*id).hash)))
        };
        let first = title.get(..rules::TITLE_END).map(|words| end(1, words));
        let last = title.len().checked_sub(rules::TITLE_END).map(|from| end(2, &title[from..]));
        first.into_iter().chain(last)
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

    /// Drops words that no entry has any more.
    fn compact(&mut self) {
        let used = self.all_words().flat_map(|words| words.iter().copied()).collect();
        let moved = self.words.compact(&used);
        for id in self.all_words().flatten() {
            *id = moved.get(id).copied().unwrap_or(*id);
        }
    }

    fn all_words(&mut self) -> impl Iterator<Item = &mut Box<[WordId]>> {
        let held = self.held.iter_mut().flatten().flat_map(WindowEntry::texts);
        held.chain(self.texts.all().flat_map(ComparedText::texts))
    }
}

/// Returns the titles that an entry had before this one.
fn former(was: &WindowEntry, title: &[WordId]) -> Box<[Box<[WordId]>]> {
    let earlier = was.former.iter().filter(|earlier| ***earlier != *title).cloned();
    let last = (was.title() != title).then(|| was.title().into());
    earlier.chain(last).collect()
}
