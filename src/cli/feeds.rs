//! `warraq feeds`.

use super::{
    CliError,
    out::{columns, counted, fitted, say, span},
};
use crate::{
    clock::Clock,
    config::Config,
    model::{FeedUrl, LargerThanMaxBody},
    schedule::Why,
    store::{FeedHealth, Reader},
};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashSet};

/// The order of the list.
#[derive(Debug, Clone, Copy, Default, clap::ValueEnum)]
pub(super) enum SortKey {
    // By outlet, then by address.
    #[default]
    Outlet,
    // Polled last first.
    Last,
    // Due next first.
    Next,
    // Most failures in a row first.
    Failures,
    // Most entries a day first.
    Entries,
}

/// Which feeds, and in which order.
#[derive(Debug, Clone, Copy)]
pub(super) struct FeedSelection {
    pub(super) failing: bool,
    pub(super) sort: SortKey,
}

pub(super) async fn feeds(config: &Config, selection: FeedSelection, as_json: bool) -> Result<(), CliError> {
    let reader = Reader::open(config.database.place()).await?;
    let feeds = reader.feed_health().await;
    reader.close().await;
    let mut feeds = feeds?;
    let disabled = disabled(config);
    let is_failing = |feed: &FeedHealth| feed.last_poll_failed() && !disabled.contains(feed.outlet.as_str());
    let (all, failing) = (feeds.len(), feeds.iter().filter(|feed| is_failing(feed)).count());
    let now = Clock::System.now();
    let held = HeldHosts::of(&feeds, now);
    feeds.retain(|feed| !selection.failing || is_failing(feed));
    sort(&mut feeds, selection.sort);
    if as_json {
        let rows: Vec<Value> = feeds.iter().map(|feed| row(feed, !disabled.contains(feed.outlet.as_str()))).collect();
        say(format_args!("{}", serde_json::to_string_pretty(&rows)?))?;
        return Ok(());
    }
    let width = columns();
    let outlet = feeds.iter().map(|feed| feed.outlet.len()).max().unwrap_or_default();
    for feed in &feeds {
        let is_disabled = disabled.contains(feed.outlet.as_str());
        let next = || held.wait(feed).unwrap_or_else(|| format!("next {}: {}", feed.next_poll_at, words(feed)));
        let due = (!is_disabled).then(next);
        for line in lines(feed, due, truncation(config, feed), outlet, now) {
            say(fitted(&line, width))?;
        }
    }
    say(format_args!("{}; the last poll failed for {failing}", counted(all, "feed", "feeds")))?;
    Ok(())
}

/// Returns the limit that the last document of a feed exceeded.
pub(super) fn truncation(config: &Config, feed: &FeedHealth) -> Option<LargerThanMaxBody> {
    let repairs: Vec<String> = serde_json::from_str(&feed.repairs).ok()?;
    let outlet = config.outlets.iter().find(|outlet| outlet.slug.as_str() == feed.outlet)?;
    let own = config.own_requests().get(&outlet.slug).and_then(|own| own.max_body);
    let is_truncated = repairs.iter().any(|repair| repair == LargerThanMaxBody::REPAIR);
    is_truncated.then(|| LargerThanMaxBody(own.unwrap_or(config.fetch.max_body)))
}

/// Returns the slugs of the outlets that the configuration disables. The database does not know them.
pub(super) fn disabled(config: &Config) -> HashSet<&str> {
    config.outlets.iter().filter(|outlet| !outlet.enabled).map(|outlet| outlet.slug.as_str()).collect()
}

/// A host whose server answered 429: until then none of its feeds is polled.
#[derive(Debug, Serialize)]
pub(super) struct HeldHost {
    pub(super) host: String,
    pub(super) until: Timestamp,
    /// Outlet of the feed that was answered 429.
    pub(super) because_of: String,
    /// Feeds of that host.
    pub(super) feeds: usize,
}

/// The hosts that must not be polled now.
#[derive(Debug, Default)]
pub(super) struct HeldHosts(BTreeMap<String, HeldHost>);

