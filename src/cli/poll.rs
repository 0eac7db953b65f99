//! `warraq poll`: polls the feeds that are due or named, prints one line for each, and exits.

use super::{
    CliError,
    database::PATIENCE,
    out::{counted, note, written},
};
use crate::{
    clock::Clock,
    config::Config,
    daemon::{RunnerEvent, Services},
    model::{Fault, FeedRecord, FeedState, LargerThanMaxBody, Outcome, Outlet, Tally},
    poll::PollResult,
    telemetry,
};
use serde_json::json;
use std::{
    collections::{BTreeMap, HashSet},
    io::{self, IsTerminal as _, Write as _},
};

/// Which feeds to poll, and how to print the results.
pub(super) struct PollSelection {
    /// Slugs of outlets, or addresses of feeds.
    pub feeds: Vec<String>,
    /// Poll all feeds, due or not.
    pub all: bool,
    /// Print JSON.
    pub json: bool,
}

impl PollSelection {
    /// Returns whether only the feeds that are due are polled.
    fn is_of_due_feeds(&self) -> bool {
        self.feeds.is_empty() && !self.all
    }
}

/// Totals of the polls.
#[derive(Default)]
struct PollTotals {
    polled: usize,
    panicked: usize,
    /// Feeds not asked because this process lacked open files or memory.
    not_polled: usize,
    /// Feeds not asked because their hosts asked to wait.
    left: usize,
    fresh: usize,
    unchanged: usize,
    failed: usize,
    new: u64,
    revised: u64,
    duplicate: u64,
    dropped: u64,
    bytes: u64,
}

pub(super) async fn poll(
    config: &Config,
    environment: &BTreeMap<String, String>,
    wanted: &PollSelection,
) -> Result<(), CliError> {
    check_names(config, &wanted.feeds)?;
    // Each poll is reported on standard output, so the log is limited to warnings.
    let filter = environment.get("WARRAQ_LOG").map_or("warn", String::as_str);
    telemetry::init(config.log.format, Some(filter)).map_err(CliError::environment)?;
    let public_url = config.server.public_url(config.server.listen);
    let mut services = Services::open_within(config, &public_url, Clock::System, Some(PATIENCE)).await?;
    let now = services.clock.now();
    let names: HashSet<&str> = wanted.feeds.iter().map(String::as_str).collect();
    let queue = &mut services.runner.queue;
    if !names.is_empty() {
        queue.only(|f| names.contains(f.outlet.as_str()) || names.contains(f.url.as_str()));
        queue.lift_holds();
        queue.make_due(now);
    } else if wanted.all {
        queue.only(|f| f.state != FeedState::Gone && f.hold_until.is_none_or(|until| until <= now));
        queue.make_due(now);
    } else {
        // First polls are spread over half a minute; a feed in that interval counts as due.
        queue.only(|f| f.next_poll_at <= now || f.last_poll_at.is_none());
        queue.make_due(now);
    }
    let sums = run_polls(&mut services, wanted.json).await;
    match sums {
        Ok(sums) => {
            if sums.new + sums.revised > 0 {
                services.writer.index().await?;
            }
            services.try_close().await?;
            written(sums.print(wanted))?;
            sums.all_asked()
        }
        Err(error) => Err(services.why(error.into()).await.into()),
    }
}

/// Checks that every name is the slug of an outlet that is polled, or a configured address of one.
fn check_names(config: &Config, names: &[String]) -> Result<(), CliError> {
    for name in names {
        match config.outlets.iter().find(|outlet| outlet.is_called(name)) {
            Some(outlet) if outlet.enabled => {}
            Some(Outlet { slug, .. }) => {
                let what = anyhow::anyhow!("outlet \"{slug}\" is disabled");
                return Err(CliError::with_hint(what, format!("`warraq enable {slug}` makes Warraq poll it")));
            }
            None => return Err(CliError::unknown(name, &config.outlets)),
        }
    }
    Ok(())
}

/// Polls until no feed is left, and prints each poll when it ends.
async fn run_polls(services: &mut Services, as_json: bool) -> Result<PollTotals, crate::store::StoreError> {
    let total = services.runner.queue.left();
    // A host may ask to wait for a month; this run ends without its feeds.
    let mut sums = PollTotals { left: services.runner.queue.drop_held(services.clock.now()), ..PollTotals::default() };
    while sums.polled + sums.panicked + sums.left < total {
        let event = services.runner.event().await;
        if let RunnerEvent::Turned = event {
            // A redirect may have led to a host that asked to wait.
            sums.left += services.runner.queue.drop_held(services.clock.now());
        }
        if let RunnerEvent::Polled(ended) = event {
            let Some(report) = services.runner.take(*ended, false)? else {
                sums.panicked += 1;
                continue;
            };
            sums.add(&report);
            if matches!(report.outcome, Outcome::Failed(Fault::Held { .. })) {
                sums.left += services.runner.queue.drop_held(services.clock.now());
            }
            // A closed pipe ends the output, but not the polls.
            let _ =
                writeln!(io::stdout(), "{}", if as_json { line_json(&report) } else { line(&report, &sums, total) });
        }
    }
    // Entries that wait for their pages are decided before the run ends.
    while services.runner.waiting_pages() > 0 {
        if let RunnerEvent::Settled(updates) = services.runner.event().await {
            updates?;
        }
    }
    if io::stdout().is_terminal() {
        let _ = io::stdout().flush();
    }
    sums.not_polled = services.runner.not_polled();
    Ok(sums)
}

