//! Takes a JSON Feed apart without building values, so that a bad or truncated item costs no other.

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

/// Scans JSON without building values.
struct Scan<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scan<'a> {
    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Skips a string and returns its contents. A quote that was not escaped does not end it: what follows it is no JSON.
    fn string(&mut self) -> Option<&'a str> {
        let start = self.at + 1;
        let bytes = self.text.as_bytes();
        let mut at = start;
        loop {
            at += memchr::memchr2(b'"', b'\\', bytes.get(at..)?)?;
            let is_quote = bytes[at] == b'"';
            let next = || bytes.get(at + 1..).and_then(|rest| rest.iter().find(|byte| !byte.is_ascii_whitespace()));
            if is_quote && matches!(next(), None | Some(b',' | b':' | b'}' | b']')) {
                self.at = at + 1;
                return self.text.get(start..at);
            }
            at += if is_quote { 1 } else { 2 };
        }
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
