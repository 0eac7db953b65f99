//! The table of feeds: what is asked of it, which feeds it lists and in which order, and which of them need attention. Pure.

use super::FeedState;
use jiff::Timestamp;
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashSet};

/// Feeds on a page of the table.
pub const FEEDS_ON_A_PAGE: usize = 60;
/// Seconds after its due time from which a feed counts as overdue. Until then it waits for its turn.
pub const OVERDUE_AFTER: i64 = 300;

/// Returns by how many seconds a feed is overdue that is due at `due`; 0 if it is not.
#[must_use]
pub fn overdue_by(due: Timestamp, now: Timestamp) -> i64 {
    let late = now.duration_since(due).as_secs();
    if late < OVERDUE_AFTER { 0 } else { late }
}

/// Which feeds the table lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum FeedsShown {
    /// All feeds.
    #[default]
    All,
    /// The last poll failed.
    Failing,
    /// The next poll should have taken place already.
    Overdue,
    /// The server of the feed, or of another feed of its host, asked to wait.
    Held,
    /// The server says that the feed is gone.
    Gone,
    /// Never polled.
    New,
    /// The last poll read a changed document.
    Fresh,
    /// The last poll found nothing changed.
    Unchanged,
    /// Entries may have been missed between two polls.
    Gaps,
    /// Not polled, by the configuration.
    Disabled,
}

impl FeedsShown {
    /// All selections, in the order in which pages offer them.
    pub const ALL: [Self; 10] = [
        Self::All,
        Self::Failing,
        Self::Overdue,
        Self::Held,
        Self::Gone,
        Self::New,
        Self::Fresh,
        Self::Unchanged,
        Self::Gaps,
        Self::Disabled,
    ];

    /// Returns the name used in addresses.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Failing => "failing",
            Self::Overdue => "overdue",
            Self::Held => "held",
            Self::Gone => "gone",
            Self::New => "new",
            Self::Fresh => "fresh",
            Self::Unchanged => "unchanged",
            Self::Gaps => "gaps",
            Self::Disabled => "disabled",
        }
    }

    /// Returns the selection with this name.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|selection| selection.as_str() == word)
    }
}

/// The order of the table. The names in addresses are those of `warraq feeds --sort`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum FeedOrder {
    /// By outlet, then by address.
    #[default]
    Outlet,
    /// The feed that was polled last is first.
    Last,
    /// The feed that is polled next is first.
    Next,
    /// The feed with most consecutive failures is first.
    Failures,
    /// The feed with most entries in seven days is first.
    Entries,
}

impl FeedOrder {
    /// All orders.
    pub const ALL: [Self; 5] = [Self::Outlet, Self::Last, Self::Next, Self::Failures, Self::Entries];

    /// Returns the name used in addresses.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Outlet => "outlet",
            Self::Last => "last",
            Self::Next => "next",
            Self::Failures => "failures",
            Self::Entries => "entries",
        }
    }

    /// Returns the order with this name.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|order| order.as_str() == word)
    }
}

/// What is asked of the table of feeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct FeedQuery {
    /// Which feeds it lists.
    pub selection: FeedsShown,
    /// Their order.
    pub order: FeedOrder,
    /// The page, from 0.
    pub page: usize,
}

/// The few fields of a feed needed to filter and sort; kept small, because there is one per feed.
#[derive(Debug, Clone, PartialEq)]
pub struct FeedSummary {
    /// Row id.
    pub id: i64,
    /// The outlet's slug.
    pub outlet: String,
    /// The host of the polled address.
    pub host: String,
    /// State of the feed.
    pub state: FeedState,
    /// How the last poll ended.
    pub last_outcome: Option<String>,
    /// When the last poll ended.
    pub last_poll: Option<Timestamp>,
    /// Consecutive failures.
    pub failures: u32,
    /// When the next poll is due.
    pub next_poll: Timestamp,
    /// Number of polls whose document had nothing in common with the previous one.
    pub gaps: u32,
    /// Until when the server (429) wants no requests for any feed of the host.
    pub host_hold: Option<Timestamp>,
    /// New entries of seven days.
    pub entries: u32,
}

impl FeedSummary {
    /// Returns whether the last poll failed, including those whose server asked to wait or said that the feed is gone.
    #[must_use]
    pub fn is_failing(&self) -> bool {
        matches!(self.last_outcome.as_deref(), Some("failed" | "gone"))
    }
}

/// The number of feeds in each selection.
pub type FeedCounts = BTreeMap<&'static str, usize>;

/// A host that must not be polled now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PausedHost {
    /// Its name, as it may be shown.
    pub host: String,
    /// Until when.
    pub until: Timestamp,
    /// Feeds of that host.
    pub feeds: usize,
}

