//! Measures each statement of the writer in files of different sizes. Prints a table; exits with 1 if a statement's time grows
//! with the size of the file.
//!
//! `cargo bench --bench writer [-- 10000 100000 1000000]` creates a file of each size (`million.sql` describes its contents),
//! then polls twenty feeds of a local outlet: new entries, unchanged documents, edits, entries that leave; stores archive pages,
//! indexes, and runs retention. The times are measured by the database driver, so they include the way to its thread and back.
//! Run it on a quiet machine.
#![expect(
    clippy::unwrap_used,
    reason = "the scripted outlet is the tests' own, where what cannot be set up fails the test"
)]

#[path = "../tests/it/fake_outlet.rs"]
#[expect(dead_code, reason = "the tests use more of it")]
mod fake_outlet;
mod million;

use fake_outlet::{FakeOutlet, Reply};
use jiff::SignedDuration;
use std::{
    collections::BTreeMap,
    error::Error,
    fmt::Write as _,
    path::Path,
    process::ExitCode,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};
use tracing::field::{Field, Visit};
use tracing_subscriber::{Layer, layer::SubscriberExt as _};
use warraq::{
    clock::Clock,
    config::Config,
    daemon::{RunnerEvent, Services},
    store::{RenderedEdition, RetentionLimits},
};

/// Number of feeds that are polled, and of entries that each lists.
const FEEDS: usize = 20;
const LISTED: usize = 50;
/// Number of rounds of polls with news.
const ROUNDS: usize = 10;
/// A statement grows when its median in the largest file exceeds that in the smallest by this factor, and exceeds `MARK`.
const GROWS: f64 = 4.0;
const MARK: Duration = Duration::from_millis(5);

type Times = Arc<Mutex<BTreeMap<String, Vec<Duration>>>>;

/// Collects the times that the driver logs.
struct Statements(Times);

#[derive(Default)]
struct Statement {
    summary: String,
    whole: String,
    seconds: f64,
}

impl Visit for Statement {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        if field.name() == "summary" {
            format!("{value:?}").trim_matches('"').clone_into(&mut self.summary);
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "summary" => value.clone_into(&mut self.summary),
            "db.statement" => value.clone_into(&mut self.whole),
            _ => {}
        }
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        if field.name() == "elapsed_secs" {
            self.seconds = value;
        }
    }
}

impl<S: tracing::Subscriber> Layer<S> for Statements {
    fn on_event(&self, event: &tracing::Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
        if event.metadata().target() != "sqlx::query" {
            return;
        }
        let mut statement = Statement::default();
        event.record(&mut statement);
        let text = if statement.whole.trim().is_empty() { &statement.summary } else { &statement.whole };
        let words: Vec<&str> = text.split_whitespace().collect();
        let text = words.join(" ").replace("WITH r (v) AS MATERIALIZED (SELECT value FROM json_each($1)) ", "");
        let name = text.chars().take(110).collect();
        if let Ok(mut times) = self.0.lock() {
            times.entry(name).or_default().push(Duration::from_secs_f64(statement.seconds));
        }
    }
}

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    let times = Times::default();
    tracing::subscriber::set_global_default(tracing_subscriber::registry().with(Statements(Arc::clone(&times))))?;
    let sizes: Vec<usize> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    let sizes = if sizes.is_empty() { vec![10_000, 100_000, 1_000_000] } else { sizes };
    let mut columns = Vec::new();
    for size in &sizes {
        let folder = tempfile::tempdir()?;
        let begun = Instant::now();
        million::make(&folder.path().join("warraq.db"), *size).await?;
        println!("{size} entries made in {:.0?}", begun.elapsed());
        times.lock().map_err(|_| "a poisoned lock")?.clear();
        work(folder.path()).await?;
        columns.push(std::mem::take(&mut *times.lock().map_err(|_| "a poisoned lock")?));
    }
    Ok(if report(&sizes, &columns) == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Returns a feed's document: entries `first..first + LISTED`, one in ten edited for the `edit`-th time.
fn document(feed: usize, first: usize, edit: usize) -> String {
    let mut text = String::from("<rss version=\"2.0\"><channel><title>bench</title>");
    for n in first..first + LISTED {
        let edited = if n % 10 == 0 { format!(" (edit {edit})") } else { String::new() };
        let words: Vec<String> =
            (0..120).map(|k| format!("word{}", (n * 7919 + k * 104_729 + feed * 31) % 5_000)).collect();
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "<item><guid isPermaLink=\"false\">{feed}-{n}</guid><title>Report {n} of feed {feed}{edited}</title>\
             <link>https://bench-{feed}.invalid/{n}</link><description>{}</description></item>",
            words.join(" ")
        );
    }
    text + "</channel></rss>"
}