impl HeldHosts {
    /// Finds them among all feeds.
    pub(super) fn of(feeds: &[FeedHealth], now: Timestamp) -> Self {
        let mut held: BTreeMap<String, HeldHost> = BTreeMap::new();
        for feed in feeds {
            let until = feed.host_hold.and_then(|until| Timestamp::from_second(until).ok());
            let Some((until, host)) = until.filter(|until| *until > now).zip(host(feed)) else { continue };
            let new = HeldHost { host: host.clone(), until, because_of: feed.outlet.clone(), feeds: 0 };
            let known = held.entry(host).or_insert(new);
            if until > known.until {
                (known.until, known.because_of) = (until, feed.outlet.clone());
            }
        }
        if !held.is_empty() {
            for host in feeds.iter().filter_map(host) {
                if let Some(known) = held.get_mut(&host) {
                    known.feeds += 1;
                }
            }
        }
        Self(held)
    }

    /// Returns the host of a feed, if it must not be polled now.
    pub(super) fn host_of(&self, feed: &FeedHealth) -> Option<&HeldHost> {
        // Usually no host is held, and no address need be read.
        if self.0.is_empty() { None } else { self.0.get(&host(feed)?) }
    }

    /// Says why a feed that is due earlier has to wait for its host, if it has to.
    pub(super) fn wait(&self, feed: &FeedHealth) -> Option<String> {
        let HeldHost { host, until, because_of, .. } = self.host_of(feed)?;
        let is_earlier = feed.next_poll_at.parse().is_ok_and(|due: Timestamp| due < *until);
        is_earlier.then(|| format!("waits until {until:.0}: {host} asked for a pause (429 to outlet {because_of})"))
    }

    /// Returns them as a list.
    pub(super) fn into_list(self) -> Vec<HeldHost> {
        self.0.into_values().collect()
    }
}

/// Returns the host that is asked for a feed.
fn host(feed: &FeedHealth) -> Option<String> {
    Some(FeedUrl::parse(&feed.ask_url).ok()?.host().to_owned())
}

/// The reader gives them by outlet and address, and equal ones stay so.
fn sort(feeds: &mut [FeedHealth], key: SortKey) {
    match key {
        SortKey::Outlet => {}
        SortKey::Last => feeds.sort_by(|a, b| b.last_poll_at.cmp(&a.last_poll_at)),
        SortKey::Next => feeds.sort_by(|a, b| a.next_poll_at.cmp(&b.next_poll_at)),
        SortKey::Failures => feeds.sort_by_key(|feed| std::cmp::Reverse(feed.failures)),
        SortKey::Entries => feeds.sort_by_key(|feed| std::cmp::Reverse(feed.entries_7d)),
    }
}

/// Converts a row of the view to JSON, with its JSON columns as values instead of text.
fn row(feed: &FeedHealth, enabled: bool) -> Value {
    let mut row = json!(feed);
    for (name, text) in [("repairs", &feed.repairs), ("why", &feed.why)] {
        row[name] = serde_json::from_str(text).unwrap_or_else(|_| json!(text));
    }
    row["why_words"] = json!(words(feed));
    row["enabled"] = json!(enabled);
    row
}

fn words(feed: &FeedHealth) -> String {
    Why::from_json(&feed.why).map_or_else(String::new, |why| why.to_string())
}

/// A row of columns; then what is wrong, and when and why the next poll is. `next_poll` is `None` for a disabled feed.
fn lines(
    feed: &FeedHealth,
    next_poll: Option<String>,
    truncation: Option<LargerThanMaxBody>,
    outlet_width: usize,
    now: Timestamp,
) -> Vec<String> {
    let FeedHealth { outlet, url, state, last_outcome, last_poll_at, last_error, entries_7d, .. } = feed;
    let ago = last_poll_at.as_ref().and_then(|at| Some(span(now.duration_since(at.parse().ok()?))));
    let last = match (last_outcome, ago) {
        (Some(outcome), Some(ago)) => format!("{outcome} {ago} ago"),
        _ => "not polled yet".to_owned(),
    };
    #[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
    let a_day = *entries_7d as f64 / 7.0;
    let state = if next_poll.is_none() { "disabled" } else { state };
    let mut lines = vec![format!("{outlet:<outlet_width$}  {state:<8}  {last:<21} {a_day:>6.1} entries a day  {url}")];
    lines.extend(last_error.as_ref().map(|error| format!("    last error: {error}")));
    lines.extend(truncation.map(|limit| format!("    its document is {limit}")));
    lines.extend(next_poll.map(|next| format!("    {next}")));
    lines
}
