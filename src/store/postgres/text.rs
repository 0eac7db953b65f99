//! Texts for PostgreSQL, which refuses the character U+0000 in every text.

use serde::Serialize;
use std::borrow::Cow;

/// Returns a text without U+0000.
pub(in crate::store) fn text(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { Cow::Owned(text.replace('\0', "")) } else { Cow::Borrowed(text) }
}

/// Same as [`text`], for a text that may be missing.
pub(in crate::store) fn maybe_text(maybe: Option<&str>) -> Option<Cow<'_, str>> {
    maybe.map(text)
}

/// Serialises rows as the JSON array that a set-based statement reads, without U+0000 in any text.
pub(in crate::store) fn json<T: Serialize + ?Sized>(rows: &T) -> String {
    // A row contains strings, numbers and options, so serialising it cannot fail.
    without_nul(serde_json::to_string(rows).unwrap_or_default())
}

/// Removes the escape of U+0000 from JSON.
fn without_nul(json: String) -> String {
    const NUL: &str = "\\u0000";
    if !json.contains(NUL) {
        return json;
    }
    let mut out = String::with_capacity(json.len());
    let mut rest = json.as_str();
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some(after) = rest.strip_prefix(NUL) {
            rest = after;
        } else {
            // A backslash and the character that it escapes, which is ASCII.
            let (escape, after) = rest.split_at(rest.len().min(2));
            out.push_str(escape);
            rest = after;
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_character_goes_and_not_its_name() {
        for (given, kept) in
            [("a\0b\0", "ab"), ("\\u0000", "\\u0000"), ("\\\0\\", "\\\\"), ("\0", ""), ("\u{1}ا\0", "\u{1}ا")]
        {
            let read: Vec<String> = serde_json::from_str(&json(&[given])).unwrap();
            assert_eq!((read[0].as_str(), &*text(given)), (kept, kept), "{given:?}");
        }
    }
}
