//! Corrects JSON that RFC 8259 forbids and that its writers mean clearly: raw line ends and tabs in strings, escapes that JSON does
//! not have, half an emoji, quotes that were not escaped or are missing, a comma that is missing or stands before a closing bracket,
//! comments, and values of JavaScript (Python writes `NaN`).

/// Values that JSON does not have. They become `null`.
const NO_VALUES: [&str; 4] = ["NaN", "-Infinity", "Infinity", "undefined"];

/// Maximum length of a key and of a comment that are recognised, in bytes.
const KEY: usize = 64;
const COMMENT: usize = 500;

/// Which quotes end a string.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::parse) enum Quotes {
    /// Each that is not escaped.
    End,
    /// Those before what may follow a string, escaped or not.
    EndBefore,
}

/// Returns the corrected text, or `None` if nothing in it could be corrected, or not clearly.
pub(in crate::parse) fn mended(text: &str, quotes: Quotes) -> Option<String> {
    let out = String::with_capacity(text.len());
    let mut mend = Mend { text, quotes, out, from: 0, is_value: false, is_unclear: false, last: b' ' };
    let mut at = 0;
    while at < text.len() {
        at = mend.step(at);
    }
    mend.end()
}

/// Returns the length of the value of [`NO_VALUES`] that a text begins with.
fn no_value(text: &[u8]) -> Option<usize> {
    let known = NO_VALUES.iter().find(|value| text.starts_with(value.as_bytes()))?;
    (!text.get(known.len()).is_some_and(u8::is_ascii_alphanumeric)).then_some(known.len())
}

/// Returns the length of the comment that a text begins with, as JavaScript has them.
pub(super) fn comment(text: &[u8]) -> Option<usize> {
    let near = &text[..text.len().min(COMMENT)];
    match near {
        [b'/', b'/', ..] => memchr::memchr(b'\n', near).or_else(|| (near.len() == text.len()).then_some(text.len())),
        [b'/', b'*', inside @ ..] => memchr::memmem::find(inside, b"*/").map(|end| end + 4),
        _ => None,
    }
}

/// Returns what follows white space and comments.
pub(super) fn after_blank(text: &[u8]) -> &[u8] {
    let mut rest = text.trim_ascii_start();
    while let Some(end) = comment(rest) {
        rest = rest[end..].trim_ascii_start();
    }
    rest
}

/// Returns what follows the closing brackets that a text begins with.
fn after_brackets(text: &[u8]) -> &[u8] {
    let end = text.iter().position(|byte| !is_closing(*byte));
    &text[end.unwrap_or(text.len())..]
}

/// Returns a string that lacks its end without what closes the objects around it.
fn without_brackets(contents: &[u8]) -> &[u8] {
    let end = contents.iter().rposition(|byte| !is_closing(*byte)).map_or(0, |last| last + 1);
    &contents[..end]
}

/// Returns whether brackets close an object, a list and another object, as at the end of a JSON Feed.
fn close_document(brackets: &[u8]) -> bool {
    brackets.trim_ascii_end().ends_with(b"}") && brackets.iter().filter(|byte| !byte.is_ascii_whitespace()).count() > 2
}

/// Returns where the last string of a whole document ended, if it lacks its quote.
pub(super) fn lost_last_end(contents: &[u8]) -> Option<usize> {
    let inside = without_brackets(contents);
    close_document(&contents[inside.len()..]).then_some(inside.len())
}

fn is_closing(byte: u8) -> bool {
    byte.is_ascii_whitespace() || matches!(byte, b']' | b'}')
}

/// Returns what follows a key and its colon, of which a text begins with the part behind the quote.
fn after_key(text: &[u8]) -> Option<&[u8]> {
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b':' | b'@' | b'$');
    let name = text.iter().take(KEY).take_while(|byte| is_name(byte)).count();
    let after = text[name..].strip_prefix(b"\"").filter(|_| name > 0)?;
    after.trim_ascii_start().strip_prefix(b":")
}

/// Returns whether a text begins with a key.
fn is_key(text: &[u8]) -> bool {
    text.strip_prefix(b"\"").and_then(after_key).is_some()
}

/// Returns whether an unescaped quote before this text ends a string. The value of a key is followed by the next key.
fn ends_string(rest: &[u8], is_value: bool) -> bool {
    match rest.trim_ascii_start() {
        [b',', next @ ..] if is_value => matches!(next.trim_ascii_start().first(), None | Some(b'"' | b'}')),
        [b':' | b']', ..] => !is_value,
        [b'}', ..] => is_value,
        [b',', ..] | [] => true,
        rest => is_value && is_key(rest),
    }
}

