//! One serialisation for texts that a reader sees alike. Content systems write the same text with other white space, other orders
//! of attributes, or in another form of Unicode when they are updated.

use super::addresses::{steady_address, steady_file, steady_link};
use super::{clocks, counters, element_counters};
use crate::normalise::{attributes::split_first, strip::is_inline};
use std::borrow::Cow;
use unicode_normalization::UnicodeNormalization;

/// Maximum length of the text of an element that is a counter, in bytes.
const COUNTER: usize = 60;

/// Returns safe HTML as it is compared: in one serialisation, without the queries of the addresses of pictures and files, without
/// clocks, and without counters that stand alone in their element. Also returns whether it has any of those three.
#[must_use]
pub fn steady_html(html: &str) -> (String, bool) {
    serialised(html, SteadyWriter::default())
}

/// Returns safe HTML as an earlier version compared it in one serialisation: with paragraphs that are empty, pictures of one pixel, and
/// signatures in the paths of files.
pub(in crate::normalise) fn formerly_serialised(html: &str) -> String {
    serialised(html, SteadyWriter { version: Version::Earlier, ..SteadyWriter::default() }).0
}

/// Returns safe HTML as an earlier version compared it: with typographic quotes and non-joiners.
pub(in crate::normalise) fn formerly_quoted(html: &str) -> String {
    serialised(html, SteadyWriter { version: Version::Quoted, ..SteadyWriter::default() }).0
}

/// Returns a text with the quotes of a keyboard in place of typographic ones, and without non-joiners (U+200C): editors and content
/// systems exchange them by themselves.
pub(super) fn with_plain_quotes(text: &str) -> Cow<'_, str> {
    // In UTF-8, all of these characters begin with the same two bytes.
    let may_have = |sign: &[u8]| memchr::memmem::find(text.as_bytes(), sign).is_some();
    if !may_have(&[0xE2, 0x80]) && !may_have(b"&quot;") {
        return Cow::Borrowed(text);
    }
    let plain = text.chars().filter(|c| *c != '\u{200c}').map(|c| match c {
        '‘' | '’' | '‚' | '‛' => '\'',
        '“' | '”' | '„' | '‟' => '"',
        c => c,
    });
    let plain: String = plain.collect();
    Cow::Owned(plain.replace("&quot;", "\""))
}

fn serialised<'a>(html: &'a str, writer: SteadyWriter<'a>) -> (String, bool) {
    let mut writer = SteadyWriter { out: String::with_capacity(html.len()), at_edge: true, ..writer };
    let mut rest = html;
    loop {
        let (text, tag) = rest.split_at(memchr::memchr(b'<', rest.as_bytes()).unwrap_or(rest.len()));
        writer.text(text);
        let Some(end) = memchr::memchr(b'>', tag.as_bytes()) else {
            writer.out.push_str(tag);
            break;
        };
        writer.tag(&tag[1..end]);
        rest = &tag[end + 1..];
    }
    let SteadyWriter { out, volatile, version, .. } = writer;
    let mut out = composed(out);
    if version == Version::This
        && let Cow::Owned(plain) = with_plain_quotes(&out)
    {
        out = plain;
    }
    match clocks::without_clocks(&out) {
        Cow::Owned(steady) => (steady, true),
        Cow::Borrowed(_) => (out, volatile),
    }
}

/// Returns a text in NFC. Only texts that it may change are converted, because that takes long.
pub(super) fn composed(text: String) -> String {
    if may_compose(&text) { text.nfc().collect() } else { text }
}

/// Returns whether NFC may compose a mark of a text with its letter, or order marks that follow each other. A single vowel sign, as
/// most Arabic texts have some, stays as it is.
pub(super) fn may_compose(text: &str) -> bool {
    if text.is_ascii() {
        return false;
    }
    // Every text is examined, so by its bytes: the first byte of a character is no other's second or third.
    let (bytes, mut signs_end) = (text.as_bytes(), None);
    bytes.iter().enumerate().any(|(at, first)| {
        let byte = |place: usize| bytes.get(at + place).copied().unwrap_or_default();
        match first {
            // U+0300 to U+036F.
            0xCC => true,
            0xCD => byte(1) < 0xB0,
            // The vowel signs U+064B to U+065F and U+0670. Three of them compose with letters.
            0xD9 if matches!(byte(1), 0x8B..=0x9F | 0xB0) => {
                let follows_sign = signs_end.replace(at + 2) == Some(at);
                follows_sign || matches!(byte(1), 0x93..=0x95)
            }
            // U+1100 to U+11FF.
            0xE1 => matches!(byte(1), 0x84..=0x87),
            // U+3099 and U+309A.
            0xE3 => byte(1) == 0x82 && matches!(byte(2), 0x99 | 0x9A),
            _ => false,
        }
    })
}

