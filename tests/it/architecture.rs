//! Checks `src/` against ARCHITECTURE.md's table of modules: which modules import each other, which foreign crates they name,
//! which ones may vouch for text, and how long a file and a function may be.

mod modules;
mod source;

use self::modules::{MODULES, Module, lists};
use self::source::{Source, bare, collect, paths, sources, types};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
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

/// Modules that may vouch that a text is clean: the cleaner, and the store of cleaned texts.
const VOUCHERS: &str = "normalise store";

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

/// Files of the store outside the folders of databases that may name them: they choose one.
const CHOOSERS: [&str; 5] =
    ["src/store/mod.rs", "src/store/open.rs", "src/store/copy.rs", "src/store/driver.rs", "src/store/reading/mod.rs"];

#[test]
fn each_database_is_known_in_its_folder_only() {
    let mut breaches = Vec::new();
    for (source, _) in modules() {
        for (folder, words) in [("sqlite", ["sqlite", "Sqlite"]), ("postgres", ["postgres::", "Pg"])] {
            let is_allowed =
                source.path.starts_with(&format!("src/store/{folder}/")) || CHOOSERS.contains(&source.path.as_str());
            for word in words.iter().filter(|_| !is_allowed && source.module == "store") {
                let found = source.code.match_indices(word);
                breaches.extend(found.map(|(at, _)| format!("{}: {word}: belongs to store/{folder}/", source.at(at))));
            }
        }
    }
    hold(breaches);
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
