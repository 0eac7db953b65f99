//! Measures the cost of a new entry: folding, candidates, verification, all rules on one core. Prints a table.
//!
//! `cargo bench --bench stories`. The texts consist of invented words with the distribution of natural ones (Zipf), 1,200
//! characters each. Three in ten are copies of another outlet's report with words changed and a line added in front.

use jiff::Timestamp;
use std::fmt::Write as _;
use std::time::{Duration, Instant};
use warraq::dedup::{Arrival, Change, IdAllocator, KnownEntries, Window, decide};
use warraq::model::{Entry, EntryId, EntryKey, Extras, FeedId, FoldedText, OutletId, PlainText, RawHash, StoryId};
use warraq::normalise::fold::fold;

const START: i64 = 1_780_000_000;
const OUTLETS: i64 = 50;
const CHARACTERS: usize = 1_200;
/// Number of whole texts that the writer's window holds.
const TEXTS: usize = 2_048;
/// Number of recent reports that may still be copied.
const RECENT: usize = 1_000;

fn main() {
    println!("{:<58} {:>12} {:>10} {:>10}", "one core", "a second", "median", "p99 (wall)");
    memory();
    folding();
    for held in [1_000, 10_000, 100_000] {
        deciding(held);
    }
}

fn folding() {
    let mut made = Maker::new(1);
    let texts: Vec<Report> = (0..2_000).map(|_| made.report()).collect();
    let mut times = Vec::new();
    let begun = Clock::start();
    for report in &texts {
        let one = Instant::now();
        std::hint::black_box((fold(&report.title), fold(&report.body)));
        times.push(one.elapsed());
    }
    row("folding a text of 1,200 characters", texts.len(), &begun, times);
}

/// Measures candidates, verification and decision, one entry per batch, while the window always holds `held` entries.
fn deciding(held: usize) {
    let mut memory = Memory::new(held, Window::default());
    for _ in 0..held {
        memory.take();
    }
    let measured = 5_000;
    let arrivals: Vec<Arrival> = (0..measured).map(|_| memory.arrival()).collect();
    let mut times = Vec::new();
    let begun = Clock::start();
    for arrival in arrivals {
        let one = Instant::now();
        memory.decide(arrival);
        times.push(one.elapsed());
    }
    row(&format!("deciding, {} entries in the window", memory.window.len()), measured, &begun, times);
    println!(
        "  of {} decisions {} joined a story, {} were duplicates",
        memory.decided, memory.joined, memory.duplicates
    );
}

/// Must run first, because memory that other measurements freed would be reused without showing.
fn memory() {
    let before = resident();
    // Like the writer's window; texts that it no longer holds are not compared here.
    let mut memory = Memory::new(10_000, Window::default().holding_texts(TEXTS));
    for _ in 0..10_000 {
        memory.take();
    }
    if let (Some(before), Some(after)) = (before, resident()) {
        let bytes = after.saturating_sub(before);
        let entries = memory.window.len().max(1);
        println!(
            "memory: {} MB for {entries} entries in the window, {} bytes each (resident, 4 kB pages)",
            bytes / 1_000_000,
            bytes / entries
        );
    }
}

/// CPU time of this thread if the system provides it, else wall-clock time. CPU time excludes what other programs do meanwhile.
struct Clock(Instant, Option<u64>);

impl Clock {
    fn start() -> Self {
        Self(Instant::now(), Self::spent())
    }

    fn spent() -> Option<u64> {
        let stat = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
        stat.split(' ').next()?.parse().ok()
    }

    fn elapsed(&self) -> Duration {
        let spent = self.1.zip(Self::spent()).map(|(from, to)| Duration::from_nanos(to.saturating_sub(from)));
        spent.unwrap_or_else(|| self.0.elapsed())
    }
}

/// Returns the resident bytes of this process, if the system provides them.
fn resident() -> Option<usize> {
    let pages = std::fs::read_to_string("/proc/self/statm").ok()?;
    pages.split(' ').nth(1)?.parse::<usize>().ok().map(|pages| pages * 4096)
}

fn row(name: &str, entries: usize, begun: &Clock, mut times: Vec<Duration>) {
    times.sort_unstable();
    let p99 = times[times.len() * 99 / 100];
    let rate = u128::from(entries as u64) * 1_000_000_000 / begun.elapsed().as_nanos().max(1);
    let median = times[times.len() / 2];
    println!("{name:<58} {rate:>12} {:>10} {:>10}", format!("{median:.1?}"), format!("{p99:.1?}"));
}

/// A window that moves so fast that the number of its entries stays constant.
struct Memory {
    window: Window,
    ids: IdAllocator,
    made: Maker,
    step_ms: i64,
    arrived: i64,
    decided: i64,
    joined: u32,
    duplicates: u32,
}