/// Returns whether an escaped quote before this text ends a string, whose last character is the backslash: nothing but a key follows,
/// perhaps in the next object, or the document ends in the usual way. In valid JSON neither can follow it.
pub(super) fn ends_escaped(rest: &[u8]) -> bool {
    let after = after_brackets(rest);
    let closed = &rest[..rest.len() - after.len()];
    match after.strip_prefix(b",") {
        Some(next) => {
            let next = next.trim_ascii_start();
            let inside = next.strip_prefix(b"{").filter(|_| closed.contains(&b'}')).map(<[u8]>::trim_ascii_start);
            is_key(inside.unwrap_or(next))
        }
        None => after.is_empty() && close_document(closed),
    }
}

/// Returns whether a text begins with the part of a key behind its quote, and a value follows.
fn is_member(text: &[u8]) -> bool {
    let Some(value) = after_key(text).map(<[u8]>::trim_ascii_start) else { return false };
    let is_literal = || [&b"true"[..], b"false", b"null"].iter().any(|literal| value.starts_with(literal));
    value.first().is_some_and(|byte| byte.is_ascii_digit() || b"\"[{-".contains(byte)) || is_literal()
}

/// Returns where a string ended that lacks its quote, if the quote between `contents` and `rest` begins the next key.
pub(super) fn lost_end(contents: &[u8], rest: &[u8]) -> Option<usize> {
    let before = Some(contents.trim_ascii_end()).filter(|_| is_member(rest))?;
    let object = before.strip_suffix(b"{").map(<[u8]>::trim_ascii_end);
    let before = object.unwrap_or(before).strip_suffix(b",")?;
    let end = without_brackets(before).len();
    (object.is_none() || before[end..].contains(&b'}')).then_some(end)
}

/// A text and its corrections so far.
struct Mend<'a> {
    text: &'a str,
    quotes: Quotes,
    out: String,
    /// Where the part begins that was not copied yet.
    from: usize,
    /// Whether the next string, if one comes, is the value of a key.
    is_value: bool,
    /// Whether a string seems to hold a key and its value, so that one of its quotes may have ended another string.
    is_unclear: bool,
    /// The last byte before this one that is not blank, outside strings and comments.
    last: u8,
}

