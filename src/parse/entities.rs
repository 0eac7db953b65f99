//! Character and entity references to characters, as feeds really use them.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::HashMap;

/// The references of one document: what it declares, and what had to be put right while they were decoded.
#[derive(Debug, Default)]
pub(super) struct References<'a> {
    /// Entities that the document itself declares (`<!ENTITY name "text">`). Their texts are never expanded again.
    pub declared: HashMap<&'a str, &'a str>,
    /// Bytes that they may still expand to, all together.
    left: Cell<usize>,
    /// They would have expanded to more.
    pub exhausted: Cell<bool>,
    /// An ampersand that begins no reference was met.
    pub bare: Cell<bool>,
    /// A name was met that HTML has and the document does not declare.
    pub undefined: Cell<bool>,
    /// A text was met that had been encoded twice.
    pub encoded_twice: Cell<bool>,
}

impl References<'_> {
    /// Of a document whose own entities may expand to `most` bytes in all.
    pub fn within(most: usize) -> Self {
        Self { left: Cell::new(most), ..Self::default() }
    }

    /// Takes `bytes` from what is left of expansion; `false` when that is not enough, now or before.
    pub fn afford(&self, bytes: usize) -> bool {
        match self.left.get().checked_sub(bytes).filter(|_| !self.exhausted.get()) {
            Some(left) => self.left.set(left),
            None => self.exhausted.set(true),
        }
        !self.exhausted.get()
    }
}

/// Longest name between `&` and `;`, in bytes (HTML's longest is 31).
const LONGEST: usize = 32;

/// Decodes the references of one text. What is no reference stays as it is: a bare `&`, an unknown name, and a known name
/// without its `;` (`&copy=2` belongs to an address).
pub(super) fn decode<'a>(text: &'a str, references: &References<'_>) -> Cow<'a, str> {
    let Some(first) = memchr::memchr(b'&', text.as_bytes()) else { return Cow::Borrowed(text) };
    let mut out = String::with_capacity(text.len());
    out.push_str(&text[..first]);
    let mut rest = &text[first..];
    loop {
        // `rest` begins with an ampersand.
        if rest.starts_with("&#")
            && let Some((character, after)) = surrogate_pair(rest)
        {
            out.push(character);
            rest = after;
        } else if let Some(name) = name_of(rest)
            && let Some(decoded) = resolve(name, references)
        {
            out.push_str(&decoded);
            rest = &rest[name.len() + 2..];
        } else {
            references.bare.set(true);
            out.push('&');
            rest = &rest[1..];
        }
        let Some(at) = memchr::memchr(b'&', rest.as_bytes()) else {
            out.push_str(rest);
            return Cow::Owned(out);
        };
        out.push_str(&rest[..at]);
        rest = &rest[at..];
    }
}

/// Whether an ampersand in `text` begins no reference: XML wants it written `&amp;` (XML 1.0, 2.4).
pub(super) fn has_bare_ampersand(text: &str) -> bool {
    memchr::memchr_iter(b'&', text.as_bytes()).any(|at| name_of(&text[at..]).is_none())
}

/// The name of the reference that `text` begins with: what stands between its `&` and its `;`.
pub(super) fn name_of(text: &str) -> Option<&str> {
    let bytes = text.as_bytes();
    let end = memchr::memchr(b';', &bytes[1..bytes.len().min(LONGEST + 2)])? + 1;
    let name = &text.get(1..end)?;
    let named = name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'#' | b'_' | b'-' | b'.'));
    (named && !name.is_empty()).then_some(name)
}

/// Whether `name` is a reference that HTML or a number defines.
pub(super) fn is_known(name: &str) -> bool {
    resolve(name, &References::default()).is_some()
}

fn resolve<'a>(name: &str, references: &References<'a>) -> Option<Cow<'a, str>> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16),
            None => number.parse(),
        };
        // A number beyond Unicode is a reference too: it must not reach a reader as text.
        let digits = number.bytes().all(|b| b.is_ascii_alphanumeric()) && !number.is_empty();
        return match code {
            Ok(code) => Some(character(code).map_or(Cow::Borrowed(""), |c| Cow::Owned(c.to_string()))),
            Err(_) => (digits && number.bytes().all(|b| b.is_ascii_digit())).then_some(Cow::Borrowed("")),
        };
    }
    if let Some(text) = references.declared.get(name) {
        if !references.afford(text.len()) {
            return Some(Cow::Borrowed(""));
        }
        return Some(match decode(text, &References::default()) {
            Cow::Borrowed(text) => Cow::Borrowed(text),
            Cow::Owned(text) => Cow::Owned(text),
        });
    }
    let text = named(name)?;
    if !matches!(name, "amp" | "lt" | "gt" | "quot" | "apos") {
        references.undefined.set(true);
    }
    Some(Cow::Owned(text))
}

