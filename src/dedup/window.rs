//! The entries of the window, in memory: found by the beginnings of their texts, by the ends of their titles, and by the
//! number in their address.
//!
//! Everything here follows from the entries that it holds: a window that is loaded anew decides as the old one did.

use super::article_number::ArticleNumber;
use super::features::{ComparedText, TextFeatures, sequences};
use super::held::{HeldTexts, WindowEntry};
use super::pair_counts::PairCounts;
use super::postings::{Postings, Spread};
use super::stored::{StoredEntry, StoredSignature};
use super::titles::Titles;
use super::words::{WordId, WordTable, chain, hash_bytes};
use super::{Arrival, KnownEntry, likeness as like, rules};
use crate::model::{EntryId, OutletId, StoryId};
use crate::normalise::fold::fold;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeSet, HashMap};
use std::hash::BuildHasherDefault;

/// Index over the entries of the window; filled from the store at the first new entry.
#[derive(Debug)]
pub struct Window {
    span: SignedDuration,
    is_loaded: bool,
    words: WordTable,
    /// Slots; a slot that an entry left is taken by the next.
    held: Vec<Option<WindowEntry>>,
    free: Vec<u32>,
    by_entry: HashMap<EntryId, u32, BuildHasherDefault<Spread>>,
    by_time: BTreeSet<(i64, u32)>,
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

/// The entries of one story that the window holds.
#[derive(Debug, Default)]
struct Members {
    slots: Vec<u32>,
    /// All members, those outside the window included.
    total: u32,
}

impl Window {
    /// An empty window over this span (`[stories] window`).
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
            postings: Postings::default(),
            stories: HashMap::default(),
            titles: Titles::default(),
            outlets: HashMap::new(),
            texts: HeldTexts::default(),
            scratch: PairCounts::default(),
        }
    }

    /// The same window, which holds the whole texts of so many entries only. Those of others are asked for by
    /// [`super::Deciding::advance`].
    #[must_use]
    pub fn holding_texts(self, most: usize) -> Self {
        Self { texts: HeldTexts::new(most), ..self }
    }

    /// Whether [`Window::load`] or [`Window::loaded`] was called.
    #[must_use]
    pub fn is_loaded(&self) -> bool {
        self.is_loaded
    }

    /// Entries whose time (believed date, else first seen) is at or after this are to be remembered at `now`.
    #[must_use]
    pub fn since(&self, now: Timestamp) -> Timestamp {
        now.saturating_sub(self.span).unwrap_or(Timestamp::MIN)
    }

    /// Older entries are to be remembered too, back to this, when their folded body has fewer than [`rules::SHORT`] words:
    /// for the titles under which an outlet puts its daily cartoon.
    #[must_use]
    pub fn titles_since(now: Timestamp) -> Timestamp {
        now.saturating_sub(rules::TITLES_KEPT).unwrap_or(Timestamp::MIN)
    }

    /// Fills an empty window with entries and their texts. What lies before its span and has a text is passed over.
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

    /// Takes one entry in, without its text. What lies before the span and has a text is passed over. The whole is followed
    /// by [`Window::loaded`].
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

    /// All that it has to know is loaded.
    pub fn loaded(&mut self) {
        self.is_loaded = true;
    }

    /// Forgets every entry: what the store holds was changed beside it, and is to be loaded anew.
    pub fn unload(&mut self) {
        let outlets = std::mem::take(&mut self.outlets);
        *self = Self { outlets, texts: HeldTexts::new(self.texts.most()), ..Self::new(self.span) };
    }

    /// Gives an outlet a name for the words of evidence.
    pub fn introduce(&mut self, outlet: OutletId, name: &str) {
        self.outlets.insert(outlet, name.to_owned());
    }

    /// Entries held.
    #[must_use]
    pub fn len(&self) -> usize {
        self.by_entry.len()
    }

    /// Whether it holds nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_entry.is_empty()
    }

    /// Forgets what left the window.
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

    /// The arrival as it is compared; `None` when it is older than the window and joins by its link only.
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

    /// What an entry is found by; the rest of the text is not read.
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

    /// Takes the whole text of an entry that the window holds.
    pub(super) fn take_text(&mut self, mut entry: StoredEntry) {
        let Some(held) = self.by_entry.get(&entry.id).and_then(|slot| self.get(*slot)) else { return };
        let (feed, at, article, guid_void, former) =
            (held.feed, held.at, held.article, held.guid_void, held.former.clone());
        entry.source_id = entry.source_id.filter(|_| !guid_void);
        let draft = self.draft(&entry, at);
        self.texts.insert(entry.id, ComparedText { feed, article, guid_void, former, ..draft });
    }

    /// The whole text of an entry, where it is held.
    pub(super) fn text(&self, entry: EntryId) -> Option<&ComparedText> {
        self.texts.get(entry)
    }

    /// Drops an entry that is no more.
    pub(super) fn drop_entry(&mut self, entry: EntryId) {
        if let Some(slot) = self.by_entry.get(&entry).copied() {
            self.drop_slot(slot);
        }
    }

    /// Titles that an entry had before this one.
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

    /// Takes a new entry in.
    pub(super) fn admit(&mut self, id: EntryId, story: StoryId, members: u32, draft: ComparedText) {
        self.note_title(id, &draft);
        self.hold(WindowEntry::of(id, story, &draft));
        self.texts.insert(id, draft);
        self.tell_members(story, members);
    }

    /// Takes the new words of an entry that its outlet revised.
    pub(super) fn revise(&mut self, known: &KnownEntry, arrival: &Arrival, now: Timestamp) {
        let was = self.by_entry.get(&known.id).copied().and_then(|slot| self.drop_slot(slot));
        let title = known.title.as_ref().map_or_else(String::new, |title| fold(title.as_str()));
        let title = self.words.read(&title, rules::BODY);
        self.titles.take_back((self.title_hash(&title), known.outlet, known.id));
        let Some(draft) = self.draft_of(arrival, now) else { return };
        let draft = ComparedText { feed: known.feed, ..draft };
        let draft = match was {
            Some(was) => ComparedText {
                // An undated entry keeps its place: it was first seen then.
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

    /// Members of a story, when the window holds some of them.
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

    fn hold(&mut self, held: WindowEntry) {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.held.push(None);
            u32::try_from(self.held.len() - 1).unwrap_or(u32::MAX)
        });
        self.by_time.insert((held.at, slot));
        self.by_entry.insert(held.id, slot);
        self.stories.entry(held.story).or_default().slots.push(slot);
        for key in self.keys(&held) {
            self.postings.insert(key, slot);
        }
        self.words.count(&held.opening());
        self.held[slot as usize] = Some(held);
    }

    fn drop_slot(&mut self, slot: u32) -> Option<WindowEntry> {
        let held = self.held[slot as usize].take()?;
        self.by_time.remove(&(held.at, slot));
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

    /// All keys under which an entry is found.
    fn keys(&self, held: &WindowEntry) -> Vec<u32> {
        let body = held.head();
        let mut keys = sequences(&body[..body.len().min(rules::LEAD)], 2, &self.words);
        keys.extend(self.title_keys(held.title()));
        keys.extend(held.former.iter().flat_map(|title| self.title_keys(title)));
        keys.extend(held.article.map(ArticleNumber::key));
        keys
    }

    /// Both ends of a title that is long enough to say something.
    pub(super) fn title_keys(&self, title: &[WordId]) -> impl Iterator<Item = u32> {
        let end = |salt: u32, words: &[WordId]| {
            chain(std::iter::once(salt).chain(words.iter().map(|id| self.words.get(*id).hash)))
        };
        let first = title.get(..rules::TITLE_END).map(|words| end(1, words));
        let last = title.len().checked_sub(rules::TITLE_END).map(|from| end(2, &title[from..]));
        first.into_iter().chain(last)
    }

    /// Whether a title is one that some outlet uses again and again, the arrival's use included.
    pub(super) fn is_heading(&self, title: &[WordId], arriving: OutletId) -> bool {
        self.titles.is_heading(self.title_hash(title), arriving)
    }

    fn title_hash(&self, title: &[WordId]) -> u32 {
        chain(title.iter().map(|id| self.words.get(*id).hash))
    }

    /// Slots under a key.
    pub(super) fn slots(&self, key: u32) -> impl Iterator<Item = u32> {
        self.postings.get(key)
    }

    /// Whether too many entries have a key for it to say anything.
    pub(super) fn is_crowded(&self, key: u32) -> bool {
        self.postings.is_crowded(key)
    }

    /// The entry in a slot.
    pub(super) fn get(&self, slot: u32) -> Option<&WindowEntry> {
        self.held.get(slot as usize)?.as_ref()
    }

    /// The first and the latest member of a story that the window holds.
    pub(super) fn ends(&self, story: StoryId) -> impl Iterator<Item = &WindowEntry> {
        let members = self.stories.get(&story).map_or(&[][..], |m| m.slots.as_slice());
        let held = || members.iter().filter_map(|slot| self.get(*slot));
        held().min_by_key(|h| h.id).into_iter().chain(held().max_by_key(|h| h.id))
    }

    /// How far apart two reports of one story may be.
    pub(super) fn span(&self) -> SignedDuration {
        self.span
    }

    /// The words of the window.
    pub(super) fn words(&self) -> &WordTable {
        &self.words
    }

    /// What is compared of the beginning of an entry.
    pub(super) fn beginning<'a>(&'a self, held: &'a WindowEntry) -> TextFeatures<'a> {
        TextFeatures::new(held.title(), held.head(), &held.former, &self.words)
    }

    /// What is compared of an entry.
    pub(super) fn shape<'a>(&'a self, draft: &'a ComparedText) -> TextFeatures<'a> {
        TextFeatures::new(&draft.title, &draft.body, &draft.former, &self.words)
    }

    /// An entry in the words of evidence.
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

/// Titles that an entry had before this one.
fn former(was: &WindowEntry, title: &[WordId]) -> Box<[Box<[WordId]>]> {
    let earlier = was.former.iter().filter(|earlier| ***earlier != *title).cloned();
    let last = (was.title() != title).then(|| was.title().into());
    earlier.chain(last).collect()
}
