//! `/metrics`, `/healthz` and `/readyz` of the real binary, compared with its database and with what was done to it.

use crate::{
    fake_outlet::{FakeOutlet, Reply},
    feed_doc::FeedDoc,
    processes::{Folder, nobody, until},
    test_instance::config_text,
};
use sqlx::{Connection, Executor, SqliteConnection};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    net::TcpListener,
    time::Duration,
};

const DATE: &str = "2026-11-02T09:30:00Z";
const EVERY: &str = "[schedule]\ndefault = \"every 1s\"\n";

/// Chooses a port for a configuration. Returns the configuration and the daemon's address.
fn placed(text: &str) -> (String, String) {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    (text.replace("127.0.0.1:0\"", &format!("{free}\"")), format!("http://{free}"))
}

/// Sends a request from this loopback address. Returns the status and body of the response.
async fn ask(from: &str, url: &str) -> (u16, String) {
    let from: std::net::IpAddr = from.parse().unwrap();
    let client = crate::processes::http_client().local_address(from).build().unwrap();
    match client.get(url).send().await {
        Ok(answer) => (answer.status().as_u16(), answer.text().await.unwrap_or_default()),
        Err(_) => (0, String::new()),
    }
}

/// Returns the samples of an exposition, by name and labels.
fn samples(text: &str) -> BTreeMap<String, String> {
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| line.rsplit_once(' ').unwrap()).map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// Returns the value of every number that the database knows.
async fn known(folder: &Folder) -> BTreeMap<String, String> {
    let mut known = BTreeMap::new();
    for (name, query) in [
        ("warraq_polls_total{outcome=\"NAME\"}", "SELECT outcome, count(*) FROM poll GROUP BY outcome"),
        ("warraq_feeds{state=\"NAME\"}", "SELECT state, count(*) FROM feed_health GROUP BY state"),
        ("warraq_joins_total{rule=\"NAME\"}", "SELECT rule, count(*) FROM duplicates GROUP BY rule"),
        ("warraq_entries_total{change=\"NAME\"}", "SELECT 'new', sum(new) FROM poll"),
        ("warraq_entries_total{change=\"NAME\"}", "SELECT 'revised', sum(revised) FROM poll"),
        ("warraq_entries_total{change=\"NAME\"}", "SELECT 'duplicate', sum(duplicate) FROM poll"),
        ("warraq_fetched_bytes_total", "SELECT '', sum(bytes) FROM poll"),
        ("warraq_gaps_total", "SELECT '', sum(gaps) FROM feed_health"),
        ("warraq_poll_duration_seconds_count", "SELECT '', count(*) FROM poll"),
        ("warraq_poll_duration_seconds_bucket{le=\"+Inf\"}", "SELECT '', count(*) FROM poll"),
        ("warraq_poll_lateness_seconds_count", "SELECT '', count(*) FROM poll"),
        ("warraq_outlet_entries_total{outlet=\"NAME\"}", "SELECT outlet, count(*) FROM entries GROUP BY outlet"),
        (
            "warraq_outlet_revisions_total{outlet=\"NAME\"}",
            "SELECT e.outlet, (SELECT count(*) FROM revisions AS r WHERE r.outlet = e.outlet) FROM entries AS e GROUP BY 1",
        ),
    ] {
        for row in folder.sql(query).await {
            let (label, value) = row.split_once('|').unwrap();
            known.insert(name.replace("NAME", label), value.to_owned());
        }
    }
    let size = |name: &str| fs::metadata(folder.path(name)).map_or(0, |file| file.len());
    known.insert("warraq_database_bytes".to_owned(), (size("warraq.db") + size("warraq.db-wal")).to_string());
    known
}

