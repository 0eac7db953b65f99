//! Takes a JSON Feed apart without building values, so that a bad or truncated item costs no other.

use super::mend::{comment, ends_escaped, lost_end, lost_last_end};
use crate::parse::ENTRIES;

/// Maximum number of items that are collected, bad ones included. With more, the document counts as having too many entries.
pub(super) const LISTED: usize = 2 * ENTRIES;

/// Returns the document without its items, the items as text, and whether the document is truncated.
pub(super) fn take_apart(text: &str) -> (String, Vec<&str>, bool) {
    let mut scan = Scan { text, at: 0 };
    // A key that is repeated loses nothing: the items of all its arrays are read.
    let (mut items, mut place) = (Vec::new(), None);
    let mut depth = 0_usize;
    let mut key: Option<&str> = None;
    while let Some(byte) = scan.byte() {
        match byte {
            b'"' => {
                let Some(string) = scan.string() else { break };
                // A string directly inside the document may be the key of the next value.
                key = Some(string).filter(|_| depth == 1);
                continue;
            }
            b'/' if scan.skips_comment() => continue,
            b'[' if depth == 1 && key == Some("items") => {
                let start = scan.at;
                scan.items(&mut items);
                place = Some((start, scan.at));
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            b',' => key = None,
            _ => {}
        }
        scan.at += 1;
    }
    let whole = depth == 0 && scan.at >= text.trim_end().len();
    let head = match place {
        None => text.to_owned(),
        Some((start, end)) => {
            let rest = text[end..].trim_start().strip_prefix(']').filter(|_| whole);
            format!("{}[]{}", &text[..start], rest.unwrap_or("}"))
        }
    };
    (head, items, !whole)
}

/// Returns whether a quote before this text ends a string.
fn ends_string(rest: &[u8]) -> bool {
    let next = rest.trim_ascii_start();
    let next = comment(next).map_or(next, |end| next[end..].trim_ascii_start());
    matches!(next.first(), None | Some(b',' | b':' | b'}' | b']'))
}

/// Scans JSON without building values.
struct Scan<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scan<'a> {
    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Skips a comment, and returns whether there was one.
    fn skips_comment(&mut self) -> bool {
        let length = comment(&self.text.as_bytes()[self.at..]);
        self.at += length.unwrap_or_default();
        length.is_some()
    }

    /// Skips a string and returns its contents. A quote that was not escaped does not end it: what follows it is no JSON.
    fn string(&mut self) -> Option<&'a str> {
        let start = self.at + 1;
        let bytes = self.text.as_bytes();
        let mut at = start;
        while let Some(found) = bytes.get(at..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
            at += found;
            let rest = &bytes[at + 1..];
            if bytes[at] == b'"' {
                if ends_string(rest) {
                    return self.end_string(start, at, at + 1);
                }
                if let Some(length) = lost_end(&bytes[start..at], rest) {
                    return self.end_string(start, start + length, start + length);
                }
                at += 1;
            } else if rest.strip_prefix(b"\"").is_some_and(ends_escaped) {
                return self.end_string(start, at + 1, at + 2);
            } else {
                at += 2;
            }
        }
        let end = start + lost_last_end(bytes.get(start..)?)?;
        self.end_string(start, end, end)
    }

    /// Continues at `next`, and returns the contents of a string.
    fn end_string(&mut self, start: usize, end: usize, next: usize) -> Option<&'a str> {
        self.at = next;
        self.text.get(start..end)
    }

    /// Collects the complete items of an array, from its bracket on. Stops at the closing bracket or at the end of the document.
    fn items(&mut self, items: &mut Vec<&'a str>) {
        self.at += 1;
        let (mut depth, mut start) = (0_usize, self.at);
        while let Some(byte) = self.byte() {
            match byte {
                b'"' => {
                    if self.string().is_none() {
                        self.at = self.text.len();
                    }
                    continue;
                }
                b'/' if self.skips_comment() => continue,
                b'{' | b'[' => {
                    if depth == 0 {
                        start = self.at;
                    }
                    depth += 1;
                }
                b']' if depth == 0 => return,
                b'}' | b']' => {
                    depth = depth.saturating_sub(1);
                    // Items beyond the limit are only skipped.
                    if depth == 0 && items.len() < LISTED {
                        items.push(&self.text[start..=self.at]);
                    }
                }
                _ => {}
            }
            self.at += 1;
        }
    }
}
