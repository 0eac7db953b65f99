//! Formats the status as text: one screen.

use super::Status;
use super::push::{FailingPush, PushPeer};
use crate::cli::out::{counted, span};
use crate::model::{ByteSize, LargerThanMaxBody};
use jiff::Timestamp;
use std::fmt::Write as _;

/// Most failing feeds shown, and most failing deliveries; the number of the others is shown too.
const FAILING: usize = 8;
const FAILING_PUSH: usize = 4;

/// Returns the screen.
pub(super) fn text(status: &Status) -> String {
    let mut text = String::new();
    let mut line = |name: &str, words: String| {
        let _ = writeln!(text, "{name:<10}{words}");
    };
    line("warraq", running(status));
    if let Some(errors) = configuration(status) {
        line("config", errors);
    }
    if status.database_error.is_none() {
        line("feeds", feeds(status));
        line("polls", polls(status));
    }
    for held in &status.held_hosts {
        let feeds = counted(held.feeds as u64, "feed waits", "feeds wait");
        let (host, until, outlet) = (&held.host, held.until, &held.because_of);
        line("pause", format!("{feeds} until {until:.0}: {host} asked for a pause (429 to outlet {outlet})"));
    }
    if status.waiting_entries > 0 {
        let waiting = counted(status.waiting_entries, "entry waits for its page", "entries wait for their pages");
        line("pages", format!("{waiting} (full_text)"));
    }
    line("database", database(status));
    if let Some(disk) = &status.disk {
        line("disk", format!("{} left of {}", ByteSize(disk.free_bytes), ByteSize(disk.total_bytes)));
    }
    line("backup", backup(status));
    text + &last(status) + &failing(status) + &failing_push(status) + &truncated(status)
}

fn database(status: &Status) -> String {
    let database = &status.database;
    let log = database.wal_bytes.map_or_else(String::new, |bytes| format!(", write-ahead log {}", ByteSize(bytes)));
    let size = format!("{} in {}{log}", ByteSize(database.bytes), database.path.display());
    match &status.database_error {
        Some(error) => format!("cannot be read; {size}\n          {error}"),
        None => size,
    }
}

fn ago(status: &Status, at: Timestamp) -> String {
    format!("{} ago", span(status.now.duration_since(at)))
}

fn running(status: &Status) -> String {
    let version = status.version;
    let holder = match (&status.running, &status.writer) {
        (Some(holder), _) => holder,
        (None, Some(writer)) => return format!("{version}, running on {writer}"),
        (None, None) => match (status.ready, &status.not_ready_because) {
            (Some(true), _) => return format!("{version}, running, ready"),
            (_, Some(why)) => return format!("{version}\n          {why}"),
            _ => return format!("{version}, not running"),
        },
    };
    let since = holder.since.map_or_else(String::new, |at| format!(", since {at:.0} ({})", ago(status, at)));
    let what = if holder.is_daemon() { "running" } else { "the database is held by another command" };
    let ready = match (status.ready, &status.not_ready_because) {
        (Some(true), _) => ", ready".to_owned(),
        (Some(false), Some(why)) => format!("\n          {why}"),
        _ => format!(": {}", holder.command),
    };
    format!("{version}, {what}, pid {}{since}{ready}", holder.pid)
}

/// Returns that the configuration file has errors, with the first of them.
fn configuration(status: &Status) -> Option<String> {
    let first = status.configuration_errors.first()?;
    let kept = if status.running.is_some() { "; the daemon keeps the configuration that it read before" } else { "" };
    Some(format!("has errors (warraq check lists them){kept}\n          {first}"))
}

fn feeds(status: &Status) -> String {
    let count = |state: &str| status.feeds.get(state).copied().unwrap_or_default();
    let parts = ["active", "failing", "new", "held", "gone", "disabled"].map(|state| (count(state), state));
    let parts: Vec<String> =
        parts.into_iter().filter(|(count, _)| *count > 0).map(|(count, state)| format!("{count} {state}")).collect();
    format!("{}: {}", count("total"), parts.join(", "))
}

fn polls(status: &Status) -> String {
    let last = status.last_polls.first().map_or("none yet".to_owned(), |poll| format!("last {}", ago(status, poll.at)));
    let overdue = &status.overdue;
    if overdue.feeds == 0 {
        return format!("{last}, none overdue");
    }
    let longest = span(jiff::SignedDuration::from_secs(overdue.longest_s));
    format!("{last}, {} overdue, the longest by {longest}", counted(overdue.feeds as u64, "feed", "feeds"))
}

