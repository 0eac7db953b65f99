//! Runs recorded entries through the real decisions, in memory: to measure the rules, and to try them on one's own recordings.

use super::{Arrival, Change, Changes, Decision, IdAllocator, KnownEntries, KnownEntry, KnownSighting, Window, decide};
use crate::model::{Entry, EntryId, EntryKey, FeedId, Markup, OutletId, ParsedEntry, RawHash, StoryId};
use crate::normalise;
use jiff::{SignedDuration, Timestamp};
use std::collections::HashMap;

/// One recorded entry: a JSON object on a line. Unknown fields are ignored.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub struct RecordedEntry {
    /// Its id in the recording.
    pub id: String,
    /// Name of its outlet.
    pub outlet: String,
    /// Name of its feed.
    pub feed: String,
    /// Language tag.
    pub lang: Option<String>,
    /// Title, as HTML.
    pub title: Option<String>,
    /// Summary, as HTML.
    pub summary: Option<String>,
    /// Full text, as HTML.
    pub content: Option<String>,
    /// Address of the article's page.
    pub url: Option<String>,
    /// Its guid in the feed. Without one the page identifies it, else `id`.
    pub guid: Option<String>,
    /// When it was published; it arrives at the same time. Without a date it counts as published at the Unix epoch.
    pub published: Option<Timestamp>,
}

impl RecordedEntry {
    /// Returns the entry as a document would state it.
    #[must_use]
    pub fn parsed(&self) -> ParsedEntry {
        let given = |text: &Option<String>| text.clone().filter(|t| !t.trim().is_empty());
        let guid = given(&self.guid);
        let link = given(&self.url);
        let key = guid.clone().or_else(|| link.clone()).unwrap_or_else(|| self.id.clone());
        ParsedEntry {
            id: guid,
            key: EntryKey(key),
            title: given(&self.title).map(Markup::Html),
            base: link.clone(),
            is_base_stated: false,
            link,
            summary: given(&self.summary).map(Markup::Html),
            content: given(&self.content).map(Markup::Html),
            authors: Vec::new(),
            contributors: Vec::new(),
            categories: Vec::new(),
            rights: None,
            image: None,
            published: self.published,
            updated: None,
            enclosures: Vec::new(),
            language: self.lang.clone(),
            comments: None,
            source: None,
        }
    }

    fn raw(&self) -> RawHash {
        let said =
            [&self.title, &self.summary, &self.content, &self.url].map(|text| text.as_deref().unwrap_or_default());
        RawHash(Entry::hash_shown(&said))
    }

    fn minute(&self) -> i64 {
        self.published.unwrap_or_default().as_second().div_euclid(60)
    }
}

/// Returns the story of each recorded entry, in order of time. Entries of the same minute are decided together. `progress` is
/// called with the number decided so far.
pub fn replay(
    mut recorded: Vec<RecordedEntry>,
    span: SignedDuration,
    mut progress: impl FnMut(usize),
) -> Vec<(String, StoryId)> {
    recorded.sort_by(|a, b| (a.minute(), &a.id).cmp(&(b.minute(), &b.id)));
    let mut state = ReplayState::new(span);
    let mut told = Vec::with_capacity(recorded.len());
    for batch in recorded.chunk_by(|a, b| a.minute() == b.minute()) {
        told.extend(state.decide(batch));
        progress(told.len());
    }
    told
}

/// What the store would know.
struct ReplayState {
    window: Window,
    ids: IdAllocator,
    outlets: HashMap<String, i64>,
    feeds: HashMap<String, i64>,
    known: KnownEntries,
    /// Number of entries of each story.
    members: HashMap<StoryId, u32>,
}

impl ReplayState {
    fn new(span: SignedDuration) -> Self {
        let mut window = Window::new(span);
        window.load(Timestamp::MIN, []);
        let ids = IdAllocator { next_entry: EntryId(1), next_story: StoryId(1) };
        Self {
            window,
            ids,
            outlets: HashMap::new(),
            feeds: HashMap::new(),
            known: KnownEntries::default(),
            members: HashMap::new(),
        }
    }

    fn decide(&mut self, batch: &[RecordedEntry]) -> Vec<(String, StoryId)> {
        let arrivals: Vec<_> = (0..).zip(batch).map(|(poll, recorded)| self.arrival(poll, recorded)).collect();
        let known = self.recall(&arrivals);
        let changes = decide(arrivals, known, &mut self.window, &mut self.ids);
        self.apply(changes).into_iter().map(|(poll, story)| (batch[poll].id.clone(), story)).collect()
    }

    fn arrival(&mut self, poll: usize, recorded: &RecordedEntry) -> Arrival {
        let outlet = OutletId(numbered(&mut self.outlets, &recorded.outlet));
        self.window.introduce(outlet, &recorded.outlet);
        let seen_at = recorded.published.unwrap_or_default();
        let context = normalise::NormaliseContext { language: None, now: seen_at, link_shared: false };
        Arrival {
            poll,
            feed: FeedId(numbered(&mut self.feeds, &recorded.feed)),
            feed_url: recorded.feed.as_str().into(),
            outlet,
            seen_at,
            previous_success: Some(seen_at),
            link_repeats: false,
            listing: std::sync::Arc::default(),
            returns: false,
            entry: normalise::entry(recorded.parsed(), recorded.raw(), &context).into(),
            page: super::ArrivalPage::Unwanted,
        }
    }

