//! Peak memory of the real program while outlets send what costs most: every structure of the benchmark of hostile documents at
//! 10 MB, a third of them packed, entities that expand, and bombs of gzip. Each outlet is an address of its own on loopback.
//!
//! `cargo bench --bench memory [WORD…]`: with words, only the structures whose name holds one; else all but those of many entries, of
//! which the first few stand for the rest: the window of stories keeps each entry in memory for a day and a half, hostile or not.
//! Prints one line for `poll --all` and one for the daemon, at concurrency 32. Linux only.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a program that prints a table and stops when it cannot")]

#[path = "hostile/structures.rs"]
mod structures;

use flate2::{Compression, write::GzEncoder};
use std::{
    fmt::Write as _,
    fs,
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

/// Bytes of each document: the default of `[fetch] max_body`.
const SIZE: usize = 10_000_000;
/// A small document that asks for much; most documents below half a megabyte need no permit.
const SMALL: usize = 500_000;
/// Structures of ten thousand entries that are read.
const ENTRIES: [&str; 2] = ["items, HTML", "JSON items, small"];
/// Polls at once: the default.
const CONCURRENCY: usize = 32;
/// How long one run may take.
const PATIENCE: Duration = Duration::from_mins(10);

/// What one outlet sends.
struct Case {
    name: String,
    size: usize,
    packed: bool,
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--bench")).collect();
    let is_long = |name: &str| name.contains("items, ") && !ENTRIES.contains(&name);
    let chosen = |name: &str| {
        if words.is_empty() { !is_long(name) } else { words.iter().any(|word| name.contains(word.as_str())) }
    };
    let mut cases = Vec::new();
    for (at, structure) in structures::structures().iter().filter(|s| chosen(s.name)).enumerate() {
        let name = structure.name.to_owned();
        cases.push(Case { name: name.clone(), size: SIZE, packed: at % 3 == 0 });
        cases.push(Case { name, size: SMALL, packed: at % 3 == 1 });
    }
    let answered = Arc::new(AtomicUsize::new(0));
    let addresses: Vec<_> =
        cases.into_iter().enumerate().map(|(at, case)| outlet(at, case, Arc::clone(&answered))).collect();
    println!("{} documents", addresses.len());
    for verb in [&["poll", "--all"][..], &["run"]] {
        answered.store(0, Ordering::Relaxed);
        let (peak, took) = measure(verb, &addresses, &answered);
        println!("{:<12} peak {peak:>6.1} MB, {took:>6.1} s", verb.join(" "));
    }
}

/// Runs a verb over all outlets; its peak memory in MB, and seconds.
fn measure(verb: &[&str], outlets: &[SocketAddr], answered: &AtomicUsize) -> (f64, f64) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("config.toml"), configuration(outlets)).unwrap();
    let mut child = start(verb, folder.path());
    let (start, mut peak) = (Instant::now(), 0.0_f64);
    let mut done = None;
    while child.try_wait().unwrap().is_none() && start.elapsed() < PATIENCE {
        peak = peak.max(resident_peak(child.id()).unwrap_or_default());
        // The daemon goes on: it is stopped when the last document has had time to be read.
        if verb == ["run"] && answered.load(Ordering::Relaxed) >= outlets.len() {
            let since = done.get_or_insert_with(Instant::now);
            if since.elapsed() > Duration::from_secs(20) {
                break;
            }
        }
        thread::sleep(Duration::from_millis(10));
    }
    let took = start.elapsed().as_secs_f64();
    let _ = child.kill();
    child.wait().unwrap();
    (peak, took)
}

fn start(verb: &[&str], folder: &Path) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_warraq"));
    command.args(verb).current_dir(folder).stdout(Stdio::null()).stderr(fs::File::create(folder.join("log")).unwrap());
    command.spawn().unwrap()
}

fn configuration(outlets: &[SocketAddr]) -> String {
    let mut text = format!(
        "[server]\nlisten = \"127.0.0.1:0\"\n[fetch]\nconcurrency = {CONCURRENCY}\nallow_networks = [\"127.0.0.0/8\"]\n"
    );
    for (at, address) in outlets.iter().enumerate() {
        let _ = writeln!(text, "[[outlet]]\nslug = \"o{at}\"\nname = \"Outlet {at}\"\nfeeds = [\"http://{address}/\"]");
    }
    text.push_str("[[channel]]\nslug = \"all\"\ntitle = \"All\"\n");
    text
}

/// The most memory that a process ever had resident, in MB.
fn resident_peak(process: u32) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.split_whitespace().next()?.parse::<f64>().ok()? * 1024.0 / 1e6)
}

/// Serves one document at an address of its own.
fn outlet(at: usize, case: Case, answered: Arc<AtomicUsize>) -> SocketAddr {
    let listener = TcpListener::bind((format!("127.77.{}.{}", at / 200, at % 200 + 1), 0)).unwrap();
    let address = listener.local_addr().unwrap();
    // Ends with the process.
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            answer(stream, &case);
            answered.fetch_add(1, Ordering::Relaxed);
        }
    });
    address
}

fn answer(mut stream: TcpStream, case: &Case) {
    let _ = stream.read(&mut [0; 4096]);
    let structure = structures::structures().into_iter().find(|s| s.name == case.name).unwrap();
    let mut body = structure.document(case.size).into_bytes();
    let mut coding = "";
    if case.packed {
        let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
        packer.write_all(&body).unwrap();
        (body, coding) = (packer.finish().unwrap(), "Content-Encoding: gzip\r\n");
    }
    let head = format!("HTTP/1.1 200 OK\r\nConnection: close\r\n{coding}Content-Length: {}\r\n\r\n", body.len());
    // The other side may hang up whenever it likes.
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body));
}