fn backup(status: &Status) -> String {
    match (&status.backup, &status.backup_folder) {
        (Some(backup), _) => {
            format!("{}, {} in {}", ago(status, backup.at), ByteSize(backup.bytes), backup.path.display())
        }
        (None, Some(folder)) => match &status.backup_error {
            Some(why) => format!("unknown: {} cannot be read: {why}", folder.display()),
            None => format!("none in {}", folder.display()),
        },
        (None, None) => "with pg_dump, outside of Warraq".to_owned(),
    }
}

fn last(status: &Status) -> String {
    let mut text = String::new();
    for (at, poll) in status.last_polls.iter().enumerate() {
        let heading = if at == 0 { "\nlast polls\n" } else { "" };
        let outcome = poll.outcome.as_deref().unwrap_or_default();
        let _ = writeln!(text, "{heading}  {:<12} {outcome:<13} {}  {}", ago(status, poll.at), poll.outlet, poll.url);
    }
    text
}

fn failing(status: &Status) -> String {
    let mut text = String::new();
    let all = status.failing.len();
    for (at, feed) in status.failing.iter().take(FAILING).enumerate() {
        let heading = if at == 0 { "\nlast poll failed\n" } else { "" };
        let failures = counted(feed.failures.unsigned_abs(), "failure", "failures");
        let (outlet, url, next) = (&feed.outlet, &feed.url, &feed.next_poll_at);
        let _ = writeln!(text, "{heading}  {outlet}  {url}\n    {failures}, next try {next}");
        if let Some(error) = &feed.last_error {
            let _ = writeln!(text, "    {error}");
        }
    }
    if all > FAILING {
        let _ = writeln!(text, "  and {} more: warraq feeds --failing", all - FAILING);
    }
    text
}

/// Returns the webhooks, hubs and subscribers that fail: each hub once, with the number of its subscriptions.
fn failing_push(status: &Status) -> String {
    let mut text = String::new();
    let mut groups: Vec<(&FailingPush, usize)> = Vec::new();
    for push in &status.failing_push {
        let is_same = |(first, _): &&mut (&FailingPush, usize)| {
            push.peer != PushPeer::Webhook && (first.peer, &first.host) == (push.peer, &push.host)
        };
        match groups.iter_mut().find(is_same) {
            Some((_, others)) => *others += 1,
            None => groups.push((push, 0)),
        }
    }
    for (at, (push, others)) in groups.iter().take(FAILING_PUSH).enumerate() {
        let heading = if at == 0 { "\nfailing deliveries\n" } else { "" };
        let (host, of) = (&push.host, &push.of);
        let more = if *others > 0 { format!(" and {others} more") } else { String::new() };
        let what = match push.peer {
            PushPeer::Webhook => format!("webhook of channel {of} at {host}"),
            PushPeer::Hub => format!("hub {host}, subscription to a feed of {of}{more}"),
            PushPeer::Subscriber => format!("subscriber {host} of {of}{more}"),
        };
        let waiting =
            push.waiting.map_or_else(String::new, |n| format!(", {}", counted(n, "story waits", "stories wait")));
        let next = push.next_try_at.map_or_else(String::new, |at| format!(", next try {at:.0}"));
        let failures = counted(push.failures, "failure", "failures");
        let _ = writeln!(text, "{heading}  {what}\n    {failures}{waiting}{next}");
        if let Some(error) = &push.last_error {
            let _ = writeln!(text, "    {error}");
        }
    }
    if groups.len() > FAILING_PUSH {
        let _ = writeln!(text, "  and {} more: warraq status --json", groups.len() - FAILING_PUSH);
    }
    text
}

fn truncated(status: &Status) -> String {
    let mut text = String::new();
    for (at, feed) in status.truncated.iter().enumerate() {
        let heading = if at == 0 { "\nlarge documents\n" } else { "" };
        let (outlet, url, limit) = (&feed.outlet, &feed.url, LargerThanMaxBody(feed.max_body));
        let _ = writeln!(text, "{heading}  {outlet}  {url}\n    {limit}");
    }
    text
}