/// The characters of a name of HTML (13.5), one or two. The table is html5ever's, which is whole.
fn named(name: &str) -> Option<String> {
    let mut key = [0; LONGEST + 1];
    key.get_mut(..name.len())?.copy_from_slice(name.as_bytes());
    *key.get_mut(name.len())? = b';';
    let key = std::str::from_utf8(key.get(..=name.len())?).ok()?;
    // The table also holds the beginnings of names, as no characters.
    let (first, second) = *html5ever::data::NAMED_ENTITIES.get(key).filter(|(first, _)| *first != 0)?;
    let characters = [first, second].into_iter().filter(|code| *code != 0);
    Some(characters.filter_map(char::from_u32).collect())
}

/// The character of two numbers that are the halves of a surrogate pair: some writers refer to UTF-16's units. `rest` begins
/// with the first; what is left after the second comes back.
fn surrogate_pair(rest: &str) -> Option<(char, &str)> {
    let half = |text: &str| -> Option<u32> {
        let number = name_of(text).filter(|_| text.starts_with("&#"))?.strip_prefix('#')?;
        match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok(),
            None => number.parse().ok(),
        }
    };
    let high = half(rest).filter(|code| (0xD800..0xDC00).contains(code))?;
    let second = &rest[name_of(rest)?.len() + 2..];
    let low = half(second).filter(|code| (0xDC00..0xE000).contains(code))?;
    let pair = char::from_u32(0x1_0000 + ((high - 0xD800) << 10) + (low - 0xDC00))?;
    Some((pair, &second[name_of(second)?.len() + 2..]))
}

/// The character of a numeric reference; numbers 128 to 159 mean windows-1252, as browsers read them (HTML 13.2.5.80).
fn character(code: u32) -> Option<char> {
    match code {
        0x80..=0x9F => Some(from_1252(code)),
        _ => char::from_u32(code).filter(|c| super::charset::allowed(*c)),
    }
}

/// What windows-1252 has at 128 to 159; its five holes stay control characters.
const WINDOWS_1252: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8D}', 'Ž', '\u{8F}', '\u{90}', '‘', '’',
    '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9D}', 'ž', 'Ÿ',
];

/// The character that windows-1252 has at 128 to 159.
pub(super) fn from_1252(code: u32) -> char {
    let at = usize::try_from(code.wrapping_sub(0x80)).unwrap_or(usize::MAX);
    WINDOWS_1252.get(at).copied().unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// The byte of a character in Latin-1, or in windows-1252 beyond it.
pub(super) fn to_1252(c: char) -> Option<u8> {
    u8::try_from(u32::from(c)).ok().or_else(|| {
        let at = WINDOWS_1252.iter().position(|known| *known == c)?;
        u8::try_from(at + 0x80).ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_decoded_and_the_rest_is_left() {
        let none = References::default();
        for (text, want) in [
            ("a &amp; b &lt;i&gt;", "a & b <i>"),
            ("&nbsp;&laquo;&eacute;&AMP;", "\u{A0}«é&"),
            ("S&P &copy=3&cat=2; &unknown;", "S&P &copy=3&cat=2; &unknown;"),
            ("&#146;&#x93;&#1582;&#x0;&#99999999999;", "’“خ"),
            ("Great &#55357;&#56842; &#xD83D;&#xde0a;&#56842;&#55357; day", "Great 😊 😊 day"),
            ("&NotEqualTilde;&CounterClockwiseContourIntegral;", "≂̸∳"),
            ("&", "&"),
            ("&;&#;&#x;", "&;&#;&#x;"),
        ] {
            assert_eq!(decode(text, &none), want, "{text}");
        }
        assert!(none.bare.get() && none.undefined.get());
        let own =
            References { declared: HashMap::from([("rsquo2", "&#8217;"), ("b", "&b;&b;")]), ..References::within(100) };
        assert_eq!(decode("a&rsquo2;b &b;", &own), "a’b &b;&b;");
        assert!(!own.bare.get() && !own.undefined.get());
    }

    #[test]
    fn every_name_of_html_is_decoded() {
        let mut names = 0;
        for (name, (first, second)) in &html5ever::data::NAMED_ENTITIES {
            let Some(bare) = name.strip_suffix(';').filter(|_| *first != 0) else { continue };
            let want: String = [*first, *second].into_iter().filter(|c| *c != 0).filter_map(char::from_u32).collect();
            assert_eq!(decode(&format!("a&{name}b"), &References::default()), format!("a{want}b"), "{bare}");
            names += 1;
        }
        assert_eq!(names, 2_125);
    }
}
