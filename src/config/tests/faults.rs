//! Faults: what is wrong, where, and what is allowed.

use super::*;

/// Each case is a faulty text, and what the first fault begins with and contains.
#[test]
fn each_faulty_value_is_named_with_its_line_and_what_is_allowed() {
    for (text, begins, holds) in [
        ("[server]\nlisten = \"8080\"", "2: server.listen: ", "allowed: an IP address and a port"),
        ("[server]\nlisten = \"localhost:8080\"", "2: server.listen: ", "\"localhost:8080\""),
        ("[server]\n\n\nlisten = 8080", "4: server.listen: ", "is a number; allowed: a string in quotes"),
        ("[server]\npublic_url = \"ftp://x/\"", "2: server.public_url: \"ftp://x/\" ", "allowed: http:// or https://"),
        ("[server]\npublic_url = \"x.example\"", "2: server.public_url: ", "\"x.example\" has no scheme; allowed: "),
        ("[server]\npublic_url = \"http://u:p@x/\"", "2: server.public_url: ", "a user"),
        ("[server]\npublic_url = \"/x\"", "2: server.public_url: ", "\"/x\" has no scheme"),
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
            "\"b\" has no scheme; allowed: \"https://b\"",
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
        ("[[channel]]\nslug = \"c\"\ntitle = \"C\"\nmin_outlets = 0", "8: channel.c.min_outlets: ", "1 to 64"),
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
fn an_outlet_without_a_valid_slug_is_read_to_its_end() {
    let outlet = |slug: &str| {
        format!(
            "[[outlet]]\nslug = \"{slug}\"\nname = \"A\"\nfeeds = [\"https://a.example/feed\"]\nschedule = \"x\"\n\
             public = 1\nfull_text = 1\nenabled = 1\npublish_text = \"x\"\nkeep = [\"(\"]\ndrop = [\"(\"]\ntimeout = \"x\"\n"
        )
    };
    let lines = |text: &str| -> Vec<String> {
        let found = Config::parse(text, Path::new("c.toml"), &environment(&[])).unwrap_err().to_string();
        found.lines().filter_map(|line| line.split(": ").nth(1).map(str::to_owned)).collect()
    };
    let valid = lines(&outlet("a"));
    assert!(valid.len() >= 8, "{valid:?}");
    assert_eq!(lines(&outlet("A B"))[1..], valid, "the same, after the fault of the slug");
}

#[test]
fn no_fault_repeats_a_password() {
    let found =
        faults("[[outlet]]\nslug = \"a\"\nname = \"A\"\nfeeds = [\"http://u:secret@x/\", \"ftp://u:secret@x/\"]");
    assert_eq!(found.len(), 2);
    assert!(!found.concat().contains("secret"), "{found:?}");
}
