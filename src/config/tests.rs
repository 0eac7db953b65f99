//! Tests of whole configurations: the example, the defaults, and all kinds of faults.

use super::*;
use crate::model::PublishedText;
use std::time::Duration;

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

/// Each case is a faulty text, and what the first fault begins with and contains.
#[test]
fn each_faulty_value_is_named_with_its_line_and_what_is_allowed() {
    for (text, begins, holds) in [
        ("[server]\nlisten = \"8080\"", "2: server.listen: ", "allowed: an IP address and a port"),
        ("[server]\nlisten = \"localhost:8080\"", "2: server.listen: ", "\"localhost:8080\""),
        ("[server]\n\n\nlisten = 8080", "4: server.listen: ", "is a number; allowed: a string in quotes"),
        ("[server]\npublic_url = \"ftp://x/\"", "2: server.public_url: ", "allowed: http:// or https://"),
        ("[server]\npublic_url = \"http://u:p@x/\"", "2: server.public_url: ", "a user"),
        ("[server]\npublic_url = \"/x\"", "2: server.public_url: ", "not an address"),
        ("[server]\nmetrics_allow = [\n  \"::1\",\n  \"x\"\n]", "4: server.metrics_allow: ", "\"x\" is not a network"),
        ("[server]\nmetrics_allow = [\"10.0.0.1/8\"]", "2: server.metrics_allow: ", "allowed: 10.0.0.0/8"),
        ("[server]\nmetrics_allow = \"::1\"", "2: server.metrics_allow: ", "is a string; allowed: a list"),
        ("[server]\nmetrics_allow = [1]", "2: server.metrics_allow: ", "holds a number; allowed: strings"),
        ("[database]\npath = \"\"", "2: database.path: ", "allowed: a path"),
        ("[fetch]\nuser_agent = \"a\\nb\"", "2: fetch.user_agent: ", "ASCII"),
        ("[fetch]\ntimeout = \"30\"", "2: fetch.timeout: ", "not a duration"),
        ("[fetch]\ntimeout = 30", "2: fetch.timeout: ", "is a number"),
        ("[fetch]\ntimeout = \"0s\"", "2: fetch.timeout: ", "out of bounds; allowed: 1s to 10m"),
        ("[fetch]\ntimeout = \"2years\"", "2: fetch.timeout: ", "out of bounds"),
        ("[fetch]\ntimeout = \"99999999999999999999y\"", "2: fetch.timeout: ", "not a duration"),
        ("[fetch]\nmax_body = \"10\"", "2: fetch.max_body: ", "is not a size"),
        ("[fetch]\nmax_body = \"10TB\"", "2: fetch.max_body: ", "is not a size"),
        ("[fetch]\nmax_body = \"99999999999999999999GB\"", "2: fetch.max_body: ", "out of bounds"),
        ("[fetch]\nmax_body = \"١٠MB\"", "2: fetch.max_body: ", "is not a size"),
        ("[fetch]\nconcurrency = 0", "2: fetch.concurrency: ", "is 0; allowed: a whole number from 1 to 1024"),
        ("[fetch]\nper_host = -1", "2: fetch.per_host: ", "is -1"),
        ("[fetch]\nper_host = 1.5", "2: fetch.per_host: ", "is a floating-point number"),
        ("[fetch]\nhost_pause = \"soon\"", "2: fetch.host_pause: ", "allowed: 0s to 1m"),
        ("[fetch]\nallow_networks = [\"10.0.0.0/40\"]", "2: fetch.allow_networks: ", "not a network"),
        ("[schedule]\ndefault = \"\"", "2: schedule.default: ", "allowed: "),
        ("[schedule]\nbudget = \"48\"", "2: schedule.budget: ", "is a string; allowed: a whole number"),
        ("[schedule]\nmin_interval = \"13h\"", "2: schedule.min_interval: ", "at least 13h"),
        ("[schedule]\nmin_interval = \"2h\"\nmax_interval = \"1h\"", "3: schedule.max_interval: ", "at least 2h"),
        ("[retention]\nkeep = \"1s\"", "2: retention.keep: ", "allowed: 1h"),
        ("[retention]\npolls = true", "2: retention.polls: ", "is true or false"),
        ("[stories]\nwindow = \"90d\"", "2: stories.window: ", "allowed: 1m to 14d"),
        ("[log]\nformat = \"xml\"", "2: log.format: ", "allowed: \"text\" or \"json\""),
        ("[sever]", "1: sever: ", "unknown key; did you mean \"server\"?; allowed here: server, database"),
        ("[[outlets]]", "1: outlets: ", "did you mean \"outlet\"?"),
        ("server = 1", "1: server: ", "is a number; allowed: a section, [server]"),
        ("[outlet]\nslug = \"a\"", "1: outlet: ", "allowed: repeated sections, [[outlet]]"),
        ("channel = [1]", "1: channel: ", "allowed: repeated sections, [[channel]]"),
        (
            "[server]\nport = 1",
            "2: server.port: ",
            "allowed here: listen, public_url, metrics_allow, hosts, images, live, token_file, time_zone",
        ),
        ("a = ", "1: ", "not TOML"),
        ("[server]\nlisten = \"x\nx = 1", "2: ", "not TOML"),
        ("[server]\n[server]", "2: ", "not TOML: duplicate key"),
    ] {
        let found = faults(text);
        assert!(found[0].starts_with(begins) && found[0].contains(holds), "{text}\n{found:#?}");
    }
}

