//! What the window holds of each entry: enough to find it and to tell it from most others. Whole texts are held for some entries
//! only.

use super::article_number::ArticleNumber;
use super::features::{ComparedText, set};
use super::postings::Spread;
use super::rules;
use super::words::WordId;
use crate::model::{EntryId, FeedId, OutletId, StoryId};
use std::collections::{HashMap, VecDeque};
use std::hash::BuildHasherDefault;

/// An entry of the window. It takes some 400 bytes.
#[derive(Debug)]
pub(super) struct WindowEntry {
    pub id: EntryId,
    pub story: StoryId,
    pub outlet: OutletId,
    pub feed: FeedId,
    pub at: i64,
    pub article: Option<ArticleNumber>,
    pub guid_void: bool,
    title_words: u16,
    /// Words of the title, followed by the first [`rules::HEAD`] words of the body.
    words: Box<[WordId]>,
    pub former: Box<[Box<[WordId]>]>,
}

impl ComparedText {
    /// Returns all its words.
    pub fn texts(&mut self) -> impl Iterator<Item = &mut Box<[WordId]>> {
        [&mut self.title, &mut self.body].into_iter().chain(self.former.iter_mut())
    }

    /// Returns the first [`rules::HEAD`] words of the body.
    pub fn head(&self) -> &[WordId] {
        &self.body[..self.body.len().min(rules::HEAD)]
    }
}

impl WindowEntry {
    /// Creates the entry from a text, of whose body only the beginning is kept.
    pub fn of(id: EntryId, story: StoryId, text: &ComparedText) -> Self {
        let words = text.title.iter().chain(text.head()).copied().collect();
        let ComparedText { outlet, feed, at, article, guid_void, .. } = *text;
        let title_words = u16::try_from(text.title.len()).unwrap_or(u16::MAX);
        Self { id, story, outlet, feed, at, article, guid_void, title_words, words, former: text.former.clone() }
    }

    /// Returns the words of the title, in order.
    pub fn title(&self) -> &[WordId] {
        &self.words[..usize::from(self.title_words)]
    }

    /// Returns the first [`rules::HEAD`] words of the body, in order.
    pub fn head(&self) -> &[WordId] {
        &self.words[usize::from(self.title_words)..]
    }

    /// Returns all its words.
    pub fn texts(&mut self) -> impl Iterator<Item = &mut Box<[WordId]>> {
        std::iter::once(&mut self.words).chain(self.former.iter_mut())
    }

    /// Returns the distinct words of title and opening, which the table of rare words counts.
    pub fn opening(&self) -> Vec<WordId> {
        set(self.title().iter().chain(self.head().iter().take(rules::OPENING)).copied())
    }
}

/// Whole texts of entries: all of them, or those added most recently.
#[derive(Debug)]
pub(super) struct HeldTexts {
    most: usize,
    by_entry: HashMap<EntryId, ComparedText, BuildHasherDefault<Spread>>,
    /// Entries in the order in which their texts were added. Not used if all texts are kept.
    order: VecDeque<EntryId>,
}

impl Default for HeldTexts {
    fn default() -> Self {
        Self::new(usize::MAX)
    }
}

impl HeldTexts {
    /// Holds this many, and more between two calls of [`HeldTexts::trim`].
    pub fn new(most: usize) -> Self {
        Self { most, by_entry: HashMap::default(), order: VecDeque::new() }
    }

    /// Returns an empty collection with the same maximum.
    pub fn emptied(&self) -> Self {
        Self::new(self.most)
    }

    pub fn get(&self, entry: EntryId) -> Option<&ComparedText> {
        self.by_entry.get(&entry)
    }

    pub fn insert(&mut self, entry: EntryId, text: ComparedText) {
        if self.by_entry.insert(entry, text).is_none() && self.most < usize::MAX {
            self.order.push_back(entry);
        }
    }

    pub fn remove(&mut self, entry: EntryId) {
        self.by_entry.remove(&entry);
    }

    /// Drops the oldest texts beyond the maximum.
    pub fn trim(&mut self) {
        while self.by_entry.len() > self.most || self.order.len() / 2 > self.most {
            let Some(first) = self.order.pop_front() else { return };
            self.by_entry.remove(&first);
        }
    }

    /// Returns all texts.
    pub fn all(&mut self) -> impl Iterator<Item = &mut ComparedText> {
        self.by_entry.values_mut()
    }
}
