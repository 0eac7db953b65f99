//! Tests of whole configurations: the example, the defaults, and all kinds of faults.

mod faults;
mod long_files;

use super::*;
use crate::model::PublishedText;
use std::{collections::BTreeMap, fs, time::Duration};

const OUTLET: &str = "[[outlet]]\nslug = \"a\"\nname = \"A\"\nfeeds = [\"http://a.example/feed\"]\n";

fn environment(variables: &[(&str, &str)]) -> BTreeMap<String, String> {
    variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn parse(text: &str) -> Result<Config, ConfigFaults> {
    Config::parse(text, Path::new("/etc/warraq/config.toml"), &BTreeMap::new())
}

/// Returns the lines of the faults, without `error: ` and the path of the file.
fn faults(text: &str) -> Vec<String> {
    let error = parse(text).expect_err(text);
    error.to_string().lines().map(|line| line.replace("error: /etc/warraq/config.toml:", "")).collect()
}

#[test]
fn an_empty_file_is_every_default() {
    let config = parse("").unwrap();
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.server.metrics_allow.len(), Server::METRICS_ALLOW.len());
    assert_eq!(config.database.path, Path::new("/etc/warraq/warraq.db"));
    assert_eq!((config.fetch.timeout, config.fetch.max_body), (Duration::from_secs(30), 10_000_000));
    assert_eq!((config.fetch.concurrency, config.fetch.per_host), (32, 2));
    assert_eq!(config.fetch.host_pause, Duration::from_millis(500));
    assert!(config.fetch.allow_networks.is_empty());
    assert_eq!((config.schedule.min_interval.as_secs(), config.schedule.max_interval.as_secs()), (600, 43_200));
    assert_eq!(config.schedule.budget, 48);
    assert_eq!((config.retention.keep.as_secs(), config.retention.polls.as_secs()), (7_776_000, 2_592_000));
    assert_eq!(config.stories.window.as_secs(), 129_600);
    assert_eq!(config.log.format, LogFormat::Text);
    assert_eq!(config.channels.len(), 1);
    assert_eq!((config.channels[0].slug.as_str(), config.channels[0].limit), ("all", 100));
    let url = config.server.public_url(config.server.listen);
    assert_eq!(url.as_str(), "http://127.0.0.1:8080/");
    let agent = format!("Warraq/{} (+http://127.0.0.1:8080/)", env!("CARGO_PKG_VERSION"));
    assert_eq!(config.user_agent(&url), agent);
}

#[test]
fn the_annotated_example_says_the_defaults_and_names_every_key() {
    let text = include_str!("../../config.toml");
    let config = parse(text).unwrap();
    let empty = parse("").unwrap();
    let bare = Config {
        outlets: Vec::new(),
        channels: empty.channels.clone(),
        own_schedules: HashMap::new(),
        public_urls: HashMap::new(),
        ..config.clone()
    };
    let url = config.server.public_url(config.server.listen);
    assert_eq!(url, empty.server.public_url(empty.server.listen));
    assert_eq!(Config { server: Server { configured_url: None, ..bare.server.clone() }, ..bare }, empty);
    for (section, keys) in sections::SECTIONS {
        for key in keys {
            let named = text.lines().any(|line| line.trim_start_matches("# ").starts_with(&format!("{key} = ")));
            assert!(named, "{section}.{key}");
        }
    }
    assert!(config.outlets.len() >= 12);
    assert_eq!(config.outlets[0].name, "العلم");
    let (site, others) = &config.outlets[0].alternatives[0];
    assert_eq!((site, others[0].as_str()), (&config.outlets[0].feeds[0], "https://www.alalam.ma/xml/syndication.rss"));
    assert_eq!(site.as_str(), "https://www.alalam.ma/");
    assert_eq!(config.schedule_of(&config.outlets[0].slug), &Schedule::Adaptive);
    assert!(!text.to_lowercase().contains("france24"), "its terms forbid automated collection");
    assert_eq!(config.channels[0].title, empty.channels[0].title);
    let slugs: Vec<_> = config.channels.iter().map(|channel| channel.slug.as_str()).collect();
    assert_eq!(slugs, ["all", "morocco", "arabic", "front-page"]);
    assert_eq!(config.channels[3].min_outlets, 2);
}

