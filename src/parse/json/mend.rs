//! Corrects JSON that RFC 8259 forbids and that its writers mean clearly: raw line ends and tabs in strings, escapes that JSON does
//! not have, half an emoji, quotes that were not escaped, a comma before a closing bracket, and values of JavaScript (Python writes
//! `NaN`).

/// Values that JSON does not have. They become `null`.
const NO_VALUES: [&str; 4] = ["NaN", "-Infinity", "Infinity", "undefined"];

/// Which quotes end a string.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::parse) enum Quotes {
    /// Each that is not escaped.
    End,
    /// Only those before what may follow a string.
    EndBefore,
}

/// Returns the corrected text, or `None` if nothing in it could be corrected.
pub(in crate::parse) fn mended(text: &str, quotes: Quotes) -> Option<String> {
    let mut mend = Mend { text, out: String::with_capacity(text.len()), from: 0 };
    let (bytes, mut at, mut in_string) = (text.as_bytes(), 0, false);
    // Whether the string, if this is one, is the value of a key.
    let mut is_value = false;
    while let Some(&byte) = bytes.get(at) {
        at = match byte {
            b'"' if in_string && quotes == Quotes::EndBefore && !ends_string(&bytes[at + 1..], is_value) => {
                mend.replace(at, at + 1, "\\\"")
            }
            b'"' => {
                in_string = !in_string;
                at + 1
            }
            b':' | b',' | b'[' | b'{' if !(in_string || byte == b',' && closes(&bytes[at + 1..])) => {
                is_value = byte == b':';
                at + 1
            }
            b'N' | b'-' | b'I' | b'u' if !in_string && no_value(&bytes[at..]).is_some() => {
                mend.replace(at, at + no_value(&bytes[at..]).unwrap_or_default(), "null")
            }
            b'\\' if in_string => mend.escape(at),
            0..0x20 if in_string => mend.replace(at, at + 1, &format!("\\u{byte:04x}")),
            b',' if !in_string && closes(&bytes[at + 1..]) => mend.replace(at, at + 1, ""),
            _ => at + 1,
        };
    }
    mend.end()
}

/// Returns whether a closing bracket comes next.
fn closes(rest: &[u8]) -> bool {
    rest.iter().find(|byte| !byte.is_ascii_whitespace()).is_some_and(|byte| matches!(byte, b']' | b'}'))
}

/// Returns the length of the value of [`NO_VALUES`] that a text begins with.
fn no_value(text: &[u8]) -> Option<usize> {
    let known = NO_VALUES.iter().find(|value| text.starts_with(value.as_bytes()))?;
    (!text.get(known.len()).is_some_and(u8::is_ascii_alphanumeric)).then_some(known.len())
}

/// Returns whether a string can end before this text. The value of a key is followed by the next key.
fn ends_string(rest: &[u8], is_value: bool) -> bool {
    match rest.trim_ascii_start() {
        [b',', next @ ..] if is_value => matches!(next.trim_ascii_start().first(), None | Some(b'"' | b'}')),
        [b':' | b']', ..] => !is_value,
        [b'}', ..] => is_value,
        [b',', ..] | [] => true,
        _ => false,
    }
}

/// A text and its corrections so far.
struct Mend<'a> {
    text: &'a str,
    out: String,
    /// Where the part begins that was not copied yet.
    from: usize,
}

impl Mend<'_> {
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
        if self.out.is_empty() && self.from == 0 {
            return None;
        }
        self.out.push_str(&self.text[self.from..]);
        Some(self.out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        for text in [r#"{"a": "b", "c": ["d", "e", 1, null, {"f": "\"g\" h"}], "i" : "j" }"#, r#""a""#] {
            assert_eq!(mended(text, Quotes::EndBefore), None, "{text}");
        }
    }
}
