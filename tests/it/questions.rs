//! Runs every example of `deploy/database.md` and of the README's database section on a week of invented news. The output must be
//! what the pages show.
//!
//! `WARRAQ_BLESS=1 cargo test --test it questions` writes the output into the pages instead; `WARRAQ_WEEK=FILE` keeps the
//! database that was queried.

use crate::{
    fake_outlet::{FakeOutlet, Reply},
    feed_doc::FeedDoc,
    page::{Example, examples},
    postgres_cluster::{self, cluster},
    test_instance::{TestInstance, is_only_for_file, sql},
    week,
};
use sqlx::{Connection, Executor, SqliteConnection, sqlite::SqliteConnectOptions};
use std::{
    env, fs,
    path::Path,
    process::{Command, Output, Stdio},
};
use warraq::{
    model::{DatabasePlace, DatabaseServer},
    store::{self, ProgressSender},
};

const PAGES: [&str; 2] = ["deploy/database.md", "README.md"];

/// First words of the commands that this test runs, and of those that it leaves to `.ci/database.sh` because they need packages.
/// Python examples are left to it too.
const RUN_HERE: [&str; 3] = ["sqlite3", "warraq", "TZ=Africa/Tunis"];
const RUN_THERE: [&str; 1] = ["datasette"];

/// The words of SQLite in the questions, and those of PostgreSQL. `deploy/postgresql.md` has the same table.
const WORDS: [(&str, &str); 11] = [
    (r"date\('now', '-(\d+ days?)'\)", "to_char(now() AT TIME ZONE 'UTC' - interval '$1', 'YYYY-MM-DD')"),
    (r"date\('now'\)", "to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD')"),
    (
        r"strftime\('%Y-%m-%dT%H:%M:%SZ', 'now', '-(\d+ days?)'\)",
        "to_char(now() AT TIME ZONE 'UTC' - interval '$1', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')",
    ),
    (r"strftime\('%H:%M', (\w+)\)", "substr($1, 12, 5)"),
    (r"strftime\('%H', (\w+)\)", "substr($1, 12, 2)"),
    (r"unixepoch\(([\w.]+)\)", "extract(epoch FROM $1::timestamptz)::bigint"),
    (r"CAST\((.*?) AS INTEGER\)", "trunc($1)::bigint"),
    (r"CROSS JOIN", "JOIN"),
    (r"json_each\(([\w.]+)\) AS r", "json_array_elements_text($1::json) AS r (value)"),
    (r"why ->>", "why::json ->>"),
    (r"group_concat\(", "string_agg("),
];

/// Returns a question in the words of PostgreSQL, at the end of the week.
fn in_postgresql(question: &str) -> String {
    let translated = WORDS.iter().fold(question.to_owned(), |text, (words, others)| {
        regex::Regex::new(words).unwrap().replace_all(&text, *others).into_owned()
    });
    translated.replace("now()", &format!("'{}'::timestamptz", week::NOW))
}

#[tokio::test]
async fn every_question_has_the_same_answer_in_postgresql() {
    let Some(cluster) = cluster() else { return };
    if is_only_for_file("the week") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    week::live(folder.path()).await;
    let file = folder.path().join("warraq.db");
    let url = cluster.database().await;
    let server = DatabasePlace::Server(DatabaseServer::parse(&url).unwrap());
    store::copy(&DatabasePlace::File(file.clone()), &server, &ProgressSender::default()).await.unwrap();
    let view = postgres_cluster::sql(&url, "SELECT pg_get_viewdef('feed_health')").await.remove(0);
    let view = view.replace("now()", &format!("'{}'::timestamptz", week::NOW));
    postgres_cluster::sql(&url, &format!("CREATE OR REPLACE VIEW feed_health AS {view}")).await;
    let page = |name: &str| fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap();
    let (theirs, ours) = (page("deploy/postgresql.md"), page(PAGES[0]));
    for (_, words) in WORDS {
        let beginning = words.split('$').next().unwrap();
        assert!(theirs.contains(beginning), "the page lacks {words}");
    }
    let others = examples(&theirs);
    let mut asked = 0;
    for example in examples(&ours).into_iter().filter(|example| example.language == "sql") {
        let other = others.iter().find(|other| other.language == "sql" && other.heading == example.heading);
        let question = in_postgresql(other.map_or(&example.code, |other| &other.code));
        let answers = sql(&file, &week::at_the_end(&example.code)).await;
        assert_eq!(postgres_cluster::sql(&url, &question).await, answers, "{}", example.heading);
        asked += 1;
    }
    assert!(asked >= 20 && others.iter().filter(|other| other.language == "sql").count() == 2, "{asked}");
}