/// Whose serialisation is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Version {
    /// That of an earlier version, which left less out.
    Earlier,
    /// That of a later one, which told quotes apart.
    Quoted,
    #[default]
    This,
}

#[derive(Default)]
struct SteadyWriter<'a> {
    out: String,
    /// Whether white space came that is not written yet.
    blank: bool,
    /// Whether white space shows nothing here: at the edge of a block, or after other white space.
    at_edge: bool,
    /// Number of open `pre` elements, in which white space counts.
    pre: usize,
    volatile: bool,
    version: Version,
    /// The attributes of the current tag.
    attributes: Vec<(&'a str, Cow<'a, str>)>,
}

impl<'a> SteadyWriter<'a> {
    fn text(&mut self, text: &str) {
        if self.pre > 0 {
            self.out.push_str(text);
            self.at_edge = false;
            return;
        }
        let text = match memchr::memchr(b'&', text.as_bytes()) {
            Some(_) => Cow::Owned(text.replace("&nbsp;", " ")),
            None => Cow::Borrowed(text),
        };
        let is_counter = match self.version {
            Version::Earlier => counters::is_counter,
            Version::Quoted | Version::This => element_counters::is_counter,
        };
        if text.len() <= COUNTER && is_counter(&text) {
            self.volatile = true;
            return;
        }
        for (at, word) in text.split(char::is_whitespace).enumerate() {
            self.blank |= at > 0;
            if !word.is_empty() {
                self.end_blank();
                self.out.push_str(word);
                self.at_edge = false;
            }
        }
    }

    fn end_blank(&mut self) {
        if self.blank && !self.at_edge {
            self.out.push(' ');
            self.at_edge = true;
        }
        self.blank = false;
    }

    fn tag(&mut self, tag: &'a str) {
        let end = tag.find(' ').unwrap_or(tag.len());
        let (name, mut rest) = tag.split_at(end);
        let bare_name = name.trim_start_matches('/');
        if is_inline(bare_name) {
            self.end_blank();
        } else {
            (self.blank, self.at_edge) = (false, true);
        }
        match name {
            "pre" => self.pre += 1,
            "/pre" => self.pre = self.pre.saturating_sub(1),
            _ => {}
        }
        let mut points = 0;
        while let Some((name, value, after)) = split_first(rest) {
            rest = after;
            // A content system may measure its pictures later.
            if matches!(name, "width" | "height") {
                points += usize::from(matches!(value, "0" | "1"));
            } else {
                let steady = self.steady_value(name, value);
                self.volatile |= steady.len() < value.len();
                self.attributes.push((name, steady));
            }
        }
        // A paragraph without contents shows nothing.
        if name == "/p" && self.version != Version::Earlier && self.out.ends_with("<p>") {
            self.out.truncate(self.out.len() - "<p>".len());
            return;
        }
        // A picture of one pixel counts visits, often at an address of its own for each.
        if name == "img" && points == 2 && self.version != Version::Earlier {
            self.volatile = true;
            self.attributes.clear();
            return;
        }
        self.out.push('<');
        self.out.push_str(name);
        self.attributes.sort_unstable();
        for (name, value) in self.attributes.drain(..) {
            for part in [" ", name, "=\"", &value, "\""] {
                self.out.push_str(part);
            }
        }
        self.out.push('>');
    }

    fn steady_value(&self, name: &str, value: &'a str) -> Cow<'a, str> {
        match name {
            "src" | "poster" if self.version == Version::Earlier => steady_address(value),
            "src" | "poster" => steady_file(value),
            "href" | "cite" => steady_link(value),
            _ => Cow::Borrowed(value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(crate::model::testing::cases())]

        #[test]
        fn a_text_is_composed_wherever_nfc_would_change_it(text in "[a\u{300}\u{301}بلاى\u{64b}-\u{65f}\u{670}é가\u{1100}\u{1161}\u{3099}か ]{0,12}") {
            let nfc: String = text.nfc().collect();
            prop_assert_eq!(composed(text), nfc);
        }
    }
}
