//! Puts entries into the form in which they are compared.

use super::super::article_number::ArticleNumber;
use super::super::features::ComparedText;
use super::super::words::{WordId, hash_bytes, hash_text};
use super::super::{Arrival, StoredEntry, StoredSignature, likeness as like, rules};
use super::Window;
use crate::model::{EntryId, StoryId};
use crate::normalise::fold::fold;
use jiff::Timestamp;

impl Window {
    /// Returns the arrival in the form in which it is compared, or `None` when it is older than the window; it can then join only
    /// by its link.
    pub(in crate::dedup) fn draft_of(&mut self, arrival: &Arrival, now: Timestamp) -> Option<ComparedText> {
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
    pub(super) fn signature(&mut self, entry: &StoredSignature<'_>, at: i64) -> ComparedText {
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

    /// Returns the titles that an entry had before this one.
    pub(super) fn former(&mut self, title: &[WordId], shown: &[String]) -> Box<[Box<[WordId]>]> {
        let mut former: Vec<Box<[WordId]>> = Vec::new();
        for earlier in shown.iter().map(|shown| self.words.read(&fold(shown), rules::BODY)) {
            if *earlier != *title && !former.contains(&earlier) {
                former.push(earlier);
            }
        }
        former.into()
    }

    pub(super) fn draft(&mut self, entry: &StoredEntry, at: i64) -> ComparedText {
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
                .filter(|guid| like::is_own_guid(Some(guid), entry.link.as_deref(), &entry.title))
                .map(|guid| hash_text(guid, "")),
            files: hash_text(&entry.files.join(" "), ""),
            text: hash_bytes(entry.title.as_bytes()) ^ hash_bytes(entry.body.as_bytes()).rotate_left(1),
            title,
            body: self.words.read(&entry.body, rules::BODY),
            former,
        }
    }
}