impl PollTotals {
    fn add(&mut self, report: &PollResult) {
        let tally = report.written.tally;
        self.polled += 1;
        self.new += u64::from(tally.new);
        self.revised += u64::from(tally.revised);
        self.duplicate += u64::from(tally.duplicate);
        self.dropped += u64::from(tally.dropped);
        self.bytes += report.bytes;
        match report.outcome {
            Outcome::Fresh | Outcome::Moved => self.fresh += 1,
            Outcome::NotModified | Outcome::SameBytes => self.unchanged += 1,
            Outcome::Gone | Outcome::Failed(_) => self.failed += 1,
        }
    }

    /// Fails if some feed could not be asked, although the results of the others are stored.
    fn all_asked(&self) -> Result<(), CliError> {
        if self.not_polled == 0 {
            return Ok(());
        }
        Err(CliError::with_hint(
            anyhow::anyhow!("{} feeds could not be polled: this process lacks open files or memory", self.not_polled),
            "they stay due; see ulimit -n, and [fetch] concurrency",
        ))
    }

    fn print(&self, wanted: &PollSelection) -> io::Result<()> {
        if wanted.is_of_due_feeds() && !wanted.json && self.polled + self.left + self.panicked + self.not_polled == 0 {
            note("no feed is due; `warraq poll --all` polls all");
        }
        let Self { polled, left, fresh, unchanged, failed, new, revised, duplicate, dropped, bytes, .. } = self;
        if wanted.json {
            let sums = json!({"polled": polled, "left": left, "fresh": fresh, "unchanged": unchanged, "failed": failed, "new": new,
                "revised": revised, "duplicate": duplicate, "dropped": dropped, "bytes": bytes});
            return writeln!(io::stdout(), "{sums}");
        }
        let held =
            if *left == 0 { String::new() } else { format!("; {left} left, because their servers asked to wait") };
        writeln!(
            io::stdout(),
            "{polled} polled: {fresh} fresh, {unchanged} unchanged, {failed} failed; {}, {revised} revised, {duplicate} duplicate{}{held}",
            counted(*new, "new entry", "new entries"),
            left_out(*dropped)
        )
    }
}

/// Says how many entries rules left out, if they did.
fn left_out(dropped: u64) -> String {
    if dropped == 0 { String::new() } else { format!(", {dropped} dropped") }
}

fn line(report: &PollResult, sums: &PollTotals, total: usize) -> String {
    let PollResult { outcome, bytes, took, error, truncated_at, written, .. } = report;
    let FeedRecord { outlet, url, .. } = &written.feed;
    let tally = written.tally;
    let counts = match outcome {
        Outcome::Fresh | Outcome::Moved => {
            let cut = truncated_at.map(|limit| format!(", {}", LargerThanMaxBody(limit))).unwrap_or_default();
            let Tally { new, revised, duplicate, dropped, .. } = tally;
            let dropped = left_out(dropped.into());
            format!("  {new} new, {revised} revised, {duplicate} duplicate{dropped}, {bytes} bytes{cut}")
        }
        _ => error.as_ref().map(|error| format!("  {error}")).unwrap_or_default(),
    };
    format!("[{}/{total}] {outlet}  {url}  {}{counts}  {} ms", sums.polled, outcome.as_str(), took.as_millis())
}

fn line_json(report: &PollResult) -> String {
    let PollResult { outcome, status, bytes, took, error, truncated_at, written, .. } = report;
    let (feed, tally) = (&written.feed, written.tally);
    json!({
        "outlet": feed.outlet.as_str(), "url": feed.url.as_str(), "outcome": outcome.as_str(), "error": error,
        "truncated_at": truncated_at,
        "status": status, "bytes": bytes, "listed": tally.listed, "new": tally.new, "revised": tally.revised,
        "duplicate": tally.duplicate, "dropped": tally.dropped, "ms": u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        "next_poll_at": format!("{:.0}", feed.next_poll_at),
    })
    .to_string()
}