#[test]
fn every_value_is_taken() {
    let text = r#"
        [server]
        listen = "[::]:0"
        public_url = "https://news.example.org/warraq"
        metrics_allow = []
        [database]
        path = "/var/lib/warraq/warraq.db"
        [fetch]
        user_agent = "Mine/1"
        timeout = "1m 30s"
        max_body = "2 MiB"
        concurrency = 0x10
        per_host = 1
        host_pause = "0s"
        allow_networks = ["127.0.0.0/8", "fd00::/8"]
        [schedule]
        default = "every 15m"
        budget = 96
        min_interval = "1m"
        max_interval = "1h"
        [retention]
        keep = "1year"
        polls = "7d"
        [stories]
        window = "2d"
        [log]
        format = "json"
        [[outlet]]
        slug = "a"
        name = " A "
        language = "fr_MA"
        time_zone = "Africa/Casablanca"
        tags = ["x", "y", "x"]
        schedule = "*/10 6-23 * * *"
        feeds = ["http://a.example/1#top", "http://a.example/2"]
        [[outlet]]
        slug = "b"
        name = "B"
        feeds = ["http://b.example"]
        [[channel]]
        slug = "c"
        title = "C"
        outlets = ["a", "b"]
        tags = ["y"]
        languages = ["fr", "AR"]
        limit = 7
        min_outlets = 2
        prefer = ["b"]
        collapse = false
        [[channel]]
        slug = "all"
        title = "Everything"
        limit = 9
    "#;
    let config = parse(text).unwrap();
    let url = config.server.public_url(config.server.listen);
    assert_eq!(url.as_str(), "https://news.example.org/warraq/");
    assert!(config.server.metrics_allow.is_empty());
    assert_eq!(config.database.path, Path::new("/var/lib/warraq/warraq.db"));
    assert_eq!(config.user_agent(&url), "Mine/1");
    assert_eq!((config.fetch.timeout.as_secs(), config.fetch.max_body), (90, 2 << 20));
    assert_eq!((config.fetch.concurrency, config.fetch.per_host, config.fetch.host_pause), (16, 1, Duration::ZERO));
    assert!(config.fetch.allow_networks[1].contains("fd12::1".parse().unwrap()));
    assert_eq!((config.schedule.budget, config.schedule.max_interval.as_secs()), (96, 3600));
    assert_eq!(config.log.format, LogFormat::Json);
    let [a, b] = &config.outlets[..] else { panic!() };
    assert_eq!((a.name.as_str(), a.tags.len(), a.feeds.len()), ("A", 2, 2));
    assert_eq!(a.language.as_ref().unwrap().as_str(), "fr-ma");
    assert_eq!(a.time_zone.iana_name(), Some("Africa/Casablanca"));
    assert_eq!(a.feeds[0].as_str(), "http://a.example/1");
    assert_ne!(config.schedule_of(&a.slug), config.schedule_of(&b.slug));
    let [all, c] = &config.channels[..] else { panic!() };
    assert_eq!((all.title.as_str(), all.limit), ("Everything", 9));
    assert_eq!((c.outlets.len(), c.limit, c.min_outlets, c.collapse), (2, 7, 2, false));
    assert_eq!((c.prefer[0].as_str(), c.languages[1].as_str()), ("b", "ar"));
}

#[test]
fn public_url_follows_what_is_bound() {
    let config = parse("[server]\nlisten = \"0.0.0.0:0\"").unwrap();
    for (bound, url) in [
        ("0.0.0.0:4321", "http://127.0.0.1:4321/"),
        ("[::]:80", "http://[::1]/"),
        ("192.168.1.7:8080", "http://192.168.1.7:8080/"),
    ] {
        assert_eq!(config.server.public_url(bound.parse().unwrap()).as_str(), url);
    }
}

#[test]
fn variables_override_the_file() {
    let text = "[server]\nlisten = \"broken\"\n[fetch]\nallow_networks = [\"10.0.0.0/8\"]";
    let variables = environment(&[
        ("WARRAQ_SERVER_LISTEN", "127.0.0.1:9999"),
        ("WARRAQ_FETCH_ALLOW_NETWORKS", "127.0.0.0/8, ::1"),
        ("WARRAQ_FETCH_CONCURRENCY", "4"),
        ("WARRAQ_SERVER_METRICS_ALLOW", ""),
        ("WARRAQ_LOG", "debug"),
        ("WARRAQ_LOG_FORMAT", "json"),
        ("WARRAQ_CONFIG", "elsewhere.toml"),
        ("WARRAQ_HOME", "not ours"),
        // What Kubernetes sets for a service that is called warraq.
        ("WARRAQ_SERVICE_HOST", "10.0.0.7"),
        ("WARRAQ_PORT", "tcp://10.0.0.7:8080"),
        ("WARRAQ_SERVER_PORT", "tcp://10.0.0.7:8080"),
        ("WARRAQ_SERVER_PORT_8080_TCP_ADDR", "10.0.0.7"),
        ("WARRAQ_DATABASE_SERVICE_HOST", "10.0.0.7"),
        ("WARRAQ_DATABASE_SERVICE_PORT_HTTP", "80"),
        ("PATH", "/bin"),
    ]);
    let config = Config::parse(text, Path::new("c.toml"), &variables).unwrap();
    assert_eq!(config.server.listen.port(), 9999);
    assert_eq!(config.fetch.allow_networks.len(), 2);
    assert!(config.server.metrics_allow.is_empty());
    assert_eq!((config.fetch.concurrency, config.log.format), (4, LogFormat::Json));
}

