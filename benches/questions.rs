//! Measures people's queries in a file of a million entries. Prints a table, and exits with 1 if a query takes too long.
//!
//! `cargo bench --bench questions` creates the file in a temporary folder (some 1.7 GB, a minute; `million.sql` describes its
//! contents), checks it, and runs every query of `deploy/database.md` and of the README, read from the pages themselves, and the
//! five views. Each is run by the SQLite compiled into Warraq and by the installed `sqlite3`, whose query planner may differ.

mod million;
#[path = "../tests/it/page.rs"]
mod page;

use sqlx::{AssertSqlSafe, Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use std::{
    error::Error,
    fs,
    io::Write,
    path::Path,
    process::{Command, ExitCode, Stdio},
    time::{Duration, Instant},
};

/// Maximum time of a query.
const MARK: Duration = Duration::from_millis(50);
/// Number of repetitions after the first run; the median counts.
const WARM: usize = 5;
/// The views, as a newcomer queries them.
const VIEWS: [&str; 6] = [
    "SELECT * FROM latest LIMIT 100",
    "SELECT * FROM entries ORDER BY entry_id DESC LIMIT 100",
    "SELECT * FROM entries WHERE outlet = 'alalam' ORDER BY published_at DESC LIMIT 10",
    "SELECT * FROM feed_health",
    "SELECT * FROM duplicates LIMIT 100",
    "SELECT * FROM revisions WHERE outlet = 'alalam' LIMIT 100",
];

/// A query to measure.
struct Question {
    name: String,
    /// Where the query comes from, for messages.
    place: String,
    sql: String,
}

/// Times of the runs of a query.
struct Took {
    first: Duration,
    median: Duration,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("warraq.db");
    let begun = Instant::now();
    make(&file).await?;
    println!(
        "a million entries: {} MB, made and checked in {:.0?}\n",
        fs::metadata(&file)?.len() / 1_000_000,
        begun.elapsed()
    );
    let mut asked = Vec::new();
    for question in questions()? {
        let answer = ask(&file, &question.sql).await;
        let (ours, rows) = answer.map_err(|error| format!("{}: {error}", question.place))?;
        let theirs = ask_sqlite3(&file, &question.sql);
        asked.push((question, rows, ours, theirs));
    }
    asked.sort_by_key(|(_, _, ours, theirs)| {
        std::cmp::Reverse(theirs.as_ref().map_or(ours.median, |t| t.median.max(ours.median)))
    });
    println!(
        "| question | rows | first | median | sqlite3 first | median |  |\n| --- | ---: | ---: | ---: | ---: | ---: | --- |"
    );
    let mut missed = 0;
    for (question, rows, ours, theirs) in &asked {
        let miss = [Some(ours), theirs.as_ref()].into_iter().flatten().any(|took| took.median > MARK);
        missed += usize::from(miss);
        let ms = |time: Duration| format!("{:.1}", time.as_secs_f64() * 1e3);
        let [first, median] =
            theirs.as_ref().map_or(["–".into(), "–".into()], |took| [ms(took.first), ms(took.median)]);
        let verdict = if miss { "MISS" } else { "" };
        println!(
            "| {} | {rows} | {} | {} | {first} | {median} | {verdict} |",
            question.name,
            ms(ours.first),
            ms(ours.median)
        );
    }
    println!("\n{} questions, {missed} above {MARK:?} (milliseconds; first: with a new connection)", asked.len());
    Ok(if missed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Creates a migrated file with a million entries, complete and consistent.
async fn make(file: &Path) -> Result<(), Box<dyn Error>> {
    million::make(file, 1_000_000).await?;
    let mut connection = SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(file)).await?;
    let orphans = sqlx::query("PRAGMA foreign_key_check").fetch_all(&mut connection).await?.len();
    let verdict: String = sqlx::query_scalar("PRAGMA integrity_check").fetch_one(&mut connection).await?;
    let entries: i64 = sqlx::query_scalar("SELECT count(*) FROM entry").fetch_one(&mut connection).await?;
    if orphans > 0 || verdict != "ok" || entries != 1_000_000 {
        return Err(
            format!("the file is not what it should be: {entries} entries, {orphans} orphans, {verdict}").into()
        );
    }
    connection.close().await?;
    Ok(())
}

/// Returns every query of the pages, and the views.
fn questions() -> Result<Vec<Question>, Box<dyn Error>> {
    let view = |sql: &&str| Question { name: format!("`{sql}`"), place: "a view".to_owned(), sql: (*sql).to_owned() };
    let mut found: Vec<_> = VIEWS.iter().map(view).collect();
    for path in ["deploy/database.md", "README.md"] {
        let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path))?;
        for example in page::examples(&text) {
            for sql in page::questions(&example) {
                let shell = if example.language == "sql" { String::new() } else { format!(": `{sql}`") };
                let name = format!("{}{shell}", example.heading);
                found.push(Question { name, place: format!("{path}:{}", example.line), sql });
            }
        }
    }
    Ok(found)
}

fn took(mut times: Vec<Duration>) -> Option<Took> {
    let first = *times.first()?;
    let warm = times.get_mut(1..)?;
    warm.sort_unstable();
    Some(Took { first, median: *warm.get(warm.len() / 2)? })
}

/// Runs a query on its own connection. Also returns the number of rows.
async fn ask(file: &Path, sql: &str) -> Result<(Took, usize), Box<dyn Error>> {
    let options = SqliteConnectOptions::new().filename(file).read_only(true);
    let mut connection = SqliteConnection::connect_with(&options).await?;
    let (mut times, mut rows) = (Vec::new(), 0);
    for _ in 0..=WARM {
        let begun = Instant::now();
        rows = sqlx::query(AssertSqlSafe(sql.to_owned())).fetch_all(&mut connection).await?.len();
        times.push(begun.elapsed());
    }
    connection.close().await?;
    Ok((took(times).ok_or("never asked")?, rows))
}

/// Runs a query in the installed `sqlite3` with its own timer. Returns `None` if it is not installed.
fn ask_sqlite3(file: &Path, sql: &str) -> Option<Took> {
    let mut asked = Command::new("sqlite3");
    asked.args(["-init", "/dev/null", "-batch", "-readonly"]).arg(file).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut running = asked.spawn().ok()?;
    // The timer only measures statements from standard input.
    let text = format!(".timer on\n{}", format!("{};\n", sql.trim_end().trim_end_matches(';')).repeat(WARM + 1));
    running.stdin.take()?.write_all(text.as_bytes()).ok()?;
    let said = String::from_utf8(running.wait_with_output().ok()?.stdout).ok()?;
    let times = said.lines().filter_map(|line| line.strip_prefix("Run Time: real ")?.split(' ').next()?.parse().ok());
    took(times.map(Duration::from_secs_f64).collect())
}
