//! Makes the rows of a batch's decisions.

use super::{
    BatchRows, DelistedEntries, EntryRow, MemberRow, PlaceRow, RevisedRow, ShownRow, SightingRow, StoryRow, TextRow,
    Texts,
};
use crate::{
    dedup::{Arrival, Change, Changes, Decision, NewEntry, Revision},
    model::{Entry, EntryId, Evidence, StoryId},
    rules::{self, RuleSubject},
    store::{
        catalog::Catalog,
        dropped::DroppedRow,
        finished_poll::{DecidedPoll, FinishedPoll},
        instant::second,
        waiting::{PageRow, brings_article},
    },
};
use jiff::Timestamp;
use std::collections::HashSet;

impl BatchRows {
    /// Creates the rows of these decisions and adds up the results of each poll.
    pub(in crate::store) fn of(changes: Changes, polls: &mut [DecidedPoll<'_>], catalog: &Catalog) -> Self {
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
        self.member(new.id, new.story, &at, new.evidence);
        let (order_at, published_at) = (second(new.order_at), second(new.published_at));
        self.place(catalog, &arrival, (new.id, new.story, new.starts), (&order_at, &published_at));
        let stated = updated.filter(|stated| *stated <= arrival.seen_at);
        let feed_updated_at = second(stated.unwrap_or(arrival.seen_at));
        let row = ShownRow::of(new.id.0, &arrival.entry, catalog.outlet_name(arrival.outlet), arrival.seen_at);
        let Entry { key, source_id, .. } = &*arrival.entry;
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
            is_of_first_poll: arrival.previous_success.is_none(),
        });
        let text = Texts::of(arrival.entry);
        if text.is_short() {
            self.short_texts.push(new.id.0);
        }
        self.texts.push(TextRow { id: new.id.0, text });
        self.pages.extend(PageRow::of(new.id.0, arrival.page));
    }

    /// Adds why an entry belongs to its story. Most entries begin a story of their own: readers know them by the missing row.
    fn member(&mut self, entry: EntryId, story: StoryId, at: &str, evidence: Evidence) {
        if evidence.is_of_first_report() {
            return;
        }
        self.members.push(MemberRow {
            entry: entry.0,
            story: story.0,
            at: at.to_owned(),
            rule: evidence.rule.as_str(),
            lmin: evidence.lmin,
            containment: evidence.containment,
            start: evidence.start,
            evidence: evidence.words,
        });
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

    /// Records what a document no longer lists, which includes everything that came from older pages.
    pub(in crate::store) fn note_delisted(&mut self, poll: &FinishedPoll) {
        let Some(document) = poll.document.as_ref().filter(|document| document.tells_what_left()) else { return };
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