#[test]
fn the_address_of_a_server_in_a_variable_replaces_a_path() {
    let read = |text: &str, variables: &[(&str, &str)]| {
        Config::parse(text, Path::new("c.toml"), &environment(variables)).map(|config| config.database.name())
    };
    let (path, url) = ("WARRAQ_DATABASE_PATH", "WARRAQ_DATABASE_URL");
    let server = Path::new("postgres://db.example/warraq");
    for (text, variables) in [
        ("[database]\npath = \"a.db\"", &[(url, "postgres://db.example/warraq")][..]),
        ("", &[(path, "a.db"), (url, "postgres://db.example/warraq")][..]),
    ] {
        assert!(read(text, variables).unwrap().starts_with(server), "{text} {variables:?}");
    }
    let address = "[database]\nurl = \"postgres://db.example/warraq\"\n";
    for (text, variables) in [(format!("{address}path = \"a.db\""), &[][..]), (address.to_owned(), &[(path, "a.db")])] {
        let error = read(&text, variables).unwrap_err().to_string();
        assert!(error.contains("database.url: stands beside path") && error.contains(url), "{error}");
    }
}

#[test]
fn faulty_and_unknown_variables_are_named() {
    for (name, value, holds) in [
        ("WARRAQ_SERVER_LISTEN", "x", "server.listen: \"x\" is not ADDRESS:PORT"),
        ("WARRAQ_FETCH_ALLOW_NETWORKS", "::1,x", "fetch.allow_networks: \"x\" is not a network"),
        ("WARRAQ_FETCH_TIMEOUT", "", "fetch.timeout: \"\" is not a duration"),
        ("WARRAQ_SERVER_PORT", "8080", "unknown variable; allowed: WARRAQ_SERVER_LISTEN"),
        ("WARRAQ_SERVER_LISTE", "x", "did you mean \"WARRAQ_SERVER_LISTEN\"?"),
        ("WARRAQ_SERVR_LISTEN", "x", "unknown variable; did you mean \"WARRAQ_SERVER_LISTEN\"?"),
        ("WARRAQ_LOG_LEVEL", "x", "unknown variable; allowed: WARRAQ_LOG_FORMAT"),
        ("WARRAQ_OUTLET_SLUG", "x", "set it in the file"),
    ] {
        let error = Config::parse("", Path::new("c.toml"), &environment(&[(name, value)])).unwrap_err();
        let line = error.to_string();
        assert!(line.starts_with(&format!("error: {name}: ")) && line.contains(holds), "{line}");
        assert_eq!(error.faults().len(), 1);
    }
}

#[test]
fn files_that_cannot_be_read_say_why() {
    let directory = tempfile::tempdir().unwrap();
    let load = |name: &str| Config::load(&directory.path().join(name), &BTreeMap::new()).map_err(|e| e.to_string());
    let missing = load("none.toml").unwrap_err();
    assert!(
        missing.contains("no such file; looked for /") && missing.contains("\nhint: ") && missing.contains("--config")
    );
    let hint = missing.split_once("lines:\n").unwrap().1;
    assert_eq!(parse(hint).unwrap().outlets.len(), 1);
    assert!(load("").unwrap_err().contains("cannot be read: "));
    fs::write(directory.path().join("latin.toml"), b"# ok\n# \xe9").unwrap();
    assert!(load("latin.toml").unwrap_err().contains("latin.toml:2: not UTF-8"));
    fs::write(directory.path().join("good.toml"), OUTLET).unwrap();
    assert_eq!(load("good.toml").unwrap().database.path, directory.path().join("warraq.db"));
}

proptest::proptest! {
    #![proptest_config(crate::model::testing::cases())]

    #[test]
    fn no_text_panics(text in "(\\[\\[?(server|fetch|outlet|channel|x)\\]\\]?\n|(slug|feeds|listen|limit) = (1|\"[^\"]{0,9}\"|\\[\"a\"\\])\n|[a-z\\[\\]\"=\n .#]){0,30}") {
        if let Err(faults) = parse(&text) {
            proptest::prop_assert!(!faults.faults().is_empty());
        }
    }
}

