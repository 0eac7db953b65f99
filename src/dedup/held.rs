//! What the window holds of an entry: enough to find it and to tell most others from it. Whole texts are held of few.

use super::article_number::ArticleNumber;
use super::features::set;
use super::postings::Spread;
use super::rules;
use super::words::WordId;
use crate::model::{EntryId, FeedId, OutletId, StoryId};
use std::collections::{HashMap, VecDeque};
use std::hash::BuildHasherDefault;

/// An entry as it is compared, without its place in the store.
#[derive(Debug)]
pub(super) struct ComparedText {
    pub outlet: OutletId,
    pub feed: FeedId,
    /// Believed date, else when it was first seen, in Unix seconds.
    pub at: i64,
    pub article: Option<ArticleNumber>,
    /// The stated second, where it is believed.
    pub stated: Option<i64>,
    pub language: Option<Box<str>>,
    /// Of most of its letters.
    pub script: u8,
    /// Its guid says nothing, as its feed's guids do not.
    pub guid_void: bool,
    /// Hash of a guid of the outlet's own.
    pub guid: Option<u64>,
    /// Hash of its enclosures.
    pub files: u64,
    /// Hash of the whole folded title and body.
    pub text: u64,
    pub title: Box<[WordId]>,
    pub body: Box<[WordId]>,
    pub former: Box<[Box<[WordId]>]>,
}

/// An entry of the window: some 400 bytes.
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
    /// Words of the title, and behind them the first [`rules::HEAD`] of the body.
    words: Box<[WordId]>,
    pub former: Box<[Box<[WordId]>]>,
}

impl ComparedText {
    /// All its words.
    pub fn texts(&mut self) -> impl Iterator<Item = &mut Box<[WordId]>> {
        [&mut self.title, &mut self.body].into_iter().chain(self.former.iter_mut())
    }

    /// The first words of the body.
    pub fn head(&self) -> &[WordId] {
        &self.body[..self.body.len().min(rules::HEAD)]
    }
}

impl WindowEntry {
    /// Of a text; only the beginning of its body is taken.
    pub fn of(id: EntryId, story: StoryId, text: &ComparedText) -> Self {
        let words = text.title.iter().chain(text.head()).copied().collect();
        let ComparedText { outlet, feed, at, article, guid_void, .. } = *text;
        let title_words = u16::try_from(text.title.len()).unwrap_or(u16::MAX);
        Self { id, story, outlet, feed, at, article, guid_void, title_words, words, former: text.former.clone() }
    }

    /// Words of the title, in order.
    pub fn title(&self) -> &[WordId] {
        &self.words[..usize::from(self.title_words)]
    }

    /// The first [`rules::HEAD`] words of the body, in order.
    pub fn head(&self) -> &[WordId] {
        &self.words[usize::from(self.title_words)..]
    }

    /// All its words.
    pub fn texts(&mut self) -> impl Iterator<Item = &mut Box<[WordId]>> {
        std::iter::once(&mut self.words).chain(self.former.iter_mut())
    }

    /// Distinct words of title and opening: what the table of rare words counts.
    pub fn opening(&self) -> Vec<WordId> {
        set(self.title().iter().chain(self.head().iter().take(rules::OPENING)).copied())
    }
}

/// Whole texts of entries: all of them, or those that came or were asked for last.
#[derive(Debug)]
pub(super) struct TextCache {
    most: usize,
    by_entry: HashMap<EntryId, ComparedText, BuildHasherDefault<Spread>>,
    /// In the order in which they came; not kept where all are.
    order: VecDeque<EntryId>,
}

impl Default for TextCache {
    fn default() -> Self {
        Self::new(usize::MAX)
    }
}

impl TextCache {
    /// Holds this many, and more between two calls of [`TextCache::trim`].
    pub fn new(most: usize) -> Self {
        Self { most, by_entry: HashMap::default(), order: VecDeque::new() }
    }

    /// How many it holds.
    pub fn most(&self) -> usize {
        self.most
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

    /// Drops what is too much, what came first.
    pub fn trim(&mut self) {
        while self.by_entry.len() > self.most || self.order.len() / 2 > self.most {
            let Some(first) = self.order.pop_front() else { return };
            self.by_entry.remove(&first);
        }
    }

    /// All texts.
    pub fn all(&mut self) -> impl Iterator<Item = &mut ComparedText> {
        self.by_entry.values_mut()
    }
}