#[test]
fn outlets_and_channels_are_called_by_slug_or_by_number() {
    for (text, begins, holds) in [
        ("[[outlet]]\nslug = \"A b\"", "6: outlet[2].slug: ", "allowed: 1 to 64 of a-z"),
        ("[[outlet]]\nname = \"x\"", "5: outlet[2].slug: ", "is missing"),
        ("[[outlet]]\nslug = \"a\"", "6: outlet.a.slug: ", "already used in line 2"),
        ("[[outlet]]\nslug = \"b\"\nname = \"\"\nfeeds = []", "7: outlet.b.name: ", "allowed: 1 to 200"),
        ("[[outlet]]\nslug = \"b\"\nname = \"B\"", "5: outlet.b.feeds: ", "is missing"),
        (
            "[[outlet]]\nslug = \"b\"\nname = \"B\"\nfeeds = [\"http://a.example/feed#x\"]",
            "8: outlet.b.feeds: ",
            "line 4",
        ),
        (
            "[[outlet]]\nslug = \"b\"\nname = \"B\"\nfeeds = [\n\"http://b.example/\",\n\"b\"]",
            "10: outlet.b.feeds: ",
            "http://",
        ),
        ("[[outlet]]\nslug = \"b\"\nname = \"B\"\nfeeds = [\"file:///x\"]", "8: outlet.b.feeds: ", "allowed: http://"),
        ("language = \"arabic language\"", "5: outlet.a.language: ", "BCP 47"),
        ("time_zone = \"Africa/Casablanka\"", "5: outlet.a.time_zone: ", "did you mean \"Africa/Casablanca\"?"),
        ("timezone = \"UTC\"", "5: outlet.a.timezone: ", "did you mean \"time_zone\"?; allowed here: slug, name"),
        ("tags = [\"\"]", "5: outlet.a.tags: ", "allowed: 1 to 64"),
        ("schedule = 5", "5: outlet.a.schedule: ", "is a number"),
        (
            "[[channel]]\nslug = \"all\"\ntags = [\"x\"]",
            "7: channel.all.tags: ",
            "allowed keys: title, subtitle, limit, outlet_in_title",
        ),
        ("[[channel]]\nslug = \"c\"", "5: channel.c.title: ", "is missing"),
        ("[[channel]]\ntitle = \"C\"", "5: channel[1].slug: ", "is missing"),
        (
            "[[channel]]\nslug = \"c\"\ntitle = \"C\"\noutlets = [\"alam\"]",
            "8: channel.c.outlets: ",
            "\"alam\" is not an outlet; allowed",
        ),
        ("[[channel]]\nslug = \"c\"\ntitle = \"C\"\nprefer = [\"b\"]", "8: channel.c.prefer: ", "is not an outlet"),
        ("[[channel]]\nslug = \"c\"\ntitle = \"C\"\ntags = [\"x\"]", "8: channel.c.tags: ", "no outlet has the tag"),
        ("[[channel]]\nslug = \"c\"\ntitle = \"C\"\nlanguages = [\"fr-MA\"]", "8: channel.c.languages: ", "subtag"),
        ("[[channel]]\nslug = \"c\"\ntitle = \"C\"\nlimit = 0", "8: channel.c.limit: ", "1 to 1000"),
        ("[[channel]]\nslug = \"c\"\ntitle = \"C\"\nmin_outlets = 0", "8: channel.c.min_outlets: ", "1 to 1000"),
        ("[[channel]]\nslug = \"c\"\ntitle = \"C\"\ncollapse = 1", "8: channel.c.collapse: ", "true or false"),
        (
            "[[channel]]\nslug = \"c\"\ntitle = \"C\"\n[[channel]]\nslug = \"c\"\ntitle = \"D\"",
            "9: channel.c.slug: ",
            "line 6",
        ),
    ] {
        let found = faults(&format!("{OUTLET}{text}"));
        let fault = found.iter().find(|fault| fault.starts_with(begins));
        assert!(fault.is_some_and(|fault| fault.contains(holds)), "{text}\n{found:#?}");
    }
}

