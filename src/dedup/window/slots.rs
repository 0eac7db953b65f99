//! The slots of the window, and the keys under which their entries are found.

use super::super::article_number::ArticleNumber;
use super::super::features::{ComparedText, sequences};
use super::super::held::WindowEntry;
use super::super::rules;
use super::super::words::{WordId, chain};
use super::Window;

impl Window {
    /// Adds an entry, and drops the oldest of its feed if there are too many.
    pub(super) fn hold(&mut self, held: WindowEntry) {
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

    pub(super) fn drop_slot(&mut self, slot: u32) -> Option<WindowEntry> {
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
    pub(in crate::dedup) fn title_keys(&self, title: &[WordId]) -> impl Iterator<Item = u32> {
        let end = |salt: u32, words: &[WordId]| {
            chain(std::iter::once(salt).chain(words.iter().map(|id| self.words.get(*id).hash)))
        };
        let first = title.get(..rules::TITLE_END).map(|words| end(1, words));
        let last = title.len().checked_sub(rules::TITLE_END).map(|from| end(2, &title[from..]));
        first.into_iter().chain(last)
    }

    /// Drops words that no entry has any more.
    pub(super) fn compact(&mut self) {
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
