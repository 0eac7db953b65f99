//! The state of feeds: read once at the start, and written with each poll.

mod records;

pub(in crate::store) use records::{FeedRow, configured};

use crate::model::hex;
use crate::store::instant::milli;
use crate::{
    model::{FeedId, FeedInfo, Outcome, Rhythm, Tally},
    store::{
        error::StoreError,
        finished_poll::{FeedUpdate, FinishedPoll},
        row,
    },
};
use serde::{Serialize, Serializer};
use std::collections::HashMap;

/// Number of feeds whose rows are in memory together.
const TOGETHER: usize = 1_000;

/// The statements about feeds.
pub(in crate::store) trait FeedRows {
    /// Returns all configured feeds in order of their ids.
    async fn configured(&mut self) -> Result<Vec<FeedRow>, StoreError>;
    /// Writes rows of poll history, and adds them to the sums of their days.
    async fn write_history(&mut self, polls: &[&PollRow]) -> Result<(), StoreError>;
    /// Writes the state of feeds.
    async fn write_feeds(&mut self, feeds: &[&FeedAfter]) -> Result<(), StoreError>;
    /// Writes what feeds say about themselves. Returns whether any of it is new.
    async fn write_infos(&mut self, infos: &[&InfoRow]) -> Result<bool, StoreError>;
}

/// A poll and the feed's state after it, as rows. Owned, so that polls without news can wait for a batch.
#[derive(Debug)]
pub(in crate::store) struct PollRows {
    poll: PollRow,
    /// `None` if a hub delivered the document, which changes nothing of the feed.
    feed: Option<FeedAfter>,
    info: Option<InfoRow>,
}

#[derive(Debug, Serialize)]
pub(in crate::store) struct PollRow {
    pub(in crate::store) feed: i64,
    pub(in crate::store) ended_at: String,
    pub(in crate::store) ms: i64,
    pub(in crate::store) outcome: &'static str,
    pub(in crate::store) fault: Option<&'static str>,
    pub(in crate::store) error: Option<String>,
    pub(in crate::store) status: Option<u16>,
    pub(in crate::store) bytes: i64,
    pub(in crate::store) listed: u32,
    pub(in crate::store) new: u32,
    pub(in crate::store) revised: u32,
    pub(in crate::store) duplicate: u32,
    pub(in crate::store) dropped: u32,
    pub(in crate::store) gap: bool,
    pub(in crate::store) repairs: Option<String>,
    pub(in crate::store) next_poll_at: String,
    pub(in crate::store) why: String,
}

#[derive(Debug, Serialize)]
pub(in crate::store) struct FeedAfter {
    pub(in crate::store) id: i64,
    pub(in crate::store) ask_url: String,
    #[serde(serialize_with = "as_hex")]
    pub(in crate::store) etag: Option<Vec<u8>>,
    #[serde(serialize_with = "as_hex")]
    pub(in crate::store) last_modified: Option<Vec<u8>>,
    pub(in crate::store) body_hash: Option<i64>,
    pub(in crate::store) state: &'static str,
    pub(in crate::store) failures: u32,
    pub(in crate::store) hold_until: Option<String>,
    pub(in crate::store) last_poll_at: Option<String>,
    pub(in crate::store) last_success_at: Option<String>,
    pub(in crate::store) last_outcome: Option<&'static str>,
    pub(in crate::store) last_error: Option<String>,
    pub(in crate::store) next_poll_at: String,
    pub(in crate::store) why: String,
    pub(in crate::store) hints: String,
    pub(in crate::store) rhythm: String,
    pub(in crate::store) moving_to: Option<String>,
    pub(in crate::store) moving_visits: u32,
    pub(in crate::store) moving_since: Option<String>,
    pub(in crate::store) guids_void: bool,
    pub(in crate::store) gap: bool,
}

#[derive(Debug, Serialize)]
pub(in crate::store) struct InfoRow {
    id: i64,
    title: Option<String>,
    link: Option<String>,
    language: Option<String>,
    repairs: String,
}

/// Serialises bytes, which JSON does not have, as hexadecimal digits.
#[expect(clippy::ref_option, reason = "serde passes a reference to the field")]
fn as_hex<S: Serializer>(bytes: &Option<Vec<u8>>, to: S) -> Result<S::Ok, S::Error> {
    bytes.as_deref().map(hex).serialize(to)
}

impl FeedAfter {
    fn of(updates: &FeedUpdate, poll: Option<&FinishedPoll>, gap: bool) -> Self {
        let feed = &updates.feed;
        Self {
            id: feed.id.0,
            ask_url: feed.ask.as_str().to_owned(),
            etag: feed.validators.etag.clone(),
            last_modified: feed.validators.last_modified.clone(),
            body_hash: feed.body_hash,
            state: feed.state.as_str(),
            failures: feed.failures,
            hold_until: feed.hold_until.map(milli),
            last_poll_at: feed.last_poll_at.map(milli),
            last_success_at: feed.last_success_at.map(milli),
            last_outcome: poll.map(|poll| poll.outcome.as_str()),
            last_error: poll.and_then(|poll| poll.error.clone()),
            next_poll_at: milli(feed.next_poll_at),
            why: updates.why.to_json(),
            // Serialising numbers and strings cannot fail.
            hints: serde_json::to_string(&feed.hints).unwrap_or_else(|_| "{}".to_owned()),
            rhythm: feed.rhythm.as_deref().map_or_else(String::new, Rhythm::write),
            moving_to: feed.moving.as_ref().map(|pending| pending.to.as_str().to_owned()),
            moving_visits: feed.moving.as_ref().map_or(0, |pending| pending.polls),
            moving_since: feed.moving.as_ref().map(|pending| milli(pending.since)),
            guids_void: feed.guids_void,
            gap,
        }
    }
}

