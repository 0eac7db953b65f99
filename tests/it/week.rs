//! A week of invented news (`tests/questions/week.txt`), polled by a real instance over real sockets. It creates the file that
//! the examples of `deploy/database.md` query. The clock is manual and polls run one after the other, so every run creates the
//! same rows.

use crate::{
    fake_outlet::{FakeOutlet, Reply},
    test_instance::{TestInstance, config_text},
};
use jiff::Timestamp;
use sqlx::{AssertSqlSafe, Connection, Executor, Row, SqliteConnection, sqlite::SqliteConnectOptions};
use std::{collections::HashMap, fmt::Write as _, fs, path::Path};

/// End of the week: the current time in the page's queries.
pub const NOW: &str = "2026-11-08T18:00:00Z";
/// When `bahr` is removed from the configuration.
const BAHR_REMOVED: &str = "2026-11-06T12:00:00Z";
/// From when on `lantern` returns 503.
const LANTERN_FAILS: &str = "2026-11-07T06:00:00Z";

/// Slug, name, language, and number of reports that the feed lists.
const OUTLETS: [(&str, &str, &str, usize); 7] = [
    ("wakala", "وكالة الضفة للأنباء", "ar", 10),
    ("alalam", "العلم", "ar", 10),
    ("madina", "المدينة", "ar", 10),
    ("bahr", "صوت البحر", "ar", 10),
    ("courrier", "Le Courrier du Cap", "fr", 10),
    // The window is so short that four reports at once push the others out.
    ("rif", "Radio Rif", "fr", 3),
    ("lantern", "The Lantern", "en", 10),
];

/// A report of one outlet.
struct WeekReport {
    outlet: String,
    at: Timestamp,
    title: String,
    author: String,
    then: Option<(Timestamp, String)>,
    /// From when on its text has other words: the time, the old words, the new ones.
    corrected: Option<(Timestamp, String, String)>,
    about: String,
    until: Option<Timestamp>,
    link: String,
    text: String,
}

fn link(name: &str) -> String {
    let (outlet, number) = name.split_once(' ').unwrap();
    format!("https://{outlet}.invalid/2026/{number}")
}

fn reports() -> Vec<WeekReport> {
    let text = include_str!("../questions/week.txt");
    let mut texts: HashMap<&str, &str> = HashMap::new();
    let mut reports = Vec::new();
    for block in text.split("\n== ").skip(1) {
        let mut lines = block.lines();
        let name = lines.next().unwrap();
        let (mut fields, mut text) = (HashMap::new(), "");
        for line in lines.filter(|line| !line.is_empty()) {
            match line.split_once(": ").filter(|(field, _)| field.bytes().all(|b| b.is_ascii_lowercase())) {
                Some((field, value)) => drop(fields.insert(field, value)),
                None => text = line,
            }
        }
        texts.insert(name, text);
        // A wire text as a newsroom prints it: with other first words, and without its last sentence.
        let text = fields.get("copy").map_or(text.to_owned(), |whose| {
            let sent = texts[whose];
            format!("{text} {}.", &sent[..sent.trim_end_matches('.').rfind('.').unwrap()])
        });
        reports.push(WeekReport {
            outlet: name.split(' ').next().unwrap().to_owned(),
            at: fields["at"].parse().unwrap(),
            title: fields["title"].to_owned(),
            author: fields.get("by").map_or(String::new(), |by| format!("<dc:creator>{by}</dc:creator>")),
            then: fields.get("then").map(|then| {
                let (at, title) = then.split_once(' ').unwrap();
                (at.parse().unwrap(), title.to_owned())
            }),
            corrected: fields.get("corrected").map(|corrected| {
                let (at, words) = corrected.split_once(' ').unwrap();
                let (old, new) = words.split_once(" -> ").unwrap();
                assert!(text.contains(old), "{name}: {old}");
                (at.parse().unwrap(), old.to_owned(), new.to_owned())
            }),
            about: fields.get("about").map_or(String::new(), |about| format!("<category>{about}</category>")),
            until: fields.get("until").map(|until| until.parse().unwrap()),
            link: link(fields.get("link").unwrap_or(&name)),
            text,
        });
    }
    reports
}

/// Returns what an outlet's feed lists at a time, newest first. Nothing is escaped: the bare ampersands of `madina` are intended.
fn document(reports: &[WeekReport], outlet: &str, window: usize, now: Timestamp) -> String {
    let listed = reports.iter().enumerate().rev().filter(|(_, report)| {
        report.outlet == outlet && report.at <= now && report.until.is_none_or(|until| now < until)
    });
    let mut items = String::new();
    for (guid, report) in listed.take(window) {
        let title = report.then.as_ref().filter(|(from, _)| *from <= now).map_or(&report.title, |(_, title)| title);
        let WeekReport { author, about, link, at, .. } = report;
        let text = match &report.corrected {
            Some((from, old, new)) if *from <= now => report.text.replace(old, new),
            _ => report.text.clone(),
        };
        write!(
            items,
            "\n<item><guid isPermaLink=\"false\">{guid}</guid><title>{title}</title>{author}{about}<link>{link}</link>\
             <description>{text}</description><pubDate>{}</pubDate></item>",
            at.strftime("%a, %d %b %Y %H:%M:%S GMT")
        )
        .unwrap();
    }
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<rss version=\"2.0\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\">\
         <channel><title>{outlet}</title>{items}\n</channel></rss>\n"
    )
}