#[test]
fn the_address_of_a_feed_fits_into_an_index_of_each_store() {
    let text = |feeds: &str| format!("[[outlet]]\nslug = \"a\"\nname = \"A\"\nfeeds = [{feeds}]\n");
    let of_length = |length: usize| format!("{:a<length$}", "http://a.example/");
    // A long address that an earlier version polled may be named as the former one.
    let was = format!("was = [\"{}\"]\n", of_length(2_001));
    assert!(parse(&(text(&format!("\"{}\"", of_length(2_000))) + &was)).is_ok());
    let long = of_length(2_001);
    for feeds in
        [format!("\"{long}\""), format!("{{ url = \"{long}\" }}"), format!("[\"http://a.example/\", \"{long}\"]")]
    {
        let told = faults(&text(&feeds));
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].contains("an address of more than 2000 bytes") && told[0].len() < 250, "{told:?}");
    }
}

#[test]
fn a_feed_may_say_what_is_shown_of_its_address() {
    let feeds = |feeds: &str| format!("[[outlet]]\nslug = \"a\"\nname = \"A\"\nfeeds = [{feeds}]\n");
    let config = parse(&feeds(
        "\"http://a.example/1\", { url = \"http://a.example/2?key=s3cret\", public_url = \"http://a.example/two\" }",
    ))
    .unwrap();
    let [_, second] = &config.outlets[0].feeds[..] else { panic!("{:?}", config.outlets) };
    assert_eq!(second.as_str(), "http://a.example/2?key=s3cret");
    assert_eq!(config.public_urls()[second].as_str(), "http://a.example/two");
    assert_eq!(config.public_urls().len(), 1);
    for (given, fault) in [
        ("{ public_url = \"http://a.example/\" }", "4: outlet.a.feeds.url: is missing; it is required"),
        (
            "{ url = \"http://a.example/\", pubic_url = \"x\" }",
            "4: outlet.a.feeds.pubic_url: unknown key; did you mean \"public_url\"?",
        ),
        (
            "{ url = \"http://a.example/\", public_url = \"ftp://a.example/\" }",
            "4: outlet.a.feeds.public_url: \"ftp://a.example/\": the scheme ftp: is not polled",
        ),
        ("7", "4: outlet.a.feeds: holds a number; allowed: strings in quotes, or tables"),
        (
            "\"http://a.example/?key=s3cret\", \"http://a.example/?key=s3cret\"",
            "4: outlet.a.feeds: \"http://a.example/\" is already used in line 4",
        ),
    ] {
        let told = faults(&feeds(given));
        assert!(told.iter().any(|line| line.starts_with(fault)), "{given}: {told:?}");
    }
}

#[test]
fn hosts_are_names_and_budgets_are_sizes() {
    let config = parse("[server]\nhosts = [\"News.example.org.\", \"خبر.example\"]\n[publish]\nentry_max = \"2kB\"\nedition_max = \"1MB\"\n").unwrap();
    assert_eq!(config.server.hosts, ["news.example.org", "xn--ngblk.example"]);
    assert_eq!(
        config.publish,
        Publish { entry_max: 2_000, edition_max: 1_000_000, outlet_in_title: false, text: PublishedText::Feed }
    );
    assert_eq!(
        parse("").unwrap().publish,
        Publish { entry_max: 64_000, edition_max: 4_000_000, outlet_in_title: false, text: PublishedText::Feed }
    );
    for host in ["http://a.example", "a.example:80", "a b", "*", ""] {
        let told = faults(&format!("[server]\nhosts = [{host:?}]\n"));
        assert!(told[0].starts_with(&format!("2: server.hosts: {host:?} is not a host name; allowed: ")), "{told:?}");
    }
    assert!(
        faults("[publish]\nentry_max = \"1MB\"\nedition_max = \"20kB\"\n")[0]
            .contains("edition_max is less than entry_max")
    );
    assert!(faults("[publish]\nentry_max = \"10B\"\n")[0].contains("out of bounds"));
}

#[test]
fn each_kind_of_key_of_an_outlet_counts_as_a_change_of_the_section() {
    let read = |more: &str| Config::parse(&format!("{OUTLET}{more}"), Path::new("c.toml"), &BTreeMap::new()).unwrap();
    let plain = read("");
    assert!(plain.changed_sections(&plain).is_empty());
    for more in
        ["schedule = \"every 2h\"", "timeout = \"9s\"", "user_agent = \"x\"", "enabled = false", "tags = [\"t\"]"]
    {
        assert_eq!(read(more).changed_sections(&plain), ["outlet"], "{more}");
    }
}
