//! No two files of `src/` import each other, directly or indirectly, so that a reader of one file need not read them all. `mod`
//! and `pub use` do not count as imports, nor do paths in visibilities.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// Path of a module in the crate: `["store", "sqlite", "row"]`.
type Names = Vec<String>;

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Removes comments and the contents of string literals.
fn bare(source: &str) -> String {
    let source = source.split("#[cfg(test)]\nmod tests {").next().unwrap();
    let mut code = String::new();
    for line in source.lines() {
        let mut inside = false;
        let mut before = ' ';
        let mut chars = line.chars().peekable();
        while let Some(c) = chars.next() {
            if !inside && c == '/' && chars.peek() == Some(&'/') {
                break;
            }
            if c == '"' && before != '\\' && before != '\'' {
                inside = !inside;
            } else if !inside {
                code.push(c);
            }
            before = c;
        }
        code.push('\n');
    }
    code
}

/// Collects the paths that one use tree names, starting with its first name.
fn tree(text: &str, before: &[String], found: &mut Vec<Names>) {
    let mut depth = 0_usize;
    let mut start = 0;
    let mut parts = Vec::new();
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    for part in parts.into_iter().map(str::trim).filter(|part| !part.is_empty()) {
        let (head, inside) = part.split_once('{').map_or((part, None), |(head, rest)| (head, rest.strip_suffix('}')));
        let head = head.split(" as ").next().unwrap();
        let mut path = before.to_vec();
        path.extend(head.split("::").map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned));
        match inside {
            Some(inside) => tree(inside, &path, found),
            None => found.push(path),
        }
    }
}

/// Resolves `super` and `self` in the module `here`. Returns `None` for another crate's path.
fn absolute(path: &[String], here: &[String]) -> Option<Names> {
    let mut base: Names = match path.first().map(String::as_str) {
        Some("crate") => Vec::new(),
        Some("self") => here.to_vec(),
        Some("super") => here[..here.len() - 1].to_vec(),
        _ => return None,
    };
    for name in &path[1..] {
        match name.as_str() {
            "super" => drop(base.pop()),
            "self" | "*" => {}
            name => base.push(name.to_owned()),
        }
    }
    Some(base)
}

/// Returns what the code of a module imports or names by its path.
fn imports(code: &str, here: &[String]) -> Vec<Names> {
    let mut found = Vec::new();
    let mut local: BTreeMap<String, Names> = BTreeMap::new();
    let mut rest = code;
    let mut other = String::new();
    while let Some(at) = rest.find("use ") {
        let (before, after) = rest.split_at(at);
        let is_statement = !before.ends_with(is_word);
        let end = after.find(';').unwrap_or(after.len());
        let line = before.rsplit('\n').next().unwrap();
        other.push_str(&before[..before.len() - line.len()]);
        if is_statement && line.trim().is_empty() {
            let mut paths = Vec::new();
            tree(&after["use ".len()..end], &[], &mut paths);
            for path in paths.iter().filter_map(|path| absolute(path, here)) {
                local.extend(path.last().cloned().map(|name| (name, path.clone())));
                found.push(path);
            }
        }
        rest = &after[end..];
    }
    other.push_str(rest);
    for (at, _) in other.match_indices("::") {
        let head = &other[..at][other[..at].trim_end_matches(is_word).len()..];
        if other[..at - head.len()].ends_with("::") || other[..at - head.len()].ends_with("(in ") {
            continue;
        }
        let path: Names = other[at - head.len()..]
            .split(|c| !is_word(c) && c != ':')
            .next()
            .unwrap()
            .split("::")
            .map(str::to_owned)
            .collect();
        if let Some(base) = local.get(head) {
            found.push(base.iter().chain(&path[1..]).cloned().collect());
        }
        found.extend(absolute(&path, here));
    }
    found
}

/// Collects the files of `src/` below a folder, by the paths of their modules.
fn files(folder: &Path, root: &Path, found: &mut BTreeMap<Names, PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, root, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            let inside = path.strip_prefix(root).unwrap().with_extension("");
            let mut names: Names = inside.iter().map(|part| part.to_str().unwrap().to_owned()).collect();
            names.pop_if(|last| last == "mod");
            found.insert(names, path);
        }
    }
}

/// Returns the modules that each module imports, without its tests.
fn graph() -> BTreeMap<Names, BTreeSet<Names>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut modules = BTreeMap::new();
    files(&root, &root, &mut modules);
    modules.retain(|names, _| !names.iter().any(|name| matches!(name.as_str(), "tests" | "testing")));
    let module_of =
        |path: &Names| (1..=path.len()).rev().map(|n| path[..n].to_vec()).find(|path| modules.contains_key(path));
    let edges = |here: &Names, file: &PathBuf| {
        let code = bare(&fs::read_to_string(file).unwrap());
        let named = imports(&code, here);
        named.iter().filter_map(module_of).filter(|module| module != here).collect()
    };
    modules.iter().map(|(here, file)| (here.clone(), edges(here, file))).collect()
}

/// Returns a path from a module back to itself.
fn circle(graph: &BTreeMap<Names, BTreeSet<Names>>, from: &Names) -> Option<Vec<Names>> {
    let mut ways = vec![vec![from.clone()]];
    let mut seen = BTreeSet::new();
    while let Some(way) = ways.pop() {
        for next in graph.get(way.last()?).into_iter().flatten() {
            if next == from {
                return Some(way);
            }
            if seen.insert(next.clone()) {
                ways.push(way.iter().cloned().chain([next.clone()]).collect());
            }
        }
    }
    None
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    let graph = graph();
    assert!(graph.values().map(BTreeSet::len).sum::<usize>() > graph.len(), "imports are seen");
    let circles: Vec<_> = graph.keys().filter_map(|module| circle(&graph, module)).collect();
    let say = |way: &Vec<Names>| way.iter().map(|names| names.join("::")).collect::<Vec<_>>().join(" -> ");
    assert!(
        circles.is_empty(),
        "\n{}\nmove what both need to a third file",
        circles.iter().map(say).collect::<Vec<_>>().join("\n")
    );
}

#[test]
fn imports_are_read_in_every_form() {
    let here = ["store", "sqlite", "row"].map(str::to_owned);
    let code = bare(
        "pub use crate::a;\nuse super::open::{self, Lock};\nuse crate::{\n    b::{C, d::E as F},\n    g,\n};\n\
         pub(in crate::store) fn f() { g::h(); super::i::j(\"super::k\"); std::l() } // super::m",
    );
    let mut found: Vec<String> = imports(&code, &here).iter().map(|path| path.join("::")).collect();
    found.sort();
    assert_eq!(
        found,
        ["b::C", "b::d::E", "g", "g::h", "store::sqlite::i::j", "store::sqlite::open", "store::sqlite::open::Lock"]
    );
}

#[test]
fn a_circle_is_found() {
    let edge = |from: &str, to: &str| (vec![from.to_owned()], BTreeSet::from([vec![to.to_owned()]]));
    let graph = BTreeMap::from([edge("a", "b"), edge("b", "c"), edge("c", "b")]);
    assert_eq!(circle(&graph, &vec!["a".to_owned()]), None);
    assert!(circle(&graph, &vec!["b".to_owned()]).is_some());
}
