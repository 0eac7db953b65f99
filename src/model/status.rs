//! The state of feeds as pages show it: what is asked of the table of feeds, which feeds it lists, and what needs attention.
//! Pure.

use super::{FeedState, Hints};
use jiff::Timestamp;
use std::collections::{BTreeMap, HashMap, HashSet};

/// Days of history on the status page.
pub const DAYS: usize = 30;
/// Feeds on a page of the table.
pub const FEEDS_ON_A_PAGE: usize = 60;
/// Seconds after its due time from which a feed counts as overdue. Until then it waits for its turn.
pub const OVERDUE_AFTER: i64 = 300;

/// Which feeds the table lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum FeedSelection {
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

impl FeedSelection {
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
    pub selection: FeedSelection,
    /// Their order.
    pub order: FeedOrder,
    /// The page, from 0.
    pub page: usize,
}

/// What is known of each feed before the table is made: narrow, because there is one for every feed.
#[derive(Debug, Clone, PartialEq)]
pub struct FeedSummary {
    /// Row id.
    pub id: i64,
    /// The outlet's slug.
    pub outlet: String,
    /// The host that is asked.
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

/// A host that is asked for nothing now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldHost {
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

    /// Returns until when a feed's host is asked for nothing.
    #[must_use]
    pub fn held_until(&self, feed: &FeedSummary) -> Option<Timestamp> {
        self.held.get(feed.host.as_str()).map(|(until, _)| *until)
    }

    /// Returns by how many seconds a feed is overdue; 0 if it is not. Feeds that are gone, disabled or held never are.
    #[must_use]
    pub fn overdue_by(&self, feed: &FeedSummary) -> i64 {
        let late = self.now.duration_since(feed.next_poll).as_secs();
        let waits = feed.state == FeedState::Gone || self.is_disabled(feed) || self.held_until(feed).is_some();
        if waits || late < OVERDUE_AFTER { 0 } else { late }
    }

    /// Returns the hosts that are asked for nothing now.
    #[must_use]
    pub fn held_hosts(&self) -> Vec<HeldHost> {
        let host = |(host, (until, feeds)): (&&str, &(Timestamp, usize))| HeldHost {
            host: (*host).to_owned(),
            until: *until,
            feeds: *feeds,
        };
        self.held.iter().map(host).collect()
    }

    /// Returns whether a feed is in a selection. Disabled feeds are only in their own and in that of all.
    #[must_use]
    pub fn is_in(&self, feed: &FeedSummary, selection: FeedSelection) -> bool {
        let outcome = feed.last_outcome.as_deref();
        let enabled = !self.is_disabled(feed);
        match selection {
            FeedSelection::All => true,
            FeedSelection::Disabled => !enabled,
            FeedSelection::Failing => enabled && feed.is_failing(),
            FeedSelection::Overdue => self.overdue_by(feed) > 0,
            FeedSelection::Held => enabled && (feed.state == FeedState::Held || self.held_until(feed).is_some()),
            FeedSelection::Gone => enabled && feed.state == FeedState::Gone,
            FeedSelection::New => enabled && feed.last_outcome.is_none(),
            FeedSelection::Fresh => enabled && matches!(outcome, Some("fresh" | "moved")),
            FeedSelection::Unchanged => enabled && matches!(outcome, Some("not_modified" | "same_bytes")),
            FeedSelection::Gaps => enabled && feed.gaps > 0,
        }
    }

    /// Returns the number of feeds in each selection.
    #[must_use]
    pub fn counts(&self) -> FeedCounts {
        let count = |selection| self.feeds.iter().filter(|feed| self.is_in(feed, selection)).count();
        FeedSelection::ALL.map(|selection| (selection.as_str(), count(selection))).into_iter().collect()
    }

