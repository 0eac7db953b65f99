//! Dates inside markup. Drupal's Views write `<time datetime="2026-11-02T10:00:00+00:00">Mon, 11/02/2026 - 10:00</time>` into
//! `pubDate`, and other programs escape a date twice.

use crate::parse::entities;
use crate::parse::limits::DATE;
use std::borrow::Cow;

/// How often a date is unescaped. Nobody escapes one more often.
const TIMES: usize = 3;

/// Attributes that state a date for programs: of `time` in HTML, and of any element in RDFa.
pub(in crate::parse) const ATTRIBUTES: [&str; 2] = ["datetime", "content"];

/// Returns a date without markup: what an attribute of its element states, else its text without references and tags.
pub(super) fn bare(text: &str) -> Cow<'_, str> {
    let text = text.trim();
    if text.len() > DATE || memchr::memchr2(b'<', b'&', text.as_bytes()).is_none() {
        return Cow::Borrowed(text);
    }
    let mut plain = text.to_owned();
    for _ in 0..TIMES {
        let decoded = entities::decode(&plain, &entities::References::default()).into_owned();
        if decoded == plain {
            break;
        }
        plain = decoded;
    }
    let stated = ATTRIBUTES.iter().find_map(|name| attribute(&plain, name));
    Cow::Owned(stated.unwrap_or_else(|| without_tags(&plain)).trim().to_owned())
}

/// Returns the value of the first attribute with this name that contains digits.
fn attribute(text: &str, name: &str) -> Option<String> {
    let (_, tag) = text.split_once('<')?;
    let (_, after) = tag.split_once(&format!(" {name}="))?;
    let quote = after.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let (value, _) = after[1..].split_once(quote)?;
    value.contains(|c: char| c.is_ascii_digit()).then(|| value.to_owned())
}

fn without_tags(text: &str) -> String {
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some((before, tag)) = rest.split_once('<') {
        out.push_str(before);
        out.push(' ');
        rest = tag.split_once('>').map_or("", |(_, after)| after);
    }
    out + rest
}
