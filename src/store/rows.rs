//! Turns decisions into rows, the same for every store. Pure: consumes [`Changes`].

use crate::{
    dedup::{Arrival, Change, Changes, Decision, NewEntry, Revision},
    model::{Entry, EntryId, FeedId, StoryId, WaitingKey, uri::as_uri},
    rules::{self, RuleSubject},
    store::{
        catalog::Catalog,
        dropped::DroppedRow,
        finished_poll::{DecidedPoll, FinishedPoll},
        instant::second,
        shown_title::shown_title,
        waiting::{PageRow, WaitingRows, brings_article},
    },
};
use jiff::Timestamp;
use serde::Serialize;
use std::collections::HashSet;

/// All rows that a batch writes.
#[derive(Debug, Default)]
pub(super) struct BatchRows {
    pub stories: Vec<StoryRow>,
    pub entries: Vec<EntryRow>,
    pub texts: Vec<TextRow>,
    pub members: Vec<MemberRow>,
    pub revised: Vec<RevisedRow>,
    pub sightings: Vec<SightingRow>,
    pub dropped: Vec<DroppedRow>,
    pub delisted: Vec<DelistedEntries>,
    /// Stories that were joined, whose counts change.
    pub grown: HashSet<i64>,
    pub places: Vec<PlaceRow>,
    /// Pairs of channel and story for which the store has to check whether enough outlets carry the story.
    pub candidates: HashSet<(i64, i64)>,
    /// Channels whose stories changed.
    pub touched: HashSet<i64>,
    /// The results of page requests.
    pub pages: Vec<PageRow>,
    /// Entries that start to wait for their pages.
    pub waiting: WaitingRows,
    /// Entries whose waiting has ended.
    pub waited: Vec<WaitingKey>,
}

#[derive(Debug)]
pub(super) struct StoryRow {
    pub id: i64,
    pub iri: String,
    pub entry: i64,
    pub at: String,
}

/// The columns that new and revised entries have in common.
#[derive(Debug, Serialize)]
pub(super) struct ShownRow {
    pub id: i64,
    pub title: String,
    pub title_from: &'static str,
    pub link: Option<String>,
    pub link_key: Option<i64>,
    pub author: Option<String>,
    pub language: Option<String>,
    pub published: Option<String>,
    pub updated: Option<String>,
    pub believed: Option<String>,
    pub shown: i64,
}

#[derive(Debug)]
pub(super) struct EntryRow {
    pub row: ShownRow,
    pub outlet: i64,
    pub feed: i64,
    pub story: i64,
    pub key: String,
    pub source_id: Option<String>,
    pub iri: String,
    pub published_at: String,
    pub first_seen_at: String,
    pub order_at: String,
    pub feed_updated_at: String,
}

#[derive(Debug)]
pub(super) struct TextRow {
    pub id: i64,
    pub text: Texts,
}

#[derive(Debug, Serialize)]
pub(super) struct RevisedRow {
    #[serde(flatten)]
    pub row: ShownRow,
    #[serde(flatten)]
    text: Texts,
    /// Whether the folded text is that of the page's article.
    has_article: bool,
    at: String,
    material: bool,
    /// If false, only signed addresses, counters or clocks changed, and no revision is written.
    edited: bool,
    what: String,
}

#[derive(Debug, Serialize)]
pub(super) struct Texts {
    pub summary: Option<String>,
    pub content: Option<String>,
    pub extras: String,
    pub folded_title: String,
    pub folded_body: String,
}

#[derive(Debug)]
pub(super) struct MemberRow {
    pub entry: i64,
    pub story: i64,
    pub at: String,
    pub rule: &'static str,
    pub lmin: Option<f64>,
    pub containment: Option<f64>,
    pub start: Option<f64>,
    pub evidence: String,
}

#[derive(Debug, Serialize)]
pub(super) struct SightingRow {
    pub feed: i64,
    pub key: i64,
    pub entry: Option<i64>,
    pub raw: i64,
    /// Whether a document lists the entry now. An entry that comes back after a change of rules keeps its earlier value.
    #[serde(skip)]
    pub listed: bool,
    pub guid: Option<String>,
    pub link: Option<String>,
    pub at: String,
    pub evidence: Option<String>,
}

/// An entry that a feed no longer lists.
#[derive(Debug)]
pub(super) struct DelistedEntries {
    pub feed: FeedId,
    /// Time of the last successful poll that listed it.
    pub at: Timestamp,
    pub raw: Vec<i64>,
}

#[derive(Debug, Serialize)]
pub(super) struct PlaceRow {
    pub channel: i64,
    pub order_at: String,
    pub published_at: String,
    pub story: i64,
    pub entry: i64,
    /// Whether every report has its own position in the channel.
    pub each: bool,
    /// Whether the story is new, so that no channel has it yet.
    pub new: bool,
}

