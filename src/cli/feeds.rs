//! `warraq feeds`.

use super::{
    CliError,
    out::{columns, counted, fitted, say, span},
};
use crate::{
    clock::Clock,
    config::Config,
    schedule::Why,
    store::{FeedHealth, Reader},
};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::HashSet;

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
    let reader = Reader::open(&config.database.path).await?;
    let feeds = reader.feed_health().await;
    reader.close().await;
    let mut feeds = feeds?;
    let disabled = disabled(config);
    let is_failing = |feed: &FeedHealth| feed.last_poll_failed() && !disabled.contains(feed.outlet.as_str());
    let (all, failing) = (feeds.len(), feeds.iter().filter(|feed| is_failing(feed)).count());
    feeds.retain(|feed| !selection.failing || is_failing(feed));
    sort(&mut feeds, selection.sort);
    if as_json {
        let rows: Vec<Value> = feeds.iter().map(|feed| row(feed, !disabled.contains(feed.outlet.as_str()))).collect();
        say(format_args!("{}", serde_json::to_string_pretty(&rows)?))?;
        return Ok(());
    }
    let (width, now) = (columns(), Clock::System.now());
    let outlet = feeds.iter().map(|feed| feed.outlet.len()).max().unwrap_or_default();
    for feed in &feeds {
        for line in lines(feed, disabled.contains(feed.outlet.as_str()), outlet, now) {
            say(fitted(&line, width))?;
        }
    }
    say(format_args!("{}, {failing} failing", counted(all, "feed", "feeds")))?;
    Ok(())
}

/// Returns the slugs of the outlets that the configuration disables. The database does not know them.
pub(super) fn disabled(config: &Config) -> HashSet<&str> {
    config.outlets.iter().filter(|outlet| !outlet.enabled).map(|outlet| outlet.slug.as_str()).collect()
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

/// A row of columns; then what is wrong, and when and why the next poll is.
fn lines(feed: &FeedHealth, is_disabled: bool, outlet_width: usize, now: Timestamp) -> Vec<String> {
    let FeedHealth { outlet, url, state, last_outcome, last_poll_at, last_error, next_poll_at, entries_7d, .. } = feed;
    let ago = last_poll_at.as_ref().and_then(|at| Some(span(now.duration_since(at.parse().ok()?))));
    let last = match (last_outcome, ago) {
        (Some(outcome), Some(ago)) => format!("{outcome} {ago} ago"),
        _ => "not polled yet".to_owned(),
    };
    #[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
    let a_day = *entries_7d as f64 / 7.0;
    let state = if is_disabled { "disabled" } else { state };
    let mut lines = vec![format!("{outlet:<outlet_width$}  {state:<8}  {last:<21} {a_day:>6.1} a day  {url}")];
    lines.extend(last_error.as_ref().map(|error| format!("    last error: {error}")));
    if !is_disabled {
        lines.push(format!("    next {next_poll_at}: {}", words(feed)));
    }
    lines
}