/// Returns the commands of an example without comments; an indented line belongs to the one before.
fn commands(code: &str) -> Vec<&str> {
    code.lines().filter(|line| !line.is_empty() && !line.starts_with(['#', ' '])).collect()
}

/// Returns whether all its commands begin with one of these words.
fn only(example: &Example, words: &[&str]) -> bool {
    commands(&example.code).iter().all(|line| words.contains(&line.split(' ').next().unwrap()))
}

/// Returns whether an example is about the database: in the README, only those that query the file.
fn is_ours(page: &str, example: &Example) -> bool {
    page != "README.md" || example.code.contains("sqlite3 ")
}

fn has_sqlite3() -> bool {
    Command::new("sqlite3").arg("--version").stdout(Stdio::null()).status().is_ok_and(|status| status.success())
}

/// Runs code in the folder of the week's database, as a reader would.
fn run(language: &str, code: &str, folder: &Path) -> Output {
    let code = week::at_the_end(code);
    let mut command = if language == "sql" {
        let mut sqlite3 = Command::new("sqlite3");
        // A file of commands in the home directory may set other modes.
        sqlite3.args(["-init", "/dev/null", "-batch", "-readonly", "-box", "warraq.db", &code]);
        sqlite3
    } else {
        let mut shell = Command::new("sh");
        let warraq = Path::new(env!("CARGO_BIN_EXE_warraq")).parent().unwrap();
        let path = format!("{}:{}", warraq.display(), env::var("PATH").unwrap_or_default());
        shell.args(["-eu", "-c", &code]).env("PATH", path);
        shell
    };
    command.current_dir(folder).env("HOME", folder).env("TZ", "UTC").output().unwrap()
}

/// Returns the cells of a drawn table, because versions of `sqlite3` draw it differently; any other text line by line.
fn cells(text: &str) -> Vec<Vec<&str>> {
    let row = |line: &'_ str| line.starts_with(['│', '|']);
    if !text.lines().any(row) {
        return text.lines().map(|line| vec![line]).collect();
    }
    let lines = text.lines().filter(|line| row(line));
    lines.map(|line| line.trim_matches(['│', '|']).split(['│', '|']).map(str::trim).collect()).collect()
}

/// Runs every example of a page. Returns the page with the actual output.
fn answered(page: &str, text: &str, folder: &Path) -> String {
    let mut answered = text.to_owned();
    for example in examples(text).iter().rev().filter(|example| is_ours(page, example)) {
        let place = format!("{page}:{}: {}", example.line, example.heading);
        if example.language == "python" || only(example, &RUN_THERE) {
            continue;
        }
        assert!(example.language == "sql" || only(example, &RUN_HERE), "{place}: no test runs this");
        if example.code.starts_with("TZ=") && !Path::new("/usr/share/zoneinfo/Africa/Tunis").exists() {
            eprintln!("SKIPPED: {place}: this machine knows no time zones");
            continue;
        }
        // An example without shown output is run command by command, and each must print something.
        let steps = if example.output.is_some() { vec![example.code.as_str()] } else { commands(&example.code) };
        for code in steps {
            let ran = run(&example.language, code, folder);
            let (out, err) = (String::from_utf8(ran.stdout).unwrap(), String::from_utf8_lossy(&ran.stderr));
            assert!(ran.status.success() && err.is_empty(), "{place}\n{code}\n{err}");
            assert!(!out.trim().is_empty(), "{place}\n{code}\nprints nothing");
            match &example.output {
                Some(shown) if env::var_os("WARRAQ_BLESS").is_some() => answered.replace_range(shown.clone(), &out),
                Some(shown) => assert_eq!(cells(&text[shown.clone()]), cells(&out), "{place}"),
                None => {}
            }
        }
    }
    answered
}

#[tokio::test]
async fn every_example_of_the_pages_says_what_they_show() {
    if is_only_for_file("what the examples ask with") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    week::live(folder.path()).await;
    let file = folder.path().join("warraq.db");
    if let Some(keep) = env::var_os("WARRAQ_WEEK") {
        fs::copy(&file, keep).unwrap();
    }
    let drawn = has_sqlite3();
    if !drawn {
        eprintln!("SKIPPED: sqlite3 is not installed: questions are asked, answers are not compared");
    }
    for page in PAGES {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(page);
        let text = fs::read_to_string(&path).unwrap();
        if drawn {
            let answered = answered(page, &text, folder.path());
            if answered != text {
                fs::write(&path, answered).unwrap();
            }
            continue;
        }
        for example in examples(&text).iter().filter(|example| is_ours(page, example)) {
            for question in crate::page::questions(example) {
                assert!(!sql(&file, &week::at_the_end(&question)).await.is_empty(), "{page}: {question}");
            }
        }
    }
}