/// All feeds at one time, and what follows from them.
#[derive(Debug)]
pub struct FeedOverview<'a> {
    feeds: &'a [FeedSummary],
    disabled: &'a HashSet<String>,
    held: BTreeMap<&'a str, (Timestamp, usize)>,
    now: Timestamp,
}

impl<'a> FeedOverview<'a> {
    /// Looks at all feeds, of which the configuration disables those of some outlets.
    #[must_use]
    pub fn new(feeds: &'a [FeedSummary], disabled: &'a HashSet<String>, now: Timestamp) -> Self {
        let mut held: BTreeMap<&str, (Timestamp, usize)> = BTreeMap::new();
        for feed in feeds {
            if let Some(until) = feed.host_hold.filter(|until| *until > now) {
                let known = held.entry(&feed.host).or_insert((until, 0));
                known.0 = known.0.max(until);
            }
        }
        if !held.is_empty() {
            for feed in feeds.iter().filter(|feed| !disabled.contains(&feed.outlet)) {
                if let Some(known) = held.get_mut(feed.host.as_str()) {
                    known.1 += 1;
                }
            }
        }
        Self { feeds, disabled, held, now }
    }

    /// Returns whether the configuration disables a feed.
    #[must_use]
    pub fn is_disabled(&self, feed: &FeedSummary) -> bool {
        self.disabled.contains(&feed.outlet)
    }

    /// Returns the time until which a feed's host must not be polled; `None` if it may be.
    #[must_use]
    pub fn held_until(&self, feed: &FeedSummary) -> Option<Timestamp> {
        self.held.get(feed.host.as_str()).map(|(until, _)| *until)
    }

    /// Returns by how many seconds a feed is overdue; 0 if it is not. Feeds that are gone, disabled or held never are.
    #[must_use]
    pub fn overdue_by(&self, feed: &FeedSummary) -> i64 {
        let late = overdue_by(feed.next_poll, self.now);
        let waits = || feed.state == FeedState::Gone || self.held_until(feed).is_some() || self.is_disabled(feed);
        if late == 0 || waits() { 0 } else { late }
    }

    /// Returns the hosts that must not be polled now.
    #[must_use]
    pub fn held_hosts(&self) -> Vec<PausedHost> {
        let host = |(host, (until, feeds)): (&&str, &(Timestamp, usize))| PausedHost {
            host: (*host).to_owned(),
            until: *until,
            feeds: *feeds,
        };
        self.held.iter().map(host).collect()
    }

    /// Returns whether a feed is in a selection. Disabled feeds are only in their own and in that of all.
    #[must_use]
    pub fn is_in(&self, feed: &FeedSummary, selection: FeedsShown) -> bool {
        let outcome = feed.last_outcome.as_deref();
        // The outlet is looked up last, because that takes longest.
        let is_listed = match selection {
            FeedsShown::All => return true,
            FeedsShown::Disabled => return self.is_disabled(feed),
            FeedsShown::Overdue => return self.overdue_by(feed) > 0,
            FeedsShown::Failing => feed.is_failing(),
            FeedsShown::Held => feed.state == FeedState::Held || self.held_until(feed).is_some(),
            FeedsShown::Gone => feed.state == FeedState::Gone,
            FeedsShown::New => feed.last_outcome.is_none(),
            FeedsShown::Fresh => matches!(outcome, Some("fresh" | "moved")),
            FeedsShown::Unchanged => matches!(outcome, Some("not_modified" | "same_bytes")),
            FeedsShown::Gaps => feed.gaps > 0,
        };
        is_listed && !self.is_disabled(feed)
    }

    /// Returns the number of feeds in each selection.
    #[must_use]
    pub fn counts(&self) -> FeedCounts {
        let count = |selection| self.feeds.iter().filter(|feed| self.is_in(feed, selection)).count();
        FeedsShown::ALL.map(|selection| (selection.as_str(), count(selection))).into_iter().collect()
    }

    /// Returns the feeds of a selection in an order. Feeds that are equal in it stay in the order of outlets.
    #[must_use]
    pub fn select(&self, selection: FeedsShown, order: FeedOrder) -> Vec<&'a FeedSummary> {
        let mut chosen: Vec<&FeedSummary> = self.feeds.iter().filter(|feed| self.is_in(feed, selection)).collect();
        match order {
            FeedOrder::Outlet => {}
            FeedOrder::Last => chosen.sort_by_key(|feed| Reverse(feed.last_poll)),
            FeedOrder::Next => chosen.sort_by_key(|feed| feed.next_poll),
            FeedOrder::Failures => chosen.sort_by_key(|feed| Reverse(feed.failures)),
            FeedOrder::Entries => chosen.sort_by_key(|feed| Reverse(feed.entries)),
        }
        chosen
    }
}

#[cfg(test)]
mod tests;