impl Memory {
    fn new(held: usize, window: Window) -> Self {
        let mut window = window;
        window.load(at(0), []);
        let span_ms = 36 * 3_600_000;
        Self {
            window,
            ids: IdAllocator { next_entry: EntryId(1), next_story: StoryId(1) },
            made: Maker::new(held as u64),
            step_ms: span_ms / i64::try_from(held).unwrap_or(1),
            arrived: 0,
            decided: 0,
            joined: 0,
            duplicates: 0,
        }
    }

    fn take(&mut self) {
        let arrival = self.arrival();
        self.decide(arrival);
    }

    fn arrival(&mut self) -> Arrival {
        let report = self.made.report();
        self.arrived += 1;
        let now = at(self.arrived * self.step_ms);
        arrival(self.arrived, report, now)
    }

    fn decide(&mut self, arrival: Arrival) {
        self.decided += 1;
        let changes = decide(vec![arrival], KnownEntries::default(), &mut self.window, &mut self.ids);
        for decided in changes.into_decisions() {
            match decided.change {
                Change::New(new) if !new.starts => self.joined += 1,
                Change::Duplicate { .. } => self.duplicates += 1,
                _ => {}
            }
        }
    }
}

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(START * 1000 + ms).unwrap_or_default()
}

fn arrival(n: i64, report: Report, now: Timestamp) -> Arrival {
    let entry = Entry {
        key: EntryKey(n.to_string()),
        raw: RawHash(n),
        source_id: Some(n.to_string()),
        folded: FoldedText { title: fold(&report.title), body: fold(&report.body) },
        title: Some(PlainText::vouch(report.title)),
        excerpt: None,
        link: Some(format!("https://outlet{}.example/2026/{n}.html", report.outlet)),
        link_key: None,
        summary: None,
        content: None,
        language: None,
        published: Some(now),
        updated: None,
        believed: Some(now),
        extras: Extras::default(),
        shown: n,
        volatile: false,
        dropped: None,
    };
    Arrival {
        poll: 0,
        feed: FeedId(report.outlet),
        feed_url: format!("https://outlet{}.example/feed", report.outlet).into(),
        outlet: OutletId(report.outlet),
        seen_at: now,
        previous_success: Some(now),
        link_repeats: false,
        listing: std::sync::Arc::default(),
        returns: false,
        entry: entry.into(),
        page: warraq::dedup::ArrivalPage::Unwanted,
    }
}

#[derive(Clone)]
struct Report {
    outlet: i64,
    title: String,
    body: String,
}

/// Generates reports, the same ones for the same seed.
struct Maker {
    state: u64,
    words: Vec<String>,
    recent: Vec<Report>,
}

impl Maker {
    fn new(seed: u64) -> Self {
        let mut made = Self { state: seed | 1, words: Vec::new(), recent: Vec::new() };
        let letters: Vec<char> = "ابتثجحخدذرزسشصضطظعغفقكلمنهويةأإ".chars().collect();
        for n in 0..30_000 {
            // Frequent words are short.
            let length = 2 + usize::from(n > 50) + usize::from(n > 500) + made.below(3);
            let article = ["", "ال", "وال", "", ""][made.below(5)];
            let stem: String = (0..length).map(|_| letters[made.below(letters.len())]).collect();
            made.words.push(format!("{article}{stem}"));
        }
        made
    }

    /// Returns a random number by xorshift64*, which is fast and good enough to choose words.
    fn next(&mut self) -> u64 {
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        self.state.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, most: usize) -> usize {
        usize::try_from(self.next() >> 33).unwrap_or(0) % most.max(1)
    }

    /// Returns a word by Zipf's law: the logarithm of the rank is evenly distributed.
    fn word(&mut self) -> String {
        let even = f64::from(u32::try_from(self.next() >> 32).unwrap_or(0)) / f64::from(u32::MAX);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 30,000")]
        let rank = (30_000_f64.powf(even) - 1.0) as usize;
        self.words[rank.min(self.words.len() - 1)].clone()
    }

    fn text(&mut self, characters: usize) -> String {
        let mut text = String::new();
        let mut written = 0;
        while written < characters {
            let word = self.word();
            written += word.chars().count() + 1;
            let mark = ["، ", ". ", " 2026 ", " "][if self.below(12) == 0 { self.below(3) } else { 3 }];
            let _ = write!(text, "{word}{mark}");
        }
        text
    }

    fn report(&mut self) -> Report {
        let outlet = i64::try_from(self.below(50)).unwrap_or(0) % OUTLETS;
        if !self.recent.is_empty() && self.below(10) < 3 {
            let which = self.below(self.recent.len());
            let copied = self.recent[which].clone();
            let kept: Vec<String> = copied
                .body
                .split(' ')
                .map(|word| if self.below(20) == 0 { self.word() } else { word.to_owned() })
                .collect();
            let body = format!("{} {}", self.text(30), kept.join(" "));
            return Report { outlet, title: copied.title, body };
        }
        let report = Report { outlet, title: self.text(60), body: self.text(CHARACTERS) };
        if self.recent.len() < RECENT {
            self.recent.push(report.clone());
        } else {
            let at = self.below(RECENT);
            self.recent[at] = report.clone();
        }
        report
    }
}