#[test]
fn all_faults_are_reported_at_once_in_the_order_of_the_file() {
    let text =
        "[fetch]\ntimeout = \"x\"\nnope = 1\n[[outlet]]\nslug = \"a\"\ntime_zone = \"Mars\"\n[server]\nlisten = 1\n";
    let variables = environment(&[("WARRAQ_FETCH_PER_HOST", "many")]);
    let found = Config::parse(text, Path::new("c.toml"), &variables).unwrap_err().to_string();
    let begins: Vec<_> = found.lines().map(|line| line.split(": ").take(3).collect::<Vec<_>>().join(": ")).collect();
    assert_eq!(
        begins,
        [
            "error: c.toml:2: fetch.timeout",
            "error: c.toml:3: fetch.nope",
            "error: c.toml:4: outlet.a.name",
            "error: c.toml:4: outlet.a.feeds",
            "error: c.toml:6: outlet.a.time_zone",
            "error: c.toml:8: server.listen",
            "error: WARRAQ_FETCH_PER_HOST: fetch.per_host",
        ]
    );
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
        ("PATH", "/bin"),
    ]);
    let config = Config::parse(text, Path::new("c.toml"), &variables).unwrap();
    assert_eq!(config.server.listen.port(), 9999);
    assert_eq!(config.fetch.allow_networks.len(), 2);
    assert!(config.server.metrics_allow.is_empty());
    assert_eq!((config.fetch.concurrency, config.log.format), (4, LogFormat::Json));
}

#[test]
fn faulty_and_unknown_variables_are_named() {
    for (name, value, holds) in [
        ("WARRAQ_SERVER_LISTEN", "x", "server.listen: \"x\" is not ADDRESS:PORT"),
        ("WARRAQ_FETCH_ALLOW_NETWORKS", "::1,x", "fetch.allow_networks: \"x\" is not a network"),
        ("WARRAQ_FETCH_TIMEOUT", "", "fetch.timeout: \"\" is not a duration"),
        ("WARRAQ_SERVER_LISTE", "x", "did you mean \"WARRAQ_SERVER_LISTEN\"?"),
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
fn no_fault_repeats_a_password() {
    let found =
        faults("[[outlet]]\nslug = \"a\"\nname = \"A\"\nfeeds = [\"http://u:secret@x/\", \"ftp://u:secret@x/\"]");
    assert_eq!(found.len(), 2);
    assert!(!found.concat().contains("secret"), "{found:?}");
}

/// So many outlets; where asked, one in two hundred has a fault.
fn long(outlets: usize, faulty: bool) -> String {
    let mut text = "[server]\nlisten = \"127.0.0.1:0\"\n".to_owned();
    for n in 0..outlets {
        let key = if faulty && n % 200 == 7 { "nmae" } else { "name" };
        let feed = format!("https://o{n}.example/feed");
        let outlet =
            ["[[outlet]]\nslug = \"o", &n.to_string(), "\"\n", key, " = \"Outlet\"\nfeeds = [\"", &feed, "\"]\n"];
        text.push_str(&outlet.concat());
    }
    text + "[[channel]]\nslug = \"c\"\ntitle = \"C\"\noutlets = [\"o1\"]\n"
}

#[test]
fn a_file_may_have_forty_thousand_outlets() {
    let config = Config::parse(&long(40_000, false), Path::new("c.toml"), &BTreeMap::new()).unwrap();
    assert_eq!((config.outlets.len(), config.channels.len()), (40_000, 2));
    assert_eq!(config.outlets[39_999].slug.as_str(), "o39999");
}

#[test]
fn a_long_file_is_read_in_pieces_with_the_faults_and_places_of_a_whole_one() {
    let text = long(3_000, true);
    assert!(pieces::pieces(&text).is_some_and(|(pieces, _)| pieces.len() > 1));
    // A comment behind the header keeps the file whole.
    let whole = |text: &str| text.replace("[[outlet]]\n", "[[outlet]] #\n");
    assert!(pieces::pieces(&whole(&text)).is_none());
    let (found, expected) = (faults(&text), faults(&whole(&text)));
    assert!(found.len() >= 30 && found.iter().any(|fault| fault.starts_with("33:")), "{:?}", &found[..3]);
    assert_eq!(found, expected);
    let plain = |text: &str| Config::parse(text, Path::new("c.toml"), &BTreeMap::new()).unwrap();
    let text = long(3_000, false);
    assert_eq!(plain(&text), plain(&whole(&text)));
}

#[test]
fn a_header_within_a_long_string_begins_no_piece() {
    let lines = "[[outlet]]\na line of a long text, which says nothing of outlets\n".repeat(3_000);
    let text = format!("{OUTLET}language = '''\n{lines}'''\n");
    assert!(pieces::pieces(&text).is_none());
    assert_eq!(faults(&text).len(), 1);
}

#[test]
fn limits_hold() {
    let many = |most: usize, line: fn(usize) -> String| (0..=most).map(line).collect::<Vec<_>>().concat();
    let tags = many(LIST_MAX, |n| format!("\"{n}\","));
    let channels = many(CHANNELS_MAX, |n| format!("[[channel]]\nslug = \"{n}\"\ntitle = \"T\"\n"));
    for (text, fault) in [
        (format!("{OUTLET}tags = [{tags}]"), "5: outlet.a.tags: is one too many; allowed: 1000"),
        (channels, "3001: channel: is one too many; allowed: 1000 channels"),
    ] {
        assert_eq!(faults(&text), [fault]);
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
            "4: outlet.a.feeds.public_url: the scheme ftp: is not polled",
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
