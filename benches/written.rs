//! Measures what a new entry costs in a large file: bytes written to the disk, and CPU time. Prints a table.
//!
//! `cargo bench --bench written [-- FILE BINARY…]`: each binary gets a copy of the file, which the oldest of them must be able to
//! read, and migrates it. Then it polls 400 feeds of a local outlet: first all their entries are new ("bulk"), then two of each in
//! every round ("daily"). Each round is a `warraq poll --all`, so its start and its last checkpoint are included. Without arguments,
//! the file is made (`million.sql`, some 1.7 GB) and this build is measured. What is written is `wchar` of `/proc/self/io`, which
//! includes ended child processes and temporary files (Linux only). `write_bytes` counts whole folios since large ones exist: two to
//! five times what reaches the disk.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a program that prints figures; what cannot be set up stops it"
)]

#[path = "../tests/it/fake_outlet.rs"]
#[expect(dead_code, reason = "the tests use more of it")]
mod fake_outlet;
mod million;

use fake_outlet::{FakeOutlet, Reply};
use std::{
    error::Error,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Instant,
};

/// Number of feeds, of entries that each lists, of those that are new in a round, and of rounds.
const FEEDS: usize = 400;
const LISTED: usize = 33;
const NEW: usize = 2;
const ROUNDS: usize = 5;
/// Clock ticks a second in `/proc` (`sysconf(_SC_CLK_TCK)`, 100 on every Linux that Rust supports).
const TICKS: f64 = 100.0;

/// What this process's ended children have used so far.
#[derive(Clone, Copy)]
struct Used {
    bytes: f64,
    seconds: f64,
}

impl Used {
    fn now() -> Self {
        let io = fs::read_to_string("/proc/self/io").unwrap();
        let bytes = io.lines().find_map(|line| line.strip_prefix("wchar: ")).unwrap();
        let stat = fs::read_to_string("/proc/self/stat").unwrap();
        // After the name: cutime and cstime are the 14th and 15th (proc_pid_stat(5)).
        let fields: Vec<&str> = stat.rsplit(") ").next().unwrap().split(' ').collect();
        let ticks: f64 = [fields[13], fields[14]].iter().map(|field| field.parse::<f64>().unwrap()).sum();
        Self { bytes: bytes.parse().unwrap(), seconds: ticks / TICKS }
    }

    fn since(self, before: Self) -> Self {
        Self { bytes: self.bytes - before.bytes, seconds: self.seconds - before.seconds }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    // Cargo passes `--bench` too.
    let mut paths = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).map(PathBuf::from);
    let file = paths.next().unwrap_or_else(|| folder.path().join("made.db"));
    let mut binaries: Vec<PathBuf> = paths.collect();
    if binaries.is_empty() {
        million::make(&file, 1_000_000).await?;
        binaries.push(env!("CARGO_BIN_EXE_warraq").into());
    }
    println!("| binary | job | new entries | kB written an entry | microseconds of CPU an entry | seconds |");
    println!("| --- | --- | ---: | ---: | ---: | ---: |");
    for binary in &binaries {
        measure(binary, &file, folder.path()).await?;
    }
    Ok(())
}

async fn measure(binary: &Path, file: &Path, folder: &Path) -> Result<(), Box<dyn Error>> {
    let outlet = FakeOutlet::start().await;
    let mut text = String::from(
        "[server]\nlisten = \"127.0.0.1:0\"\n[fetch]\nallow_networks = [\"127.0.0.0/8\"]\nhost_pause = \"0s\"\nper_host = 8\n",
    );
    for feed in 0..FEEDS {
        let url = outlet.url(&format!("/{feed}"));
        write!(
            text,
            "[[outlet]]\nslug = \"bench-{feed}\"\nname = \"Bench {feed}\"\nschedule = \"every 1h\"\nfeeds = [\"{url}\"]\n"
        )?;
    }
    fs::write(folder.join("config.toml"), text)?;
    fs::copy(file, folder.join("warraq.db"))?;
    let opened = run(binary, folder, &["prune", "--dry-run"])?;
    println!(
        "| `{}` | opening, migration | – | {:.1} MB | {:.1} s | {:.1} |",
        binary.display(),
        opened.0.bytes / 1e6,
        opened.0.seconds,
        opened.1
    );
    for (job, rounds) in [("bulk", 0..1), ("daily", 1..ROUNDS + 1)] {
        let new = if job == "bulk" { FEEDS * LISTED } else { FEEDS * NEW * ROUNDS };
        let (mut bytes, mut seconds, mut took) = (0.0, 0.0, 0.0);
        for round in rounds {
            for feed in 0..FEEDS {
                outlet.set(&format!("/{feed}"), Reply::feed(document(feed, round * NEW)));
            }
            let (used, elapsed) = run(binary, folder, &["poll", "--all"])?;
            (bytes, seconds, took) = (bytes + used.bytes, seconds + used.seconds, took + elapsed);
        }
        let entries = f64::from(u32::try_from(new)?);
        println!(
            "| `{}` | {job} | {new} | {:.1} | {:.0} | {took:.1} |",
            binary.display(),
            bytes / 1e3 / entries,
            seconds * 1e6 / entries
        );
    }
    for end in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(folder.join(format!("warraq.db{end}")));
    }
    Ok(())
}

/// Runs a command of a binary. Returns what it used, and the seconds that it took.
fn run(binary: &Path, folder: &Path, arguments: &[&str]) -> Result<(Used, f64), Box<dyn Error>> {
    let (before, begun) = (Used::now(), Instant::now());
    let status =
        Command::new(fs::canonicalize(binary)?).args(arguments).current_dir(folder).stdout(Stdio::null()).status()?;
    if !status.success() {
        return Err(format!("{} {}: {status}", binary.display(), arguments.join(" ")).into());
    }
    Ok((Used::now().since(before), begun.elapsed().as_secs_f64()))
}

/// Returns a feed's document of the entries from `first` on, newest first: titles and texts of invented words, a guid and an address
/// of chance.
fn document(feed: usize, first: usize) -> String {
    let mut text = format!("<rss version=\"2.0\"><channel><title>Bench {feed}</title>");
    for n in (first..first + LISTED).rev() {
        let seed = feed * 100_003 + n;
        let words = |from: usize, count: usize| -> String {
            (from..from + count).fold(String::new(), |text, k| {
                text + "word" + &((seed * 7_919 + k * k * 104_729) % 20_000).to_string() + " "
            })
        };
        let chance = seed.wrapping_mul(2_654_435_761) % 1_000_000_007;
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "<item><guid isPermaLink=\"false\">{feed}-{chance:x}</guid><title>{}{n}</title>\
             <link>https://bench-{feed}.invalid/a/{chance:x}-{n}</link><description>{}</description></item>",
            words(1_000, 8),
            words(0, 110)
        );
    }
    text + "</channel></rss>"
}