    /// Returns the feeds of a selection in an order. Feeds that are equal in it stay in the order of outlets.
    #[must_use]
    pub fn select(&self, selection: FeedSelection, order: FeedOrder) -> Vec<&'a FeedSummary> {
        let mut chosen: Vec<&FeedSummary> = self.feeds.iter().filter(|feed| self.is_in(feed, selection)).collect();
        match order {
            FeedOrder::Outlet => {}
            FeedOrder::Last => chosen.sort_by(|a, b| b.last_poll.cmp(&a.last_poll)),
            FeedOrder::Next => chosen.sort_by(|a, b| a.next_poll.cmp(&b.next_poll)),
            FeedOrder::Failures => chosen.sort_by(|a, b| b.failures.cmp(&a.failures)),
            FeedOrder::Entries => chosen.sort_by(|a, b| b.entries.cmp(&a.entries)),
        }
        chosen
    }
}

/// Content of the status page.
#[derive(Debug, Clone, PartialEq)]
pub struct StatusPage {
    /// What was asked. Its page exists.
    pub query: FeedQuery,
    /// The number of feeds in each selection.
    pub counts: FeedCounts,
    /// The pages of the table; at least 1.
    pub pages: usize,
    /// The feeds of the page.
    pub feeds: Vec<FeedStatus>,
    /// The feeds with most consecutive failures.
    pub failing: Vec<FeedStatus>,
    /// The feeds that are overdue, the longest first.
    pub overdue: Vec<FeedStatus>,
    /// Hosts that are asked for nothing now.
    pub held_hosts: Vec<HeldHost>,
    /// The columns of the plots, oldest first, up to and including now.
    pub history: History,
    /// Number of stories in the database.
    pub stories: u64,
    /// Number of entries in the database.
    pub entries: u64,
}

/// The columns of plots.
#[derive(Debug, Clone, PartialEq)]
pub enum History {
    /// Hours, while Warraq has polled for less than two days.
    Hours(Vec<Period>),
    /// Days in UTC; at most [`DAYS`].
    Days(Vec<Period>),
}

impl History {
    /// Returns the hours or days.
    #[must_use]
    pub fn periods(&self) -> &[Period] {
        match self {
            Self::Hours(periods) | Self::Days(periods) => periods,
        }
    }
}

/// An hour or a day of polling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Period {
    /// Its beginning.
    pub begins: Timestamp,
    /// New entries.
    pub entries: u32,
    /// Median delay in seconds from the stated publication to when Warraq first saw the entry; `None` if no entry states a time.
    pub delay: Option<u32>,
    /// Polls that read a changed document.
    pub fresh: u32,
    /// Polls that found the feed unchanged.
    pub unchanged: u32,
    /// Polls that failed.
    pub failed: u32,
}

impl Period {
    /// Returns a period without polls.
    #[must_use]
    pub fn blank(begins: Timestamp) -> Self {
        Self { begins, entries: 0, delay: None, fresh: 0, unchanged: 0, failed: 0 }
    }

    /// Returns the number of polls.
    #[must_use]
    pub fn polls(&self) -> u64 {
        [self.fresh, self.unchanged, self.failed].into_iter().map(u64::from).sum()
    }
}

/// One feed on the status page, or on its own.
#[derive(Debug, Clone, PartialEq)]
pub struct FeedStatus {
    /// Row id, which is the number in `/feeds/N`.
    pub id: i64,
    /// The outlet's slug.
    pub outlet: String,
    /// The outlet's name.
    pub outlet_name: String,
    /// Configured address, as it may be shown.
    pub url: String,
    /// State of the feed.
    pub state: FeedState,
    /// Whether the configuration disables it.
    pub is_disabled: bool,
    /// When the last poll ended.
    pub last_poll: Option<Timestamp>,
    /// How the last poll ended.
    pub last_outcome: Option<String>,
    /// The last error, in English.
    pub last_error: Option<String>,
    /// What went wrong in the last poll.
    pub fault: Option<PollFault>,
    /// Consecutive failures.
    pub failures: u32,
    /// When the next poll is due.
    pub next_poll: Timestamp,
    /// By how many seconds it is overdue; 0 if it is not.
    pub overdue_by: i64,
    /// Until when its host is asked for nothing.
    pub held_until: Option<Timestamp>,
    /// Why the next poll is when it is.
    pub reason: NextPollReason,
    /// How many times a poll found no entry of the previous poll in the document, so that entries may have been missed.
    pub gaps: u32,
    /// New entries of seven days.
    pub entries: u32,
    /// New entries per day of the last days, oldest first.
    pub days: Vec<u32>,
}

