//! How long the real program takes to serve, to stop and to forget over a file of a million entries.
//!
//! `cargo bench --bench starting [-- 1000000]`: makes the file (`million.sql`, some 1.7 GB), lets a first daemon render its
//! editions, then prints: start to the first edition that is served, cold (the system has forgotten the file, where it may be told to)
//! and warm; SIGTERM to the end at fifty moments after the start; and the strides of retention. Linux only.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a program that prints figures and stops when it cannot")]

mod million;

use sqlx::{Connection as _, Executor as _, SqliteConnection, sqlite::SqliteConnectOptions};
use std::{
    fmt::Write as _,
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// Starts that are measured.
const STARTS: usize = 7;
/// Moments after the start at which the daemon is told to stop.
const STOPS: u32 = 50;
/// The moments lie so far apart.
const APART: Duration = Duration::from_millis(90);
/// When something that should come has not come.
const PATIENCE: Duration = Duration::from_mins(5);

fn main() {
    let entries = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(1_000_000);
    let folder = tempfile::tempdir().unwrap();
    let begun = Instant::now();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(million::make(&folder.path().join("warraq.db"), entries)).unwrap();
    println!("{entries} entries made in {:.0?}", begun.elapsed());
    let address = configure(folder.path());
    let first = first_edition(folder.path(), address);
    println!("first start, nothing rendered before: first edition after {:.2} s", first.0.as_secs_f64());
    // Let it render everything once, archive pages included.
    thread::sleep(Duration::from_secs(30));
    println!("stopped in {:.2} s", stop(first.1).as_secs_f64());
    for (what, forget) in [("cold", true), ("warm", false)] {
        let starts = (0..STARTS).map(|_| {
            if forget {
                // Only what is on the disk can be forgotten.
                let _ = Command::new("dd")
                    .args(["of=warraq.db", "oflag=nocache", "conv=notrunc,fdatasync", "count=0"])
                    .current_dir(folder.path())
                    .stderr(Stdio::null())
                    .status();
            }
            let (took, daemon) = first_edition(folder.path(), address);
            stop(daemon);
            took
        });
        println!("start to first edition, {what}: {}", summary(starts.collect()));
    }
    let stops = (0..STOPS).map(|moment| {
        let daemon = start(folder.path());
        thread::sleep(APART * moment);
        stop(daemon)
    });
    println!(
        "SIGTERM to the end, 0 to {:.1} s after the start: {}",
        (APART * STOPS).as_secs_f64(),
        summary(stops.collect())
    );
    retention(folder.path(), &runtime);
}

/// The whole configuration: feeds of the file that nobody answers, and a port of the system's choice.
fn configure(folder: &Path) -> SocketAddr {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut text = format!(
        "[server]\nlisten = \"{address}\"\n[fetch]\nallow_networks = [\"127.0.0.0/8\"]\n[retention]\nkeep = \"400d\"\n\
         [[channel]]\nslug = \"several\"\ntitle = \"Several\"\nmin_outlets = 2\n"
    );
    for outlet in 1..=40 {
        let slug = match outlet {
            1 => "alalam".to_owned(),
            4 => "courrier".to_owned(),
            n => format!("outlet-{n}"),
        };
        // Feeds 41 to 60 are second feeds; 60 was removed.
        let feeds = [outlet, outlet + 40].into_iter().filter(|feed| *feed < 60);
        let feeds: Vec<_> = feeds.map(|feed| format!("\"https://outlet-{outlet}.invalid/feed/{feed}\"")).collect();
        let _ =
            writeln!(text, "[[outlet]]\nslug = \"{slug}\"\nname = \"Outlet {outlet}\"\nfeeds = [{}]", feeds.join(", "));
    }
    fs::write(folder.join("config.toml"), text).unwrap();
    address
}

fn start(folder: &Path) -> Child {
    let log = fs::File::create(folder.join("log")).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_warraq"));
    command.arg("run").current_dir(folder).stderr(log).stdout(Stdio::null());
    command.spawn().unwrap()
}

/// Starts the daemon and asks until an edition is served.
fn first_edition(folder: &Path, address: SocketAddr) -> (Duration, Child) {
    let begun = Instant::now();
    let mut daemon = start(folder);
    loop {
        if status(address) == Some(200) {
            return (begun.elapsed(), daemon);
        }
        let log = || fs::read_to_string(folder.join("log")).unwrap();
        assert!(daemon.try_wait().unwrap().is_none(), "the daemon ended:\n{}", log());
        assert!(begun.elapsed() < PATIENCE, "no edition:\n{}", log());
        thread::sleep(Duration::from_millis(2));
    }
}

/// The status of `/feed.atom`.
fn status(address: SocketAddr) -> Option<u16> {
    let mut stream = TcpStream::connect(address).ok()?;
    write!(stream, "GET /feed.atom HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").ok()?;
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let _ = reader.read_to_end(&mut Vec::new());
    line.split(' ').nth(1)?.parse().ok()
}

/// Tells the daemon to stop; how long it takes.
fn stop(mut daemon: Child) -> Duration {
    let begun = Instant::now();
    assert!(Command::new("kill").arg(daemon.id().to_string()).status().unwrap().success());
    while daemon.try_wait().unwrap().is_none() {
        assert!(begun.elapsed() < PATIENCE, "the daemon does not end");
        thread::sleep(Duration::from_millis(2));
    }
    begun.elapsed()
}

/// Forgets a third of the file while another connection asks for the lock all the time: how long it is held.
fn retention(folder: &Path, runtime: &tokio::runtime::Runtime) {
    let config = fs::read_to_string(folder.join("config.toml")).unwrap().replace("\"400d\"", "\"60d\"");
    fs::write(folder.join("config.toml"), config).unwrap();
    let begun = Instant::now();
    let mut command = Command::new(env!("CARGO_BIN_EXE_warraq"));
    command.args(["prune", "--force"]).current_dir(folder).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut prune = command.spawn().unwrap();
    let held = runtime.block_on(locks(&folder.join("warraq.db"), &mut prune));
    let took = begun.elapsed().as_secs_f64();
    let done = prune.wait_with_output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let said = String::from_utf8_lossy(&done.stdout).trim().replace('\n', "; ");
    println!("prune, {took:.1} s: {said}");
    println!("the lock is held at a time: {}", summary(held));
}

/// How long the lock was held each time, until the process ends.
async fn locks(file: &Path, process: &mut Child) -> Vec<Duration> {
    let options = SqliteConnectOptions::new().filename(file).busy_timeout(Duration::ZERO);
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    let (mut held, mut since) = (Vec::new(), None);
    while process.try_wait().unwrap().is_none() {
        if connection.execute("BEGIN IMMEDIATE").await.is_ok() {
            connection.execute("ROLLBACK").await.unwrap();
            held.extend(since.take().map(|since: Instant| since.elapsed()));
        } else {
            since.get_or_insert_with(Instant::now);
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    connection.close().await.unwrap();
    held
}

/// Median and longest.
fn summary(mut times: Vec<Duration>) -> String {
    times.sort_unstable();
    let seconds = |at: usize| times[at].as_secs_f64();
    format!("median {:.2} s, longest {:.2} s of {}", seconds(times.len() / 2), seconds(times.len() - 1), times.len())
}
