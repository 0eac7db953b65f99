//! Fills the window after a start, and supplies the texts that a decision needs.

use super::super::features::ComparedText;
use super::super::held::WindowEntry;
use super::super::{StoredEntry, StoredSignature, rules};
use super::Window;
use crate::model::{EntryId, OutletId};
use jiff::Timestamp;

impl Window {
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

    /// Adds the whole text of an entry, if the window contains the entry.
    pub(in crate::dedup) fn take_text(&mut self, mut entry: StoredEntry) {
        let Some(held) = self.by_entry.get(&entry.id).and_then(|slot| self.get(*slot)) else { return };
        let (feed, at, article, guid_void, former) =
            (held.feed, held.at, held.article, held.guid_void, held.former.clone());
        entry.source_id = entry.source_id.filter(|_| !guid_void);
        let draft = self.draft(&entry, at);
        self.texts.insert(entry.id, ComparedText { feed, article, guid_void, former, ..draft });
    }
}