/// What went wrong in a poll, for texts in the reader's language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PollFault {
    /// Short name, as [`super::Fault::as_str`] gives it.
    pub name: String,
    /// HTTP status, if there was a response.
    pub status: Option<u16>,
}

/// Why the next poll of a feed is when it is. An input that had no part in it is `None`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct NextPollReason {
    /// What determined the time, as the schedule stores it: `first`, `schedule`, `rate`, `min_interval`, `max_interval`, `hint`,
    /// `backoff`, `hold`, `gone` or `overdue`; empty if unknown.
    pub decided: String,
    /// The schedule as configured, unless it is adaptive.
    pub schedule: Option<String>,
    /// Entries per hour at this hour of the week.
    pub rate: Option<f64>,
    /// The feed's share of the budget, in polls per day.
    pub share: Option<f64>,
    /// When the next entry is expected.
    pub expected: Option<Timestamp>,
    /// The hint with the longest interval: its name, and seconds.
    pub floor: Option<(String, u64)>,
    /// Name of the hint whose skipped hour or day moved the time.
    pub skipped: Option<String>,
    /// The factor by which the feed is polled more often because entries were lost lately.
    pub hurry: Option<f64>,
    /// Consecutive failures, and the pause because of them in seconds.
    pub backoff: Option<(u32, u64)>,
    /// `Retry-After`, in seconds.
    pub hold: Option<u64>,
    /// Every input, in English, for operators.
    pub words: String,
}

/// Content of the page of a feed.
#[derive(Debug, Clone, PartialEq)]
pub struct FeedPage {
    /// Its state.
    pub status: FeedStatus,
    /// What it calls itself.
    pub title: Option<String>,
    /// The web page that it belongs to.
    pub link: Option<String>,
    /// The address that is polled, if it is another one and may be shown.
    pub polled_at: Option<String>,
    /// What the last document asks of pollers.
    pub hints: Hints,
    /// `max-age` of the last response, in seconds; 0 if there was none.
    pub max_age: u64,
    /// Entries by hour of the week, as the schedule remembers them; `None` before the first were seen.
    pub week: Option<WeekRhythm>,
    /// The columns of the plots.
    pub history: History,
    /// Polls, newest first.
    pub polls: Vec<PastPollRow>,
    /// The place in the history where the next older page begins.
    pub older: Option<Timestamp>,
    /// The place in the history where this page begins; `None` for the newest page.
    pub before: Option<Timestamp>,
}

/// When a feed publishes: entries by hour of the week.
#[derive(Debug, Clone, PartialEq)]
pub struct WeekRhythm {
    /// Entries of each hour, in hundredths, decayed over time; hour 0 is the first hour of Monday, in the outlet's time zone.
    pub hours: Vec<u32>,
    /// The outlet's time zone.
    pub zone: jiff::tz::TimeZone,
    /// Start of the observed period.
    pub since: Option<Timestamp>,
}

/// A poll in the history of a feed.
#[derive(Debug, Clone, PartialEq)]
pub struct PastPollRow {
    /// When it ended.
    pub ended: Timestamp,
    /// How it ended.
    pub outcome: String,
    /// What went wrong.
    pub fault: Option<PollFault>,
    /// The error, in English.
    pub error: Option<String>,
    /// Milliseconds from the start of the request to the decision.
    pub ms: u32,
    /// Bytes of the decompressed document.
    pub bytes: u64,
    /// Entries that it lists.
    pub listed: u32,
    /// New entries.
    pub new: u32,
    /// Entries that the outlet had changed.
    pub revised: u32,
    /// What determined the time of the poll after it.
    pub reason: NextPollReason,
}

/// A query for the page of a feed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FeedPageQuery {
    /// Row id of the feed.
    pub id: i64,
    /// Only polls that ended before this.
    pub before: Option<Timestamp>,
}

