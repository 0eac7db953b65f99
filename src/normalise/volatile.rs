//! What changes in an entry although nobody edits it: signatures in the addresses of pictures and files, counters of comments in
//! titles, clocks in texts. It is ignored when two states of an entry are compared, and kept for display.

mod addresses;
mod clocks;
mod counters;
mod elapsed;
mod element_counters;
mod serialised;

pub(super) use addresses::{steady_address, steady_file};
pub use clocks::without_clocks;
pub use counters::without_counters;
pub use serialised::steady_html;
pub(super) use serialised::{formerly_quoted, formerly_serialised};

use std::borrow::Cow;

/// Splits a text into runs of letters, of digits, and of anything else. A text has millions of them, so they are not collected.
#[derive(Clone)]
struct Runs<'a>(&'a str);

impl<'a> Iterator for Runs<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let kind = |c: char| {
            if is_numeric(c) {
                1
            } else if c.is_alphabetic() || is_mark(c) {
                2
            } else {
                3
            }
        };
        let first = kind(self.0.chars().next()?);
        let end = self.0.find(|c| kind(c) != first).unwrap_or(self.0.len());
        let (run, rest) = self.0.split_at(end);
        self.0 = rest;
        Some(run)
    }
}

/// Returns the same as [`char::is_numeric`], without its tables for the letters of most texts.
fn is_numeric(c: char) -> bool {
    match c {
        '\0'..='\u{7F}' => c.is_ascii_digit(),
        '\u{C0}'..='\u{65F}' | '\u{66A}'..='\u{6EF}' => false,
        _ => c.is_numeric(),
    }
}

/// Returns whether a character is an Arabic vowel sign; `char` does not count them as letters.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{64b}'..='\u{65f}' | '\u{670}')
}

fn is_number(run: &str) -> bool {
    run.starts_with(is_numeric)
}

fn is_gap(run: &str) -> bool {
    !run.chars().any(|c| c.is_alphanumeric() || is_mark(c))
}

/// Returns a title as it is compared: without counters and the brackets around them, marks of direction, non-joiners and tatweel, with
/// plain quotes, in NFC. Also returns whether it has a counter.
#[must_use]
pub fn steady_title(title: &str) -> (Cow<'_, str>, bool) {
    match serialised::with_plain_quotes(title) {
        Cow::Borrowed(title) => formerly_steady_title(title),
        Cow::Owned(plain) => {
            let (steady, has_counter) = formerly_steady_title(&plain);
            (Cow::Owned(steady.into_owned()), has_counter)
        }
    }
}

/// Returns a title as an earlier version compared it: with typographic quotes and non-joiners.
pub(super) fn formerly_steady_title(title: &str) -> (Cow<'_, str>, bool) {
    match plain_title(title) {
        Cow::Borrowed(title) => uncounted(title),
        Cow::Owned(plain) => {
            let (steady, has_counter) = uncounted(&plain);
            (Cow::Owned(steady.into_owned()), has_counter)
        }
    }
}

/// Returns a title without marks of direction and tatweel, in NFC.
pub(super) fn plain_title(title: &str) -> Cow<'_, str> {
    let is_mark = |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{640}');
    if !title.contains(is_mark) && !serialised::may_compose(title) {
        return Cow::Borrowed(title);
    }
    Cow::Owned(serialised::composed(title.chars().filter(|c| !is_mark(*c)).collect()))
}

/// Returns a title without counters, and whether it has one.
fn uncounted(title: &str) -> (Cow<'_, str>, bool) {
    let bare = counters::without_brackets(title);
    let steady = without_counters(bare);
    let has_counter = matches!(steady, Cow::Owned(_)) || bare.len() < title.len();
    (steady, has_counter)
}

/// Returns safe HTML as earlier versions compared it.
pub(super) fn formerly_steady(html: &str) -> Cow<'_, str> {
    let html = without_queries(html);
    match without_clocks(&html) {
        Cow::Borrowed(_) => html,
        Cow::Owned(steady) => Cow::Owned(steady),
    }
}

/// Returns an address without query and fragment.
#[must_use]
pub fn bare(address: &str) -> &str {
    address.split(['?', '#']).next().unwrap_or(address)
}

const ADDRESSES: [&str; 4] = ["src", "srcset", "poster", "data"];

fn without_queries(html: &str) -> Cow<'_, str> {
    if !html.contains('?') {
        return Cow::Borrowed(html);
    }
    let (mut out, mut copied) = (String::with_capacity(html.len()), 0);
    // One pass: a search for each name would look through the rest of the text for those that it does not have.
    for at in memchr::memmem::find_iter(html.as_bytes(), "=\"") {
        let from = at + 2;
        if from <= copied || !ADDRESSES.iter().any(|name| html[..at].ends_with(name)) {
            continue;
        }
        let until = html[from..].find('"').map_or(html.len(), |n| from + n);
        out.push_str(&html[copied..from]);
        let list: Vec<String> = html[from..until].split(", ").map(bare_candidate).collect();
        out.push_str(&list.join(", "));
        copied = until;
    }
    out.push_str(&html[copied..]);
    if out == html { Cow::Borrowed(html) } else { Cow::Owned(out) }
}

/// Removes the query from one candidate of a `srcset`: an address, optionally followed by a width.
fn bare_candidate(candidate: &str) -> String {
    match candidate.split_once(' ') {
        Some((address, width)) => format!("{} {width}", bare(address)),
        None => bare(candidate).to_owned(),
    }
}

#[cfg(test)]
mod tests;