impl PollRows {
    /// Returns the id of the feed.
    pub(in crate::store) fn feed(&self) -> i64 {
        self.poll.feed
    }

    /// Returns the rows of a decided poll.
    pub(in crate::store) fn of(poll: &FinishedPoll, updates: &FeedUpdate, tally: Tally, gap: bool) -> Self {
        let feed = FeedAfter::of(updates, Some(poll), gap);
        let repairs = poll.document.as_ref().map(|d| row::rows(&d.repairs));
        let history = PollRow {
            feed: poll.feed.id.0,
            ended_at: milli(poll.ended_at),
            ms: i64::try_from(poll.ended_at.duration_since(poll.started_at).as_millis()).unwrap_or(i64::MAX),
            outcome: poll.outcome.as_str(),
            fault: if let Outcome::Failed(fault) = &poll.outcome { Some(fault.as_str()) } else { None },
            error: feed.last_error.clone(),
            status: poll.status,
            bytes: i64::try_from(poll.bytes).unwrap_or(i64::MAX),
            listed: tally.listed,
            new: tally.new,
            revised: tally.revised,
            duplicate: tally.duplicate,
            dropped: tally.dropped,
            gap,
            repairs: repairs.clone().filter(|text| text != "[]"),
            next_poll_at: feed.next_poll_at.clone(),
            why: feed.why.clone(),
        };
        let document = poll.document.as_ref().filter(|_| !poll.pushed);
        let info = document.zip(repairs).map(|(d, repairs)| info(poll.feed.id, &d.info, repairs));
        Self { poll: history, feed: (!poll.pushed).then_some(feed), info }
    }
}

fn info(feed: FeedId, info: &FeedInfo, repairs: String) -> InfoRow {
    InfoRow { id: feed.0, title: info.title.clone(), link: info.link.clone(), language: info.language.clone(), repairs }
}

/// Writes polls: their history, and the new state of their feeds. Returns whether a feed says something new about itself.
pub(in crate::store) async fn write(connection: &mut impl FeedRows, polls: &[PollRows]) -> Result<bool, StoreError> {
    if polls.is_empty() {
        return Ok(false);
    }
    connection.write_history(&polls.iter().map(|v| &v.poll).collect::<Vec<_>>()).await?;
    update(connection, &last_of_each_feed(polls, |poll| poll.feed.as_ref())).await?;
    let infos = last_of_each_feed(polls, |poll| poll.info.as_ref());
    if infos.is_empty() { Ok(false) } else { connection.write_infos(&infos).await }
}

/// Returns the rows that the last poll of each feed has to write, by the time of the polls. A statement that finds several rows for a
/// feed takes any of them.
fn last_of_each_feed<T>(polls: &[PollRows], row: impl Fn(&PollRows) -> Option<&T>) -> Vec<&T> {
    let mut last: HashMap<i64, (&str, &T)> = HashMap::new();
    for (poll, row) in polls.iter().filter_map(|rows| Some((&rows.poll, row(rows)?))) {
        let known = last.entry(poll.feed).or_insert((&poll.ended_at, row));
        // All times are written in the same form, so their texts are in order. Of equal ones the later row counts.
        if *poll.ended_at >= *known.0 {
            *known = (&poll.ended_at, row);
        }
    }
    last.into_values().map(|(_, row)| row).collect()
}

/// Writes feeds that changed without a poll: new ones, and those with another schedule.
pub(in crate::store) async fn update_feeds(
    connection: &mut impl FeedRows,
    updates: &[FeedUpdate],
) -> Result<(), StoreError> {
    // A first start has all feeds, and the texts of a row take a kilobyte.
    for updates in updates.chunks(TOGETHER) {
        let rows: Vec<FeedAfter> = updates.iter().map(|s| FeedAfter::of(s, None, false)).collect();
        update(connection, &rows.iter().collect::<Vec<_>>()).await?;
    }
    Ok(())
}

async fn update(connection: &mut impl FeedRows, feeds: &[&FeedAfter]) -> Result<(), StoreError> {
    if feeds.is_empty() { Ok(()) } else { connection.write_feeds(feeds).await }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(feed: i64, ended_at: &str, title: &str) -> PollRows {
        let poll = PollRow {
            feed,
            ended_at: ended_at.to_owned(),
            ms: 0,
            outcome: "fresh",
            fault: None,
            error: None,
            status: None,
            bytes: 0,
            listed: 0,
            new: 0,
            revised: 0,
            duplicate: 0,
            dropped: 0,
            gap: false,
            repairs: None,
            next_poll_at: String::new(),
            why: String::new(),
        };
        let title = Some(title.to_owned());
        let info = InfoRow { id: feed, title, link: None, language: None, repairs: "[]".to_owned() };
        PollRows { poll, feed: None, info: Some(info) }
    }

    #[test]
    fn what_the_last_poll_says_of_a_feed_counts() {
        let at = |second: u32| format!("2026-11-23T12:00:{second:02}.000Z");
        for (polls, titles) in [
            (vec![rows(1, &at(1), "old"), rows(2, &at(1), "other"), rows(1, &at(2), "new")], ["new", "other"]),
            (vec![rows(1, &at(2), "new"), rows(1, &at(1), "old"), rows(2, &at(1), "other")], ["new", "other"]),
            (vec![rows(1, &at(1), "first"), rows(1, &at(1), "second"), rows(2, &at(1), "other")], ["second", "other"]),
        ] {
            let mut infos = last_of_each_feed(&polls, |poll| poll.info.as_ref());
            infos.sort_by_key(|info| info.id);
            let found: Vec<_> = infos.iter().filter_map(|info| info.title.as_deref()).collect();
            assert_eq!(found, titles);
        }
    }
}
