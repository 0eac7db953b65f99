//! A page of documentation as a program sees it: its blocks of code, and what the page says they print.
//! Shared with the benchmark, which asks the same questions to a larger file.

use std::ops::Range;

/// What a reader is invited to run.
#[derive(Debug, Clone)]
pub struct Example {
    /// The heading above it.
    pub heading: String,
    /// Its line in the page, for messages.
    pub line: usize,
    /// `sql`, `sh`, `python`; a `text` that begins with `$ ` counts as `sh`.
    pub language: String,
    /// The code.
    pub code: String,
    /// Where the page shows what it prints, if it does.
    pub output: Option<Range<usize>>,
}

/// Every example of a page, in its order.
pub fn examples(page: &str) -> Vec<Example> {
    let mut found: Vec<Example> = Vec::new();
    let (mut heading, mut at, mut lines) = (String::new(), 0, page.split_inclusive('\n').enumerate());
    // Whether nothing but blank lines came since the last example.
    let mut follows = false;
    while let Some((n, line)) = lines.next() {
        at += line.len();
        let Some(language) = line.strip_prefix("```") else {
            if let Some(title) = line.strip_prefix('#') {
                title.trim_start_matches('#').trim().clone_into(&mut heading);
            }
            follows &= line.trim().is_empty();
            continue;
        };
        let start = at;
        for (_, line) in lines.by_ref().take_while(|(_, line)| !line.starts_with("```")) {
            at += line.len();
        }
        let inside = start..at;
        at += "```\n".len();
        let (language, code) = (language.trim(), &page[inside.clone()]);
        let example = |language: &str, code: &str, output| Example {
            heading: heading.clone(),
            line: n + 1,
            language: language.to_owned(),
            code: code.to_owned(),
            output,
        };
        match (language, code.strip_prefix("$ ").and_then(|session| session.split_once('\n'))) {
            ("text", Some((command, _))) => {
                let output = inside.start + "$ ".len() + command.len() + 1..inside.end;
                found.push(example("sh", command, Some(output)));
            }
            ("text", None) if follows => {
                if let Some(example) = found.last_mut() {
                    example.output = Some(inside);
                }
            }
            ("sql" | "sh" | "python", _) => found.push(example(language, code, None)),
            _ => {}
        }
        follows = matches!(language, "sql" | "sh" | "python");
    }
    found
}

/// The SQL of an example: the whole of it, or what its `sqlite3` commands have in double quotes.
pub fn questions(example: &Example) -> Vec<String> {
    if example.language == "sql" {
        return vec![example.code.clone()];
    }
    let commands = example.code.lines().filter(|line| line.contains("sqlite3 "));
    commands.filter_map(|line| line.split('"').nth(1)).map(str::to_owned).collect()
}
