//! Decides about the entries of a batch: those of polls, and those that have waited for their pages.

use super::{DecidedPoll, WriterLoop};
use crate::{
    dedup::{Arrival, Changes, Deciding, KnownEntries, latest, rules},
    store::{
        backend::Backend,
        batch::{Batch, PendingPoll},
        error::StoreError,
        finished_poll::PollFindings,
        rows::BatchRows,
        waiting as held,
        writing::transaction::reading,
    },
};
use jiff::Timestamp;

impl<B: Backend> WriterLoop<B> {
    /// Decides about these entries of the batch's polls. Only this task writes, so the values that it reads here still hold when it
    /// writes, even after several attempts.
    pub(super) async fn decide(
        &mut self,
        batch: &mut Batch,
        mut arrivals: Vec<Arrival>,
    ) -> Result<BatchRows, StoreError> {
        let first_late = batch.polls.len();
        let (mut late_arrivals, late) = reading!(self.database, |b| b.waited(&batch.pages, first_late))?;
        // The rules also apply to the article.
        for arrival in &mut late_arrivals {
            self.catalog.reapply_rules(arrival);
        }
        arrivals.extend(late_arrivals);
        let now = latest(&arrivals);
        let known = reading!(self.database, |b| b.known_entries(&arrivals))?;
        let waiting_now = reading!(self.database, |b| b.waiting(&arrivals))?;
        let (mut arrivals, begin_to_wait) = held::hold(arrivals, &known, waiting_now, &mut batch.polls);
        held::keep_articles(&mut arrivals, &known);
        let changes = self.decide_known(arrivals, known, now).await?;
        // Entries that waited have already been counted by their polls.
        let mut counted = vec![PollFindings::default(); late.len()];
        let mut polls: Vec<DecidedPoll<'_>> = batch.polls.iter_mut().map(PendingPoll::decided).collect();
        polls.extend(counted.iter_mut().zip(late).map(|(findings, updated)| DecidedPoll { findings, updated }));
        let mut batch_rows = BatchRows::of(changes, &mut polls, &self.catalog);
        batch_rows.waited =
            batch.pages.iter().map(|asked| asked.key).chain(begin_to_wait.ended.iter().copied()).collect();
        batch_rows.waiting = begin_to_wait;
        for pending in batch.polls.iter().filter(|pending| pending.is_whole()) {
            batch_rows.note_delisted(&pending.poll);
        }
        Ok(batch_rows)
    }

    pub(super) async fn changes(&mut self, arrivals: Vec<Arrival>, now: Timestamp) -> Result<Changes, StoreError> {
        let known = reading!(self.database, |b| b.known_entries(&arrivals))?;
        self.decide_known(arrivals, known, now).await
    }

    /// Decides about arrivals. `known` is what the database stores about their entries.
    async fn decide_known(
        &mut self,
        arrivals: Vec<Arrival>,
        known: KnownEntries,
        now: Timestamp,
    ) -> Result<Changes, StoreError> {
        let mut deciding = Deciding::new(arrivals, known, (&mut self.window, now), &mut self.ids);
        loop {
            let wanted = deciding.advance();
            if wanted.is_empty() {
                break;
            }
            let texts = reading!(self.database, |b| b.texts(wanted))?;
            deciding.supply(texts);
        }
        let changes = deciding.finish();
        for story in changes.crowded() {
            tracing::warn!(
                %story,
                reports = rules::MEMBERS_SUSPECT,
                "story has unusually many reports; `warraq explain story` shows why they were joined"
            );
        }
        Ok(changes)
    }
}