#[tokio::test]
async fn every_number_is_that_of_the_database() {
    let outlet = FakeOutlet::start().await;
    let doc = |name: &str| FeedDoc::rss(name).entry("1", "Un", "https://ville.invalid/1", "", DATE);
    outlet.set("/well", Reply::feed(doc("V")).etag("\"1\""));
    outlet.set("/again", Reply::feed(doc("B")));
    outlet.set("/gone", Reply::status(410));
    outlet.set("/broken", Reply::status(500));
    let few = |ids: [&str; 2]| {
        ids.iter().fold(FeedDoc::rss("L"), |doc, id| doc.entry(id, &format!("Titre {id}"), "", "", DATE))
    };
    let revised = few(["8", "9"]).to_string().replace("Titre 9", "Titre 9, corrigé");
    outlet.script("/leaps", [Reply::feed(few(["3", "4"])), Reply::feed(few(["8", "9"])), Reply::feed(revised)]);
    let feeds = ["well", "again", "gone", "broken", "leaps"].map(|name| (name, outlet.url(&format!("/{name}"))));
    let outlets: Vec<_> = feeds.iter().map(|(name, feed)| (*name, feed)).collect();
    let folder = Folder::new("", &[]);
    let (text, base) = placed(&config_text(&format!("per_host = 9\n[metrics]\noutlets = true\n{EVERY}"), &outlets));
    folder.configure(&text);
    let daemon = folder.start().await;
    folder.sql_until("SELECT count(DISTINCT outcome) FROM poll", "5").await;
    folder.sql_until("SELECT count(*) FROM revisions", "1").await;
    // Nothing is polled from here on, so that both can be read at the same moment.
    folder.configure(&text.replace("every 1s", "every 9h"));
    daemon.signal("HUP").await;
    let url = format!("{base}/metrics");
    let (mut known, mut text, mut differing) = (BTreeMap::new(), String::new(), Vec::new());
    for _ in 0..400 {
        (known, text) = (self::known(&folder).await, ask("127.0.0.1", &url).await.1);
        let found = samples(&text);
        let differs =
            |(name, value): (&String, &String)| (found.get(name) != Some(value)).then(|| format!("{name} {value}"));
        differing = known.iter().filter_map(differs).collect();
        if differing.is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(differing.is_empty(), "the database says {differing:#?}, the meters\n{text}");
    for name in ["warraq_gaps_total", "warraq_entries_total{change=\"revised\"}", "warraq_joins_total{rule=\"link\"}"] {
        assert_eq!(known[name], "1", "{name}");
    }
    let found = samples(&text);
    assert!(found["warraq_poll_duration_seconds_sum"].parse::<f64>().unwrap() > 0.0);
    let all = &found["warraq_poll_lateness_seconds_count"];
    assert_eq!(&found["warraq_poll_lateness_seconds_bucket{le=\"7200\"}"], all, "nothing was two hours late");
    assert_eq!(found["warraq_polls_total{outcome=\"moved\"}"], "0", "what has not happened is there, with 0");
    for name in ["process_resident_memory_bytes", "process_open_fds", "process_start_time_seconds"] {
        assert!(found[name].parse::<f64>().unwrap() > 0.0, "{name}");
    }
    assert!(found["warraq_database_commit_seconds_count"].parse::<u64>().unwrap() > 5);
    assert_eq!(found["warraq_search_lag_seconds"], "0", "all is indexed");
    named_as_prometheus_wants(&text);
    the_alerts_and_the_dashboard_ask_for_what_is_there(&found);

    for _ in 0..3 {
        assert_eq!(ask("127.0.0.1", &format!("{base}/nothing")).await.0, 404);
        assert_eq!(ask("127.0.0.1", &format!("{base}/healthz")).await.0, 200);
    }
    assert_eq!(ask("127.0.0.1", &format!("{base}/feed.atom")).await.0, 200);
    let after = samples(&ask("127.0.0.1", &url).await.1);
    let more = |code: &str| {
        let name = format!("warraq_http_responses_total{{code=\"{code}\"}}");
        after[&name].parse::<u64>().unwrap() - found[&name].parse::<u64>().unwrap()
    };
    let routes =
        |route: &str| after[&format!("warraq_http_request_duration_seconds_count{{route=\"{route}\"}}")].clone();
    assert_eq!(routes("none"), "3", "wrong addresses share a name");
    assert!(routes("/metrics").parse::<u64>().unwrap() >= 2);
    assert_eq!((more("4xx"), more("200")), (3, 1), "three wrong addresses and one edition; probes do not count");
    daemon.stop().await;
}

/// Every name in an expression of deploy/alerts.yml and deploy/grafana.json, with every label, is in the exposition.
fn the_alerts_and_the_dashboard_ask_for_what_is_there(found: &BTreeMap<String, String>) {
    let rules = fs::read_to_string("deploy/alerts.yml").unwrap();
    let rules: Vec<String> =
        rules.lines().filter_map(|line| line.trim().strip_prefix("expr: ")).map(str::to_owned).collect();
    let dashboard: serde_json::Value =
        serde_json::from_str(&fs::read_to_string("deploy/grafana.json").unwrap()).unwrap();
    let targets = dashboard["panels"].as_array().unwrap().iter().flat_map(|panel| panel["targets"].as_array().unwrap());
    let panels: Vec<String> = targets.map(|target| target["expr"].as_str().unwrap().to_owned()).collect();
    for (file, expressions, least) in [("deploy/alerts.yml", rules, 14), ("deploy/grafana.json", panels, 25)] {
        let names = expressions.iter().flat_map(|expression| expression.split([' ', '(', ')', '[']));
        let asked: Vec<&str> =
            names.filter(|word| word.starts_with("warraq_") || word.starts_with("process_")).collect();
        assert!(asked.len() >= least, "{file}: {asked:?}");
        for name in asked {
            let there =
                |sample: &String| sample == name || (!name.contains('{') && sample.split('{').next() == Some(name));
            assert!(found.keys().any(there), "{file} asks for {name}");
        }
        // What it sums by is a label of what it sums.
        for expression in &expressions {
            let Some((_, rest)) = expression.split_once("sum by (") else { continue };
            let (labels, rest) = rest.split_once(')').unwrap();
            let name = rest.split([' ', '(', ')', '[', '{']).find(|word| word.starts_with("warraq_")).unwrap();
            let sample = found.keys().find(|sample| sample.split('{').next() == Some(name)).unwrap();
            for label in labels.split(',') {
                assert!(sample.contains(&format!("{label}=\"")), "{file}: {expression}: {sample} has no {label}");
            }
        }
    }
}

/// Checks promtool's rules: base units, counters in `_total`, HELP and TYPE for every name.
fn named_as_prometheus_wants(text: &str) {
    let described = |what: &str| -> BTreeMap<String, String> {
        let lines = text.lines().filter_map(|line| line.strip_prefix(what)?.split_once(' '));
        lines.map(|(name, rest)| (name.to_owned(), rest.to_owned())).collect()
    };
    let (help, kinds) = (described("# HELP "), described("# TYPE "));
    let names: BTreeSet<String> = samples(text)
        .keys()
        .map(|name| name.split('{').next().unwrap())
        .map(|name| {
            let whole = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end));
            whole
                .filter(|whole| kinds.get(*whole).is_some_and(|kind| kind == "histogram" || kind == "summary"))
                .unwrap_or(name)
                .to_owned()
        })
        .collect();
    assert!(names.len() >= 11, "{names:?}");
    for name in &names {
        assert!(
            (name.starts_with("warraq_") || name.starts_with("process_"))
                && name.chars().all(|c| c.is_ascii_lowercase() || c == '_'),
            "{name}"
        );
        assert!(help.get(name).is_some_and(|help| help.ends_with('.')), "{name} is explained");
        assert_eq!(kinds[name] == "counter", name.ends_with("_total"), "{name} is a {}", kinds[name]);
        assert!(kinds[name] != "histogram" || name.ends_with("_seconds"), "{name}");
        assert!(!["millis", "_ms", "_kb", "minutes"].iter().any(|unit| name.contains(unit)), "{name}: base units");
    }
}