/// Does everything that the writer does.
async fn work(folder: &Path) -> Result<(), Box<dyn Error>> {
    let outlet = FakeOutlet::start().await;
    let mut text = String::from(
        "[server]\nlisten = \"127.0.0.1:0\"\n[fetch]\nallow_networks = [\"127.0.0.0/8\"]\nhost_pause = \"0s\"\nper_host = 8\n\
         [[channel]]\nslug = \"several\"\ntitle = \"Several\"\nmin_outlets = 2\n",
    );
    for feed in 0..FEEDS {
        let url = outlet.url(&format!("/{feed}"));
        write!(
            text,
            "[[outlet]]\nslug = \"bench-{feed}\"\nname = \"Bench {feed}\"\nschedule = \"every 1m\"\nfeeds = [\"{url}\"]\n"
        )?;
    }
    let config = Config::parse(&text, &folder.join("config.toml"), &BTreeMap::new()).map_err(|e| e.to_string())?;
    let public_url = config.server.public_url(config.server.listen);
    let clock = Clock::manual(Clock::System.now());
    let mut services = Services::open(&config, &public_url, clock.clone()).await?;
    for round in 0..ROUNDS {
        for feed in 0..FEEDS {
            outlet.set(&format!("/{feed}"), Reply::feed(document(feed, round * 5, round)).etag(format!("\"{round}\"")));
        }
        poll(&mut services, &clock).await?;
        // Poll again without changes: 304.
        poll(&mut services, &clock).await?;
        services.writer.index().await?;
        for channel in &config.channels {
            if let Some(page) = services.reader.archive_page(channel, 50, &public_url).await? {
                services.writer.archive(page, vec![0; 10_000], String::new(), clock.now()).await?;
            }
            services.reader.channel(channel, &public_url).await?;
            services.reader.newest_page(channel.slug.as_str()).await?;
        }
        let (path, fingerprint) = ("/feed.atom".to_owned(), String::new());
        let edition =
            RenderedEdition { path, hash: vec![u8::try_from(round)?; 16], packed: vec![0; 50_000], fingerprint };
        services.writer.editions(vec![edition], None, clock.now()).await?;
    }
    // A hundredth of the stories are too old.
    let day = Duration::from_hours(24);
    let keep = RetentionLimits::as_of(clock.now(), 89 * day, 29 * day, false);
    let begun = Instant::now();
    let pruned = services.writer.prune(keep).await?;
    println!("retention forgot {} entries and {} polls in {:.1?}", pruned.entries, pruned.polls, begun.elapsed());
    let begun = Instant::now();
    services.close().await?;
    println!("closed in {:.1?}", begun.elapsed());
    Ok(())
}

/// Polls every feed, two minutes later.
async fn poll(services: &mut Services, clock: &Clock) -> Result<(), Box<dyn Error>> {
    clock.step(SignedDuration::from_mins(2));
    let now = clock.now();
    services.runner.queue.make_due(now);
    while services.runner.queue.due(now) > 0 || services.runner.running() > 0 {
        if let RunnerEvent::Polled(ended) = services.runner.event().await {
            services.runner.take(*ended, true)?;
        }
    }
    services.writer.update_feeds(Vec::new()).await?;
    Ok(())
}

/// Prints the table. Returns how many statements grow.
fn report(sizes: &[usize], columns: &[BTreeMap<String, Vec<Duration>>]) -> usize {
    let median = |times: Option<&Vec<Duration>>| {
        let mut times = times?.clone();
        times.sort_unstable();
        Some((*times.get(times.len() / 2)?, *times.last()?))
    };
    let heads: Vec<String> = sizes.iter().map(|size| format!("{size}: median | max")).collect();
    println!(
        "\nmilliseconds\n\n| statement | {} |  |\n| --- |{} --- |",
        heads.join(" | "),
        " ---: | ---: |".repeat(sizes.len())
    );
    let Some(last) = columns.last() else { return 0 };
    let mut growing = 0;
    let mut names: Vec<&String> = last.keys().collect();
    names.sort_by_key(|name| std::cmp::Reverse(median(last.get(*name))));
    for name in names {
        let cells: Vec<_> = columns.iter().map(|column| median(column.get(name))).collect();
        let ms =
            |time: Option<Duration>| time.map_or("–".to_owned(), |time| format!("{:.2}", time.as_secs_f64() * 1e3));
        let shown: Vec<String> =
            cells.iter().map(|cell| format!("{} | {}", ms(cell.map(|c| c.0)), ms(cell.map(|c| c.1)))).collect();
        let grows = match (cells.first().copied().flatten(), cells.last().copied().flatten()) {
            (Some((small, _)), Some((large, _))) => large > MARK && large.as_secs_f64() > GROWS * small.as_secs_f64(),
            _ => false,
        };
        growing += usize::from(grows);
        println!("| `{}` | {} | {} |", name.replace('|', "\\|"), shown.join(" | "), if grows { "GROWS" } else { "" });
    }
    println!("\n{growing} statements grow with the file");
    growing
}