/// What the configuration says of outlets and the database does not, by slug.
#[derive(Debug, Clone, Default)]
pub struct OutletSettings {
    /// Outlets whose feeds are not polled.
    pub disabled: HashSet<String>,
    /// Time zones; UTC for an outlet that is missing.
    pub zones: HashMap<String, jiff::tz::TimeZone>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feed(id: i64, outlet: &str, outcome: Option<&str>) -> FeedSummary {
        FeedSummary {
            id,
            outlet: outlet.to_owned(),
            host: format!("{outlet}.example"),
            state: FeedState::Active,
            last_outcome: outcome.map(str::to_owned),
            last_poll: Timestamp::from_second(1_000 - id).ok(),
            failures: 0,
            next_poll: Timestamp::from_second(2_000 + id).unwrap(),
            gaps: 0,
            host_hold: None,
            entries: u32::try_from(id).unwrap(),
        }
    }

    #[test]
    fn each_selection_has_its_feeds() {
        let now = Timestamp::from_second(1_500).unwrap();
        let mut feeds = vec![
            feed(1, "a", Some("fresh")),
            feed(2, "b", Some("not_modified")),
            feed(3, "b", None),
            feed(4, "c", Some("failed")),
            feed(5, "d", Some("gone")),
            feed(6, "e", Some("failed")),
            feed(7, "f", Some("moved")),
        ];
        feeds[1].host_hold = Timestamp::from_second(1_600).ok();
        feeds[3].next_poll = Timestamp::from_second(1_500 - OVERDUE_AFTER).unwrap();
        (feeds[4].state, feeds[4].next_poll) = (FeedState::Gone, Timestamp::UNIX_EPOCH);
        feeds[5].next_poll = Timestamp::UNIX_EPOCH;
        feeds[6].gaps = 2;
        let disabled = HashSet::from(["e".to_owned()]);
        let overview = FeedOverview::new(&feeds, &disabled, now);
        let ids = |word: &str| -> Vec<i64> {
            let selection = FeedSelection::parse(word).unwrap();
            overview.select(selection, FeedOrder::Outlet).iter().map(|feed| feed.id).collect()
        };
        for (word, expected) in [
            ("all", &[1, 2, 3, 4, 5, 6, 7][..]),
            ("failing", &[4, 5]),
            ("overdue", &[4]),
            ("held", &[2, 3]),
            ("gone", &[5]),
            ("new", &[3]),
            ("fresh", &[1, 7]),
            ("unchanged", &[2]),
            ("gaps", &[7]),
            ("disabled", &[6]),
        ] {
            assert_eq!(ids(word), expected, "{word}");
            assert_eq!(overview.counts()[word], expected.len(), "{word}");
        }
        let until = Timestamp::from_second(1_600).unwrap();
        assert_eq!(overview.held_hosts(), [HeldHost { host: "b.example".to_owned(), until, feeds: 2 }]);
        let later = Timestamp::from_second(1_600).unwrap();
        assert!(FeedOverview::new(&feeds, &disabled, later).held_hosts().is_empty(), "the pause is over");
    }

    #[test]
    fn the_table_is_ordered_as_asked() {
        let mut feeds: Vec<FeedSummary> = (1..=3).map(|id| feed(id, "a", Some("fresh"))).collect();
        feeds[1].failures = 9;
        feeds[2].last_poll = None;
        let disabled = HashSet::new();
        let overview = FeedOverview::new(&feeds, &disabled, Timestamp::UNIX_EPOCH);
        for (word, expected) in [
            ("outlet", [1, 2, 3]),
            ("last", [1, 2, 3]),
            ("next", [1, 2, 3]),
            ("failures", [2, 1, 3]),
            ("entries", [3, 2, 1]),
        ] {
            let order = FeedOrder::parse(word).unwrap();
            let ids: Vec<i64> = overview.select(FeedSelection::All, order).iter().map(|feed| feed.id).collect();
            assert_eq!(ids, expected, "{word}");
        }
        assert_eq!((FeedOrder::parse("colour"), FeedSelection::parse("Failing")), (None, None));
    }
}