#[tokio::test]
async fn only_whom_the_configuration_names_may_read_the_numbers() {
    let folder = Folder::new("", &[]);
    let (text, base) = placed(&config_text("", &[("nobody", &nobody())]));
    folder.configure(&text.replace("[fetch]", "metrics_allow = [\"127.0.0.1/32\"]\n[fetch]"));
    let daemon = folder.start().await;
    let url = format!("{base}/metrics");
    assert_eq!(ask("127.0.0.1", &url).await.0, 200);
    let (status, said) = ask("127.0.0.2", &url).await;
    assert!(status == 404 && !said.contains("warraq_"), "{said}");
    assert_eq!(said, ask("127.0.0.2", &format!("{base}/nothing")).await.1, "as if there were no such address");
    assert_eq!(ask("127.0.0.2", &format!("{base}/healthz")).await.0, 200);
    daemon.stop().await;
}

#[tokio::test]
async fn not_ready_while_another_program_holds_the_database_and_alive_all_the_time() {
    let outlet = FakeOutlet::start().await;
    let doc = |n: usize| FeedDoc::rss("V").entry(&n.to_string(), &format!("Titre {n}"), "", "", DATE);
    outlet.script("/feed", (0..200).map(|n| Reply::feed(doc(n))));
    let (text, base) = placed(&config_text(EVERY, &[("ville", &outlet.url("/feed"))]));
    let folder = Folder::with_file("", &[]);
    folder.configure(&text);
    let daemon = folder.start().await;
    let (ready, alive) = (format!("{base}/readyz"), format!("{base}/healthz"));
    until("readiness", async || ask("127.0.0.1", &ready).await.0 == 200).await;
    let file = format!("sqlite://{}", folder.path("warraq.db").display());
    let mut other = SqliteConnection::connect(&file).await.unwrap();
    other.execute("BEGIN IMMEDIATE").await.unwrap();
    let locked = "the database cannot be written: another process holds the database's write lock; polling is paused, and the last feeds are served\n";
    until("what is wrong", async || ask("127.0.0.1", &ready).await == (503, locked.to_owned())).await;
    assert_eq!(ask("127.0.0.1", &alive).await, (200, "ok\n".to_owned()), "a restart would not help");
    let (code, said) = folder.fails(&["healthcheck"]).await;
    assert!(code == 1 && said.contains("not ready: the database cannot be written"), "{said}");
    other.execute("ROLLBACK").await.unwrap();
    other.close().await.unwrap();
    until("readiness again", async || ask("127.0.0.1", &ready).await.0 == 200).await;
    daemon.stop().await;
}