#[tokio::test]
async fn who_reads_stays_in_one_moment_and_holds_no_poll_up() {
    if is_only_for_file("a reader beside the write-ahead log") {
        return;
    }
    let outlet = FakeOutlet::start().await;
    let doc = |n: usize| (0..n).fold(FeedDoc::rss("V"), |doc, n| doc.entry(&n.to_string(), &n.to_string(), "", "", ""));
    outlet.script("/feed", [Reply::feed(doc(1)), Reply::feed(doc(2))]);
    let mut instance = TestInstance::over(&[("a", &outlet.url("/feed"))]).await;
    instance.poll().await;
    let options = SqliteConnectOptions::new().filename(instance.file()).read_only(true);
    let mut reader = SqliteConnection::connect_with(&options).await.unwrap();
    let count = "SELECT count(*) FROM entries";
    reader.execute("BEGIN").await.unwrap();
    assert_eq!(sqlx::query_scalar::<_, i64>(count).fetch_one(&mut reader).await.unwrap(), 1);
    instance.poll().await;
    assert_eq!(instance.sql(count).await, ["2"], "another reader sees the commit");
    assert_eq!(sqlx::query_scalar::<_, i64>(count).fetch_one(&mut reader).await.unwrap(), 1);
    reader.execute("COMMIT").await.unwrap();
    assert_eq!(sqlx::query_scalar::<_, i64>(count).fetch_one(&mut reader).await.unwrap(), 2);
    assert!(reader.execute("DELETE FROM entry").await.is_err(), "it reads only");
}

#[test]
fn the_page_asks_more_than_twenty_questions_and_shows_each_answer() {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGES[0])).unwrap();
    let asked: Vec<_> = examples(&text).into_iter().filter(|example| example.language == "sql").collect();
    assert!(asked.len() >= 20, "{}", asked.len());
    for example in asked {
        assert!(example.output.is_some(), "{}: {}", example.line, example.heading);
    }
}

#[tokio::test]
async fn the_page_names_every_column_of_the_views() {
    if is_only_for_file("sqlite_schema") {
        return;
    }
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGES[0])).unwrap();
    let instance = TestInstance::over(&[]).await;
    for view in sql(&instance.file(), "SELECT name FROM sqlite_schema WHERE type = 'view'").await {
        let (_, table) = text.split_once(&format!("\n`{view}`: ")).unwrap();
        let rows = table.lines().skip_while(|line| !line.starts_with("| `")).take_while(|line| line.starts_with("| `"));
        let named: Vec<&str> =
            rows.flat_map(|row| row.split('|').nth(1).unwrap().split('`').skip(1).step_by(2)).collect();
        let mut columns = sql(&instance.file(), &format!("SELECT name FROM pragma_table_info('{view}')")).await;
        let mut named: Vec<String> = named.into_iter().map(str::to_owned).collect();
        named.sort_unstable();
        columns.sort_unstable();
        assert_eq!(named, columns, "{view}");
    }
}

#[test]
fn examples_are_found_with_what_they_print() {
    let page = "# A\n```sql\nSELECT 1;\n```\n\n```text\n1\n```\nWords.\n```text\nnot output\n```\n## B\n```sh\n# why\nsqlite3 f \"SELECT 2\"\n```\n\
        ```text\n$ sqlite3 f \"SELECT 3\"\n3\n```\n";
    let found = examples(page);
    let shown = |n: usize| found[n].output.clone().map(|range| &page[range]);
    assert_eq!(found.len(), 3);
    assert_eq!((found[0].heading.as_str(), found[0].line, shown(0)), ("A", 2, Some("1\n")));
    assert_eq!((found[1].heading.as_str(), shown(1)), ("B", None));
    assert_eq!((found[2].code.as_str(), shown(2)), ("sqlite3 f \"SELECT 3\"", Some("3\n")));
    let asked: Vec<_> = found.iter().flat_map(crate::page::questions).collect();
    assert_eq!(asked, ["SELECT 1;\n", "SELECT 2", "SELECT 3"]);
    assert_eq!(commands(&found[1].code), ["sqlite3 f \"SELECT 2\""]);
    assert_eq!(cells("┌──┐\n│ a │ b │\n└──┘\n"), [["a", "b"]]);
}