impl BatchRows {
    /// Creates the rows of these decisions and adds up the results of each poll.
    pub(super) fn of(changes: Changes, polls: &mut [DecidedPoll<'_>], catalog: &Catalog) -> Self {
        let mut batch_rows = Self::default();
        for Decision { arrival, change } in changes.into_decisions() {
            let DecidedPoll { findings, updated } = &mut polls[arrival.poll];
            match change {
                Change::New(new) => {
                    findings.tally.new += 1;
                    if !new.starts {
                        findings.tally.duplicate += 1;
                        findings.joined.push(new.evidence.rule);
                    }
                    findings.stamps.extend(arrival.entry.believed);
                    batch_rows.new_entry(arrival, *new, *updated, catalog);
                }
                Change::Revised(revision) => {
                    findings.tally.revised += 1;
                    batch_rows.revised_entry(arrival, *revision, catalog);
                }
                Change::Refreshed { entry } => batch_rows.refreshed_entry(arrival, entry, catalog),
                Change::Unchanged { entry } if brings_article(&arrival.page) => {
                    batch_rows.refreshed_entry(arrival, entry, catalog);
                }
                Change::Unchanged { entry } => batch_rows.sighted(&arrival, Some(entry.0), None),
                Change::Duplicate { entry, evidence } => {
                    findings.tally.duplicate += 1;
                    findings.joined.push(evidence.rule);
                    batch_rows.sighted(&arrival, Some(entry.0), Some(evidence.words));
                }
                Change::Pruned => batch_rows.sighted(&arrival, None, None),
                Change::Dropped => {
                    findings.tally.dropped += 1;
                    // Dropped entries count for the publishing rate: a feed that lists entries only briefly would otherwise be
                    // polled too rarely.
                    findings.stamps.extend(arrival.entry.believed);
                    batch_rows.dropped_entry(arrival, catalog);
                }
            }
        }
        batch_rows
    }

    fn new_entry(&mut self, arrival: Arrival, new: NewEntry, updated: Option<Timestamp>, catalog: &Catalog) {
        self.sighted(&arrival, Some(new.id.0), None);
        let at = second(arrival.seen_at);
        if new.starts {
            let iri = new.iri.clone();
            self.stories.push(StoryRow { id: new.story.0, iri, entry: new.id.0, at: at.clone() });
        } else {
            self.grown.insert(new.story.0);
        }
        self.members.push(MemberRow {
            entry: new.id.0,
            story: new.story.0,
            at: at.clone(),
            rule: new.evidence.rule.as_str(),
            lmin: new.evidence.lmin,
            containment: new.evidence.containment,
            start: new.evidence.start,
            evidence: new.evidence.words,
        });
        let (order_at, published_at) = (second(new.order_at), second(new.published_at));
        self.place(catalog, &arrival, (new.id, new.story, new.starts), (&order_at, &published_at));
        let stated = updated.filter(|stated| *stated <= arrival.seen_at);
        let feed_updated_at = second(stated.unwrap_or(arrival.seen_at));
        let row = ShownRow::of(new.id.0, &arrival.entry, catalog.outlet_name(arrival.outlet), arrival.seen_at);
        let Entry { key, source_id, .. } = &arrival.entry;
        self.entries.push(EntryRow {
            row,
            outlet: arrival.outlet.0,
            feed: arrival.feed.0,
            story: new.story.0,
            key: key.0.clone(),
            source_id: source_id.clone(),
            iri: new.iri,
            published_at,
            first_seen_at: at,
            order_at,
            feed_updated_at,
        });
        self.texts.push(TextRow { id: new.id.0, text: Texts::of(arrival.entry) });
        self.pages.extend(PageRow::of(new.id.0, arrival.page));
    }

    /// Gives a new entry a position in every channel that takes it.
    fn place(
        &mut self,
        catalog: &Catalog,
        arrival: &Arrival,
        (entry, story, is_new): (EntryId, StoryId, bool),
        (order_at, published_at): (&str, &str),
    ) {
        let subject = RuleSubject::of(&arrival.entry);
        for (id, channel) in &catalog.channels {
            if !catalog.takes(channel, arrival.outlet, arrival.entry.language.as_deref())
                || rules::left_out(&channel.rules, &subject).is_some()
            {
                continue;
            }
            self.touched.insert(*id);
            let by_lookup = channel.min_outlets > 1 || !channel.prefer.is_empty() || catalog.rebuilding.contains(id);
            if channel.collapse && by_lookup {
                self.candidates.insert((*id, story.0));
                continue;
            }
            self.places.push(PlaceRow {
                channel: *id,
                order_at: order_at.to_owned(),
                published_at: published_at.to_owned(),
                story: story.0,
                entry: entry.0,
                each: !channel.collapse,
                new: is_new,
            });
        }
    }

    /// Adds the row of an entry that a rule leaves out.
    fn dropped_entry(&mut self, arrival: Arrival, catalog: &Catalog) {
        self.sighted(&arrival, None, None);
        self.dropped.push(DroppedRow::of(arrival, catalog));
    }

    fn revised_entry(&mut self, arrival: Arrival, revision: Revision, catalog: &Catalog) {
        let evidence = revision.known_by.map(|evidence| evidence.words);
        self.sighted(&arrival, Some(revision.entry.0), evidence);
        let row = ShownRow::of(revision.entry.0, &arrival.entry, catalog.outlet_name(arrival.outlet), arrival.seen_at);
        self.revised.push(RevisedRow {
            row,
            text: Texts::of(arrival.entry),
            has_article: brings_article(&arrival.page),
            at: second(arrival.seen_at),
            material: revision.material,
            edited: true,
            what: revision.words,
        });
        self.pages.extend(PageRow::of(revision.entry.0, arrival.page));
    }

    /// Rewrites the stored content of an entry without writing a revision.
    fn refreshed_entry(&mut self, arrival: Arrival, entry: EntryId, catalog: &Catalog) {
        self.sighted(&arrival, Some(entry.0), None);
        let row = ShownRow::of(entry.0, &arrival.entry, catalog.outlet_name(arrival.outlet), arrival.seen_at);
        self.revised.push(RevisedRow {
            row,
            text: Texts::of(arrival.entry),
            has_article: brings_article(&arrival.page),
            at: second(arrival.seen_at),
            material: false,
            edited: false,
            what: String::new(),
        });
        self.pages.extend(PageRow::of(entry.0, arrival.page));
    }

    /// Adds a sighting. `evidence` says why it is an entry already known from another feed, if it is.
    fn sighted(&mut self, arrival: &Arrival, entry: Option<i64>, evidence: Option<String>) {
        let elsewhere = evidence.is_some();
        self.sightings.push(SightingRow {
            feed: arrival.feed.0,
            key: arrival.entry.key.hash(),
            entry,
            raw: arrival.entry.raw.0,
            listed: !arrival.returns,
            guid: arrival.entry.source_id.clone().filter(|_| elsewhere),
            link: arrival.entry.link.clone().filter(|_| elsewhere),
            at: second(arrival.seen_at),
            evidence,
        });
    }

    /// Records what a document no longer lists, which includes everything that came from older pages. A document that was cut off
    /// says nothing about the entries missing from it.
    pub(super) fn note_delisted(&mut self, poll: &FinishedPoll) {
        let Some(document) = poll.document.as_ref().filter(|d| !d.partial) else { return };
        let Some(at) = poll.feed.last_success_at else { return };
        let listed: HashSet<_> = document.raw.iter().collect();
        let raw: Vec<i64> =
            document.listed_before.iter().filter(|raw| !listed.contains(raw)).map(|raw| raw.0).collect();
        let older = document.older.iter().map(|raw| raw.0).collect();
        for (at, raw) in [(at, raw), (poll.ended_at, older)] {
            if !raw.is_empty() {
                self.delisted.push(DelistedEntries { feed: poll.feed.id, at, raw });
            }
        }
    }
}

impl ShownRow {
    fn of(id: i64, entry: &Entry, outlet_name: &str, seen_at: Timestamp) -> Self {
        let (title, title_from) = shown_title(entry, outlet_name, seen_at);
        let names: Vec<&str> = entry.extras.authors.iter().map(|a| a.name.as_str()).filter(|n| !n.is_empty()).collect();
        Self {
            id,
            title,
            title_from,
            // Pages, feeds and views show it in this form.
            link: entry.link.as_deref().map(|link| as_uri(link).into_owned()),
            link_key: entry.link_key.map(|k| k.0),
            author: (!names.is_empty()).then(|| names.join(", ")),
            language: entry.language.clone(),
            published: entry.published.map(second),
            updated: entry.updated.map(second),
            believed: entry.believed.map(second),
            shown: entry.shown,
        }
    }
}

impl Texts {
    fn of(entry: Entry) -> Self {
        Self {
            summary: entry.summary.map(crate::model::SafeHtml::into_string),
            content: entry.content.map(crate::model::SafeHtml::into_string),
            // The value contains only strings, numbers and lists, so serialising it cannot fail.
            extras: serde_json::to_string(&entry.extras).unwrap_or_else(|_| "{}".to_owned()),
            folded_title: entry.folded.title,
            folded_body: entry.folded.body,
        }
    }
}