    fn recall(&self, arrivals: &[Arrival]) -> KnownEntries {
        let mut known = KnownEntries::default();
        for arrival in arrivals {
            let entry = &arrival.entry;
            for key in arrival.key_hashes() {
                if let Some(sighted) = self.known.by_key.get(&key) {
                    known.by_key.insert(key, sighted.clone());
                }
            }
            if let Some((link, ids)) = entry.link_key.and_then(|link| Some((link, self.known.by_link.get(&link)?))) {
                known.by_link.insert(link, ids.clone());
            }
        }
        let named =
            known.by_key.values().flatten().filter_map(|s| s.entry).chain(known.by_link.values().flatten().copied());
        known.entries = named.filter_map(|id| Some((id, self.known.entries.get(&id)?.clone()))).collect();
        known
    }

    /// Applies the decisions. Returns the story of each poll.
    fn apply(&mut self, changes: Changes) -> Vec<(usize, StoryId)> {
        let mut told = Vec::new();
        for Decision { arrival, change } in changes.into_decisions() {
            let entry = &arrival.entry;
            let id = match change {
                Change::New(new) => {
                    let members = self.members.entry(new.story).or_default();
                    *members += 1;
                    self.known.entries.insert(new.id, KnownEntry::of(&arrival, new.id, new.story, *members));
                    new.id
                }
                Change::Revised(revision) => {
                    if let Some(kept) = self.known.entries.get_mut(&revision.entry) {
                        kept.shown = entry.shown;
                        kept.title.clone_from(&entry.title);
                        kept.link_key = entry.link_key;
                        kept.link.clone_from(&entry.link);
                        kept.believed = entry.believed;
                        kept.files = super::files(entry);
                        kept.folded_body.clone_from(&entry.folded.body);
                    }
                    revision.entry
                }
                Change::Unchanged { entry } | Change::Refreshed { entry } | Change::Duplicate { entry, .. } => entry,
                Change::Pruned | Change::Dropped => continue,
            };
            let sightings = self.known.by_key.entry(entry.key.hash()).or_default();
            if !sightings.iter().any(|s| s.feed == arrival.feed) {
                sightings.push(KnownSighting { feed: arrival.feed, entry: Some(id) });
            }
            if let Some(link) = entry.link_key {
                let ids = self.known.by_link.entry(link).or_default();
                if !ids.contains(&id) {
                    ids.push(id);
                }
            }
            told.extend(self.known.entries.get(&id).map(|kept| (arrival.poll, kept.story)));
        }
        told
    }
}

fn numbered(names: &mut HashMap<String, i64>, name: &str) -> i64 {
    let next = i64::try_from(names.len()).unwrap_or(i64::MAX) + 1;
    *names.entry(name.to_owned()).or_insert(next)
}

#[cfg(test)]
mod tests {
    use super::super::rules;
    use super::*;

    fn record(id: &str, outlet: &str, minute: i64, title: &str) -> RecordedEntry {
        let body = "The ferry to the islands was stopped at noon because of fog over the strait, and eight hundred travellers spent \
                    the night in the gymnasium of the port, the harbour master said.";
        RecordedEntry {
            id: id.to_owned(),
            outlet: outlet.to_owned(),
            feed: format!("{outlet}/all"),
            title: Some(title.to_owned()),
            content: Some(format!("<p>{body}</p>")),
            url: Some(format!("https://{outlet}.example/{id}")),
            published: Timestamp::from_second(1_780_000_000 + minute * 60).ok(),
            ..RecordedEntry::default()
        }
    }

    #[test]
    fn a_record_is_told_in_order_of_time_with_the_story_of_each() {
        let title = "Fog keeps ferry passengers in port for a night";
        let mut edited = record("d", "post", 3, "Fog stops ferry");
        edited.guid = Some("https://post.example/a".to_owned());
        let recorded = vec![
            record("c", "mail", 2, title),
            record("a", "post", 1, title),
            edited,
            RecordedEntry { content: Some("<p>Something else</p>".to_owned()), ..record("b", "mail", 1, "Other") },
        ];
        let told = replay(recorded, rules::WINDOW, |_| {});
        let told: Vec<(&str, i64)> = told.iter().map(|(id, story)| (id.as_str(), story.0)).collect();
        assert_eq!(told, [("b", 1), ("a", 2), ("c", 2), ("d", 2)]);
    }

    #[test]
    fn a_line_of_a_record_is_read_whatever_it_lacks() {
        let line = r#"{"id": "x", "outlet": "post", "published": "2026-05-11T06:15:26.354237+00:00", "kind": "unknown field", "guid": null}"#;
        let recorded: RecordedEntry = serde_json::from_str(line).unwrap();
        assert_eq!(recorded.published.map(Timestamp::as_second), Some(1_778_480_126));
        assert_eq!(recorded.parsed().key.0, "x");
        assert_eq!(replay(vec![recorded, RecordedEntry::default()], rules::WINDOW, |_| {}).len(), 2);
    }
}