/// Returns the response of an outlet's server at a time.
fn reply(outlet: &str, document: String, now: Timestamp) -> Reply {
    let tag = format!("\"{}\"", &blake3::hash(document.as_bytes()).to_hex()[..8]);
    match outlet {
        "lantern" if now >= LANTERN_FAILS.parse().unwrap() => Reply::status(503),
        // Sends a tag but never recognises it.
        "courrier" => Reply::feed(document).etag(tag).unconditional(),
        _ => Reply::feed(document).etag(tag),
    }
}

fn configuration(servers: &[FakeOutlet], removed: Option<&str>) -> String {
    let mut text = config_text("[schedule]\ndefault = \"every 4h\"\n", &[]);
    for ((slug, name, language, _), server) in
        OUTLETS.iter().zip(servers).filter(|((slug, ..), _)| Some(*slug) != removed)
    {
        // A page that is not a feed and announces none.
        let second = if *slug == "lantern" { format!(", \"{}\"", server.url("/culture")) } else { String::new() };
        write!(
            text,
            "\n[[outlet]]\nslug = \"{slug}\"\nname = \"{name}\"\nlanguage = \"{language}\"\nfeeds = [\"{}\"{second}]\n",
            server.url("/feed")
        )
        .unwrap();
    }
    text
}

/// Plays the week and leaves `warraq.db` and `config.toml` in `folder`.
pub async fn live(folder: &Path) {
    let reports = reports();
    let mut servers = Vec::new();
    for n in 0..OUTLETS.len() {
        servers.push(FakeOutlet::start_on(&format!("127.0.0.{}", 10 + n)).await);
    }
    servers[6].set("/culture", Reply::page("<html><title>Culture</title><p>Nothing to read here.</html>"));
    let mut instance = TestInstance::configured(configuration(&servers, None)).await;
    let mut removed = false;
    loop {
        let due = instance.sql("SELECT min(next_poll_at) FROM feed WHERE removed = 0").await;
        let due: Timestamp = due[0].parse().unwrap();
        if due > NOW.parse().unwrap() {
            break;
        }
        if !removed && due > BAHR_REMOVED.parse().unwrap() {
            instance.restart(Some(configuration(&servers, Some("bahr")))).await;
            removed = true;
        }
        for ((slug, _, _, window), server) in OUTLETS.iter().zip(&servers) {
            server.set("/feed", reply(slug, document(&reports, slug, *window, due), due));
        }
        instance.run_next().await;
    }
    instance.close().await;
    fs::copy(instance.file(), folder.join("warraq.db")).unwrap();
    fs::write(folder.join("config.toml"), configuration(&servers, Some("bahr"))).unwrap();
    let mut file = open(&folder.join("warraq.db")).await;
    name_servers(&mut file, &servers).await;
    stop_the_clock(&mut file).await;
    // Closing the last connection removes the WAL.
    file.execute("PRAGMA journal_mode = DELETE").await.unwrap();
    file.close().await.unwrap();
}

async fn open(file: &Path) -> SqliteConnection {
    SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(file)).await.unwrap()
}

/// Replaces the addresses of feeds by fixed ones, because the system chooses other ports each time.
async fn name_servers(file: &mut SqliteConnection, servers: &[FakeOutlet]) {
    for ((slug, ..), server) in OUTLETS.iter().zip(servers) {
        let (here, there) = (server.url("/").to_string(), format!("https://{slug}.invalid/"));
        for sql in [
            "UPDATE feed SET url = replace(url, $1, $2), ask_url = replace(ask_url, $1, $2), last_error = replace(last_error, $1, $2)",
            "UPDATE poll SET error = replace(error, $1, $2)",
        ] {
            sqlx::query(sql).bind(&here).bind(&there).execute(&mut *file).await.unwrap();
        }
    }
}

/// Makes views that use the current time use the end of the week.
async fn stop_the_clock(file: &mut SqliteConnection) {
    let views = "SELECT name, sql FROM sqlite_schema WHERE type = 'view' AND sql LIKE '%''now''%'";
    for view in sqlx::query(views).fetch_all(&mut *file).await.unwrap() {
        let (name, sql): (String, String) = (view.get(0), view.get(1));
        let sql = format!("DROP VIEW {name}; {}", at_the_end(&sql));
        file.execute(sqlx::raw_sql(AssertSqlSafe(sql))).await.unwrap();
    }
}

/// Makes a query of the current time use the end of the week.
pub fn at_the_end(question: &str) -> String {
    question.replace("'now'", &format!("'{NOW}'"))
}