impl Mend<'_> {
    /// Corrects one byte outside strings, or a whole string. Returns where the rest begins.
    fn step(&mut self, at: usize) -> usize {
        let rest = &self.text.as_bytes()[at..];
        let byte = rest[0];
        if let Some(end) = comment(rest) {
            return self.replace(at, at + end, "");
        }
        if let Some(length) = no_value(rest).filter(|_| !self.last.is_ascii_alphanumeric()) {
            self.last = byte;
            return self.replace(at, at + length, "null");
        }
        match byte {
            b'"' => {
                let ends_value = self.last.is_ascii_alphanumeric() || matches!(self.last, b'"' | b']' | b'}');
                if ends_value && is_key(rest) {
                    self.replace(at, at, ",");
                    self.is_value = false;
                }
                self.last = byte;
                return self.string(at + 1);
            }
            b',' if matches!(after_blank(&rest[1..]), [b']' | b'}', ..]) => return self.replace(at, at + 1, ""),
            b':' | b',' | b'[' | b'{' => self.is_value = byte == b':',
            _ => {}
        }
        if !byte.is_ascii_whitespace() {
            self.last = byte;
        }
        at + 1
    }

    /// Corrects a string whose contents begin here, and returns where the rest begins.
    fn string(&mut self, start: usize) -> usize {
        let end = self.end_of_string(start);
        let mut at = start;
        while at < end {
            at = match self.text.as_bytes()[at] {
                b'"' => {
                    self.is_unclear |= is_member(&self.text.as_bytes()[at + 1..]);
                    self.replace(at, at + 1, "\\\"")
                }
                // The string ends although its writer did not escape this.
                b'\\' if at + 1 == end => self.replace(at, end, "\\\\"),
                b'\\' => self.escape(at),
                byte @ 0..0x20 => self.replace(at, at + 1, &format!("\\u{byte:04x}")),
                _ => at + 1,
            };
        }
        if self.text[end..].starts_with('"') {
            return end + 1;
        }
        if end == self.text.len() { end } else { self.replace(end, end, "\"") }
    }

    /// Returns where the contents of a string end.
    fn end_of_string(&self, start: usize) -> usize {
        let bytes = self.text.as_bytes();
        let is_strict = self.quotes == Quotes::End;
        let (mut at, mut may_lack_end) = (start, self.is_value);
        while let Some(found) = memchr::memchr2(b'"', b'\\', &bytes[at..]) {
            at += found;
            let rest = bytes.get(at + 1..).unwrap_or_default();
            if bytes[at] == b'"' {
                if is_strict || ends_string(rest, self.is_value) {
                    return at;
                }
                if let Some(length) = lost_end(&bytes[start..at], rest).filter(|_| may_lack_end) {
                    return start + length;
                }
                // It may have ended here, too.
                may_lack_end = false;
                at += 1;
            } else {
                let is_last = |rest: &[u8]| after_brackets(rest).is_empty() && rest.trim_ascii_end().ends_with(b"}");
                let ends = |rest: &[u8]| ends_escaped(rest) || is_last(rest);
                if !is_strict && self.is_value && rest.strip_prefix(b"\"").is_some_and(ends) {
                    return at + 1;
                }
                at = (at + 2).min(bytes.len());
            }
        }
        if is_strict || !may_lack_end {
            return bytes.len();
        }
        start + without_brackets(&bytes[start..]).len()
    }

    /// Replaces a part of the text, and returns where the rest begins.
    fn replace(&mut self, start: usize, end: usize, by: &str) -> usize {
        let end = end.min(self.text.len());
        self.out.push_str(&self.text[self.from..start]);
        self.out.push_str(by);
        self.from = end;
        end
    }

    /// Corrects an escape if it is not valid, and returns where the rest begins.
    fn escape(&mut self, at: usize) -> usize {
        match self.text.as_bytes().get(at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => at + 2,
            Some(b'u') => match (self.unit(at), self.unit(at + 6)) {
                (Some(0xD800..0xDC00), Some(0xDC00..0xE000)) => at + 12,
                // Half an emoji: what was cut is lost, the rest is not.
                (Some(0xD800..0xE000), _) => self.replace(at, at + 6, ""),
                (Some(_), _) => at + 6,
                // `\u` without four digits. Line ends and quotes stand in the text that is kept.
                (None, _) => self.replace(at, at + 2, ""),
            },
            // `\x41` of JavaScript.
            Some(b'x') if self.hex(at + 2, 2).is_some() => {
                let by = format!("\\u00{}", &self.text[at + 2..at + 4]);
                self.replace(at, at + 4, &by)
            }
            // `\'` and its like stand for the character itself; a backslash at the end for nothing.
            _ => self.replace(at, at + 1, ""),
        }
    }

    /// Reads the escape of a UTF-16 code unit.
    fn unit(&self, at: usize) -> Option<u32> {
        self.text.get(at..at + 2).filter(|escape| *escape == "\\u").and_then(|_| self.hex(at + 2, 4))
    }

    fn hex(&self, at: usize, digits: usize) -> Option<u32> {
        let text = self.text.get(at..at + digits)?;
        // from_str_radix takes a sign, too.
        text.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u32::from_str_radix(text, 16).ok())?
    }

    fn end(mut self) -> Option<String> {
        if self.is_unclear || self.out.is_empty() && self.from == 0 {
            return None;
        }
        self.out.push_str(&self.text[self.from..]);
        Some(self.out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_meant_clearly_is_corrected() {
        for (text, want) in [
            (r#"{"a": "Cut \ud83d"}"#, r#"{"a": "Cut "}"#),
            (r#"{"a": "\ude0a \ud83d\ude0a \\ud83d"}"#, r#"{"a": " \ud83d\ude0a \\ud83d"}"#),
            ("{\"a\": \"one\ntwo\tthree\",\n\"b\": 1}", "{\"a\": \"one\\u000atwo\\u0009three\",\n\"b\": 1}"),
            (r#"{"a": "l\'eau \x41 \d"}"#, r#"{"a": "l'eau \u0041 d"}"#),
            (r#"{"a": "\u00", "b": "\u12z4"}"#, r#"{"a": "00", "b": "12z4"}"#),
            ("{\"a\": [1, 2, ],\n}", "{\"a\": [1, 2 ]\n}"),
            (r#"{"a": ",]", "b": [1,]}"#, r#"{"a": ",]", "b": [1]}"#),
            (r#"{"a": "\é"}"#, r#"{"a": "é"}"#),
            (
                r#"{"a": NaN, "b": [-Infinity,Infinity], "NaN": "NaN"}"#,
                r#"{"a": null, "b": [null,null], "NaN": "NaN"}"#,
            ),
        ] {
            assert_eq!(mended(text, Quotes::End).as_deref(), Some(want));
            assert!(serde_json::from_str::<serde_json::Value>(want).is_ok(), "{want}");
        }
        for text in [r#"{"a": "\ud83d\ude0a \" \\ \n"}"#, "", "{", r#"{"a": "b"#, "\\"] {
            assert_eq!(mended(text, Quotes::End), None, "{text}");
        }
    }

    #[test]
    fn quotes_inside_a_string_are_told_by_what_follows() {
        for (text, want) in [
            (r#"{"a": "He said "hi" now"}"#, r#"{"a": "He said \"hi\" now"}"#),
            (r#"{"a": "say "hi", then", "b": 1}"#, r#"{"a": "say \"hi\", then", "b": 1}"#),
            (r#"{"a": "a "b": c"}"#, r#"{"a": "a \"b\": c"}"#),
            (r#"{"a": ["5" x", "b"]}"#, r#"{"a": ["5\" x", "b"]}"#),
            (r#"{"a": "["b"]", "c": ["{"d"} x"]}"#, r#"{"a": "[\"b\"]", "c": ["{\"d\"} x"]}"#),
            (r#"{"a": "b "c"", "d": "e"}"#, r#"{"a": "b \"c\"", "d": "e"}"#),
        ] {
            assert_eq!(mended(text, Quotes::EndBefore).as_deref(), Some(want));
            assert!(serde_json::from_str::<serde_json::Value>(want).is_ok(), "{want}");
        }
        for text in [
            r#"{"a": "b", "c": ["d", "e", 1, null, {"f": "\"g\" h"}], "i" : "j" }"#,
            r#""a""#,
            r#"{"a": "[{\"b\": \"c\"}, {\"b\": 1}]", "d": "e\\", "f": "// g /* h */"}"#,
        ] {
            assert_eq!(mended(text, Quotes::EndBefore), None, "{text}");
            assert_eq!(mended(text, Quotes::End), None, "{text}");
        }
    }

    #[test]
    fn what_is_missing_is_added_and_comments_go() {
        for (text, want) in [
            (r#"{"a": "b" "c": "d"}"#, r#"{"a": "b" ,"c": "d"}"#),
            (r#"{"a": 1 "c": ["d"] "e": {} "f": null}"#, r#"{"a": 1 ,"c": ["d"] ,"e": {} ,"f": null}"#),
            ("{\"a\": \"b\" // c, \"d\n, \"e\": \"f\"}", "{\"a\": \"b\" \n, \"e\": \"f\"}"),
            ("{\"a\": 1, // last\n/* or } not */}", "{\"a\": 1 \n}"),
            (r#"{"a": "C:\", "b": "c"}"#, r#"{"a": "C:\\", "b": "c"}"#),
            (r#"{"a": "b", "c": "d\"}"#, r#"{"a": "b", "c": "d\\"}"#),
            (r#"{"a": "b, "c": "d"}"#, r#"{"a": "b", "c": "d"}"#),
            (r#"{"a": [{"b": "c}], "d": 1}"#, r#"{"a": [{"b": "c"}], "d": 1}"#),
            (r#"{"a": "b", "c": "d}"#, r#"{"a": "b", "c": "d"}"#),
            (r#"{"a": "say "hi"" "b": 1}"#, r#"{"a": "say \"hi\"" ,"b": 1}"#),
        ] {
            let is_read = |text: &String| serde_json::from_str::<serde_json::Value>(text).is_ok();
            let found = mended(text, Quotes::End).filter(is_read).or_else(|| mended(text, Quotes::EndBefore));
            assert_eq!(found.as_deref(), Some(want), "{text}");
            assert!(is_read(&want.to_owned()), "{want}");
        }
    }

    /// Any text that is JSON or nearly so: the characters that matter in strings, and words that matter outside.
    const NEARLY: &str = "(\\{|\\}|\\[|\\]|,|:|\"|\\\\|/|\\*|\n|a|é|u12|\"a\":|NaN|1| ){0,40}";

    proptest! {
        #![proptest_config(crate::model::testing::cases())]

        #[test]
        fn valid_json_is_not_changed(text in NEARLY, list in proptest::collection::vec(NEARLY, 0..4)) {
            let value = serde_json::json!({"a": text, "b": list, (text.clone()): [{"c": text, "d": {"e": list}}], "f": text});
            for json in [serde_json::to_string(&value).unwrap(), serde_json::to_string_pretty(&value).unwrap()] {
                for quotes in [Quotes::End, Quotes::EndBefore] {
                    prop_assert_eq!(mended(&json, quotes), None);
                }
                let feed = format!("{{\"items\": [{json}, {json}]}}");
                prop_assert_eq!(super::super::scan::take_apart(&feed).1, [json.as_str(); 2]);
            }
        }

        #[test]
        fn any_text_is_read_to_its_end(text in NEARLY) {
            let _ = (mended(&text, Quotes::End), mended(&text, Quotes::EndBefore), super::super::scan::take_apart(&text));
        }
    }
}
