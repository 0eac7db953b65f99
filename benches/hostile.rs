//! Documents that try to cost more than their bytes justify: for each structure, time and memory at doubling sizes.
//!
//! `cargo bench --bench hostile [WORD…]` runs the structures whose name contains one of the words, else all. Each document is
//! read and normalised in a process of its own, so that its peak memory can be measured; the process is ended after [`PATIENCE`].
//! Prints a table, and the ten worst by time, by memory and by growth. Linux only: the figures come from `/proc/self`.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a program that prints a table and stops when it cannot")]

#[path = "hostile/structures.rs"]
mod structures;

use std::{
    fs,
    process::{Command, Stdio},
    time::{Duration, Instant},
};
use structures::{Structure, structures};
use warraq::{normalise, parse};

/// Sizes of the documents, in bytes; each is twice the one before.
const SIZES: [usize; 4] = [1_250_000, 2_500_000, 5_000_000, 10_000_000];

/// Time limit for one document.
const PATIENCE: Duration = Duration::from_mins(1);

/// Shorter times are too noisy to judge growth.
const NOISE_S: f64 = 0.02;

/// The cost of one document.
#[derive(Clone, Copy)]
struct Cost {
    /// CPU time, in seconds.
    seconds: f64,
    /// Peak resident memory, in bytes, including the document.
    peak: f64,
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--bench")).collect();
    if let [flag, name, size] = words.as_slice()
        && flag == "--one"
    {
        return one(name, size.parse().unwrap());
    }
    let chosen: Vec<_> = structures()
        .into_iter()
        .filter(|s| words.is_empty() || words.iter().any(|word| s.name.contains(word.as_str())))
        .collect();
    println!("{:<34} {:>36}   {:>6}  {:>8}  outcome", "structure", "CPU s at 1.25, 2.5, 5, 10 MB", "growth", "peak MB");
    let rows: Vec<_> = chosen.iter().map(row).collect();
    worst("by time at 10 MB (s)", &rows, |row| row.seconds);
    worst("by memory at 10 MB (MB, 10 of them the document)", &rows, |row| row.peak / 1e6);
    worst("by growth from 5 to 10 MB (2.0 is in proportion)", &rows, |row| row.growth);
}

struct Row {
    name: &'static str,
    seconds: f64,
    peak: f64,
    growth: f64,
}

/// Measures one structure at all sizes and prints its line.
fn row(structure: &Structure) -> Row {
    let costs: Vec<Option<(Cost, String)>> = SIZES.iter().map(|size| child(structure.name, *size)).collect();
    let seconds = |at: usize| costs[at].as_ref().map_or(f64::INFINITY, |(cost, _)| cost.seconds);
    let growth = if seconds(3) < NOISE_S { 0.0 } else { seconds(3) / seconds(2).max(NOISE_S / 2.0) };
    let (peak, outcome) =
        costs[3].as_ref().map_or((f64::INFINITY, "did not end"), |(cost, outcome)| (cost.peak, outcome.as_str()));
    let times: Vec<String> = (0..SIZES.len()).map(|at| format!("{:.3}", seconds(at))).collect();
    println!("{:<34} {:>36}   {growth:>6.1}  {:>8.1}  {outcome}", structure.name, times.join("  "), peak / 1e6);
    Row { name: structure.name, seconds: seconds(3), peak, growth }
}

fn worst(what: &str, rows: &[Row], by: impl Fn(&Row) -> f64) {
    let mut rows: Vec<_> = rows.iter().map(|row| (by(row), row.name)).collect();
    rows.sort_by(|a, b| b.0.total_cmp(&a.0));
    println!("\nworst ten {what}");
    for (value, name) in rows.into_iter().take(10) {
        println!("  {value:>8.2}  {name}");
    }
}

/// Runs this program on one document. Returns `None` when it did not end in time, or failed.
fn child(name: &str, size: usize) -> Option<(Cost, String)> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--one", name, &size.to_string()])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let start = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if start.elapsed() > PATIENCE {
            child.kill().unwrap();
            child.wait().unwrap();
            return None;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    let output = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
    let mut parts = output.splitn(3, ' ');
    let mut figure = || parts.next()?.parse().ok();
    let cost = Cost { seconds: figure()?, peak: figure()? };
    Some((cost, parts.next().unwrap_or_default().trim().to_owned()))
}

/// Reads and normalises one document. Prints seconds of CPU, peak memory and the outcome.
fn one(name: &str, size: usize) {
    let document = structures().into_iter().find(|s| s.name == name).unwrap().document(size).into_bytes();
    let before = cpu();
    let outcome = read(&document);
    println!("{} {} {outcome}", cpu() - before, peak());
}

fn read(document: &[u8]) -> String {
    let context =
        parse::ParseContext { base: "https://outlet.example/feed.xml".parse().ok(), ..parse::ParseContext::default() };
    let feed = match parse::read(document, &context, &|_| false) {
        Ok(feed) => feed,
        Err(fault) => {
            let announced = parse::announced(document, &context).len();
            return format!("{fault}; {announced} announced").chars().take(80).collect();
        }
    };
    let own =
        normalise::NormaliseContext { language: None, now: jiff::Timestamp::UNIX_EPOCH, link_shared: feed.link_shared };
    let limits = normalise::TextLimits::default();
    let listed = feed.listed.into_iter();
    let entries: Vec<_> = listed.filter_map(|l| normalise::entry_within(*l.entry?, l.raw, &own, &limits)).collect();
    let repairs = [feed.repairs, limits.cuts()].concat().join(",");
    let partial = if feed.partial { " partial" } else { "" };
    format!("{} entries{partial} {repairs}", entries.len())
}

/// Returns the CPU time of this thread so far, in seconds.
fn cpu() -> f64 {
    let nanoseconds = fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    nanoseconds.split_whitespace().next().unwrap().parse::<f64>().unwrap() / 1e9
}

/// Returns the peak resident memory of this process, in bytes.
fn peak() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.split_whitespace().next().unwrap().parse::<f64>().unwrap() * 1024.0
}
