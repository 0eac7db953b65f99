//! Invented feeds for the status page and for the pages of feeds.

use super::sample::before;
use crate::model::feed_table::{FeedQuery, FeedsShown, PausedHost};
use crate::model::push::WebhookState;
use crate::model::status::{
    FeedPage, FeedPageQuery, FeedStatus, NextPollReason, PastPollRow, Period, PollFault, PollHistory, StatusPage,
    WeekRhythm,
};
use crate::model::{FeedState, Hints};
use jiff::Timestamp;

/// The status page of a few feeds, or the second page of many.
pub(super) fn status_page(query: FeedQuery) -> StatusPage {
    let begins = |n: u32| before(i64::from(29 - n) * 24 * 60 + 10 * 60);
    let days = (0..30).map(|n: u32| Period {
        begins: begins(n),
        entries: 120 + (n * 37) % 90,
        delay: (n % 7 != 3).then_some(240 + (n * 53) % 700),
        fresh: 300 + n,
        unchanged: 900 - n * 4,
        failed: if n == 12 { 200 } else { n % 5 },
    });
    let feeds: Vec<FeedStatus> = (0..7).map(feed_status).collect();
    let counts =
        FeedsShown::ALL.map(|selection| (selection.as_str(), if selection == FeedsShown::New { 0 } else { 130 }));
    StatusPage {
        query: FeedQuery { page: query.page.min(2), ..query },
        counts: counts.into_iter().collect(),
        pages: 3,
        failing: vec![feeds[1].clone()],
        overdue: vec![feeds[0].clone()],
        held_hosts: vec![PausedHost { host: "outlet2.example".to_owned(), until: before(-90), feeds: 2 }],
        feeds,
        history: PollHistory::Days(days.collect()),
        stories: 12_345,
        entries: 15_678,
        webhooks: vec![webhook()],
        waiting: 3,
    }
}

fn webhook() -> WebhookState {
    WebhookState {
        id: 1,
        channel: "maroc".to_owned(),
        target: "00".to_owned(),
        host: "hook.invalid".to_owned(),
        outlets: 2,
        queued: 9,
        sent: 6,
        dropped: 4,
        failures: 3,
        next_try_at: None,
        last_error: Some("the server answered 500".to_owned()),
        last_sent_at: Some(Timestamp::UNIX_EPOCH),
    }
}

fn feed_status(n: u32) -> FeedStatus {
    let states = [FeedState::Active, FeedState::Failing, FeedState::Held, FeedState::Gone, FeedState::New];
    let (state, is_failing) = (states[n as usize % 5], n % 5 == 1);
    FeedStatus {
        id: i64::from(n) + 1,
        outlet: "alalam".to_owned(),
        outlet_name: ["العلم", "Le Courrier du Nord", "The Maghreb Post"][n as usize % 3].to_owned(),
        url: format!("https://outlet{n}.example/some/rather/long/path/to/the/feed/syndication.rss"),
        state,
        is_disabled: n == 6,
        last_poll: (state != FeedState::New).then(|| before(7)),
        last_outcome: (state != FeedState::New).then(|| if is_failing { "failed" } else { "not_modified" }.to_owned()),
        last_error: is_failing.then(|| "the server answered 503 and asked to wait <b>".to_owned()),
        fault: is_failing.then(|| PollFault { name: "held".to_owned(), status: Some(503) }),
        failures: u32::from(is_failing) * 4,
        next_poll: before(-23),
        overdue_by: i64::from(n == 0) * 3_700,
        held_until: (state == FeedState::Held).then(|| before(-90)),
        reason: NextPollReason {
            decided: if is_failing { "backoff" } else { "rate" }.to_owned(),
            rate: Some(3.1),
            share: Some(48.0),
            expected: Some(before(-20)),
            floor: Some(("ttl".to_owned(), 3_600)),
            backoff: is_failing.then_some((4, 7_200)),
            words: "adaptive: 3.1 entries an hour at this time of week, floor of 10 minutes <i>".to_owned(),
            ..NextPollReason::default()
        },
        gaps: n % 2,
        entries: 1_234 * n,
        days: (0..14).map(|d| (d * (n + 3)) % 17).collect(),
    }
}

/// The page of feed 1 (young, nothing known) or 2 (a month of history).
pub(super) fn feed_page(query: &FeedPageQuery) -> Option<FeedPage> {
    let n = u32::try_from(query.id - 1).ok().filter(|n| *n < 2)?;
    let zone = jiff::tz::TimeZone::get("Africa/Casablanca").unwrap_or(jiff::tz::TimeZone::UTC);
    let hours: Vec<u32> = (0..168_u32).map(|hour| if hour % 24 < 6 { 0 } else { (hour * 7919) % 400 }).collect();
    let poll = |at: i64| PastPollRow {
        ended: before(at * 31 + 7),
        outcome: ["fresh", "not_modified", "failed"][usize::try_from(at).unwrap() % 3].to_owned(),
        fault: (at % 3 == 2).then(|| PollFault { name: "timeout".to_owned(), status: None }),
        error: (at % 3 == 2).then(|| "timed out after 30s".to_owned()),
        ms: 1_340,
        bytes: if at % 3 == 0 { 45_678 } else { 0 },
        listed: 50,
        new: 3,
        revised: 1,
        reason: NextPollReason { decided: "rate".to_owned(), ..NextPollReason::default() },
    };
    let hours_of_today = (0..12_i64).map(|hour| Period {
        entries: 4,
        fresh: 2,
        unchanged: 3,
        ..Period::blank(before(60 * (11 - hour)))
    });
    let history =
        if n == 0 { PollHistory::Hours(hours_of_today.collect()) } else { status_page(FeedQuery::default()).history };
    Some(FeedPage {
        status: feed_status(n),
        title: Some("أخبار <الشمال>".to_owned()),
        link: Some("https://outlet.example/".to_owned()),
        polled_at: Some("https://other.example/a/rather/long/address/of/the/feed.xml".to_owned()),
        hints: Hints {
            ttl_s: Some(3_600),
            update_period_s: None,
            skip_hours: if n == 1 { vec![1, 2, 3] } else { Vec::new() },
            skip_days: if n == 1 { vec!["Saturday".to_owned()] } else { Vec::new() },
        },
        max_age: 600,
        week: (n == 1).then_some(WeekRhythm { hours, zone, since: Some(before(40_000)) }),
        history,
        polls: (0..9).map(poll).collect(),
        older: query.before.is_none().then(|| before(300)),
        before: query.before,
    })
}
