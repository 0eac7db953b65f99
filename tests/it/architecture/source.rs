//! Source files as the rules see them: code without comments and strings, and the paths that it names.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// A source file.
pub(super) struct Source {
    pub(super) module: String,
    /// Path for messages.
    pub(super) path: String,
    /// Number of lines.
    pub(super) length: usize,
    /// The code without comments, contents of string literals, and tests; line numbers are preserved.
    pub(super) code: String,
}

impl Source {
    /// Returns the place of a byte offset, such as `src/store/mod.rs:12`.
    pub(super) fn at(&self, position: usize) -> String {
        format!("{}:{}", self.path, self.code[..position].matches('\n').count() + 1)
    }
}

pub(super) fn sources() -> Vec<Source> {
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

pub(super) fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
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
pub(super) fn bare(text: &str) -> String {
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
pub(super) fn end_of_text(text: &str) -> usize {
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

pub(super) fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Returns every path in the code as its position, its first name and the following name: (`crate`, `model`), (`reqwest`,
/// `Client`). A brace after `::` yields every name at its first level.
pub(super) fn paths(code: &str) -> Vec<(usize, &str, &str)> {
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

/// Returns the types that the code defines outside functions: position, name, and whether it is public.
pub(super) fn types(code: &str) -> Vec<(usize, &str, bool)> {
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
