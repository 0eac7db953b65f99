//! Parses a page of documentation: its code blocks, and the output that the page shows for them. Shared with the benchmark, which
//! runs the same queries on a larger file.

use std::ops::Range;

/// An example that readers are invited to run.
#[derive(Debug, Clone)]
pub struct Example {
    /// The heading above it.
    pub heading: String,
    /// Line of the example in the page, for messages.
    pub line: usize,
    /// `sql`, `sh` or `python`; a `text` block that begins with `$ ` counts as `sh`.
    pub language: String,
    /// The code.
    pub code: String,
    /// Byte range of the output that the page shows, if any.
    pub output: Option<Range<usize>>,
}

/// Returns every example of a page, in order.
pub fn examples(page: &str) -> Vec<Example> {
    let mut found: Vec<Example> = Vec::new();
    let (mut heading, mut at, mut lines) = (String::new(), 0, page.split_inclusive('\n').enumerate());
    // Whether only blank lines came since the last example.
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

/// Returns the SQL of an example: all of it, or what its `sqlite3` commands contain in double quotes.
pub fn questions(example: &Example) -> Vec<String> {
    if example.language == "sql" {
        return vec![example.code.clone()];
    }
    let commands = example.code.lines().filter(|line| line.contains("sqlite3 "));
    commands.filter_map(|line| line.split('"').nth(1)).map(str::to_owned).collect()
}
