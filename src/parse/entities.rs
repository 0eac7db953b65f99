//! Decodes character and entity references the way feeds really use them.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::HashMap;

/// State of decoding one document: the entities it declares, and what had to be repaired.
#[derive(Debug, Default)]
pub(super) struct References<'a> {
    /// Entities that the document itself declares (`<!ENTITY name "text">`). Declared entities inside their texts are not
    /// expanded.
    pub declared: HashMap<&'a str, &'a str>,
    /// Number of bytes that declared entities may still expand to, all together.
    left: Cell<usize>,
    /// Whether declared entities would have expanded to more.
    pub exhausted: Cell<bool>,
    /// Whether an ampersand occurred that begins no reference.
    pub bare: Cell<bool>,
    /// Whether a name occurred that HTML defines and the document does not declare.
    pub undefined: Cell<bool>,
    /// Whether a text occurred that had been encoded twice.
    pub encoded_twice: Cell<bool>,
}

impl References<'_> {
    /// Creates the state for a document whose own entities may expand to `most` bytes in total.
    pub fn within(most: usize) -> Self {
        Self { left: Cell::new(most), ..Self::default() }
    }

    /// Takes `bytes` from the remaining expansion. Returns `false` if that is not enough, or was not enough before.
    pub fn afford(&self, bytes: usize) -> bool {
        match self.left.get().checked_sub(bytes).filter(|_| !self.exhausted.get()) {
            Some(left) => self.left.set(left),
            None => self.exhausted.set(true),
        }
        !self.exhausted.get()
    }
}

/// Maximum length of a name between `&` and `;`, in bytes (the longest of HTML has 31).
const LONGEST: usize = 32;

/// Decodes the references of one text. Anything else stays as it is: a bare `&`, an unknown name, and a known name without its
/// `;` (`&copy=2` belongs to an address).
pub(super) fn decode<'a>(text: &'a str, references: &References<'_>) -> Cow<'a, str> {
    let Some(first) = memchr::memchr(b'&', text.as_bytes()) else { return Cow::Borrowed(text) };
    let mut out = String::with_capacity(text.len());
    out.push_str(&text[..first]);
    let mut rest = &text[first..];
    loop {
        // `rest` always begins with an ampersand here.
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

/// Returns whether an ampersand in `text` begins no reference; XML requires such an ampersand to be written `&amp;` (XML 1.0,
/// 2.4).
pub(super) fn has_bare_ampersand(text: &str) -> bool {
    memchr::memchr_iter(b'&', text.as_bytes()).any(|at| name_of(&text[at..]).is_none())
}

/// Returns the name of the reference at the beginning of `text`: the characters between `&` and `;`.
pub(super) fn name_of(text: &str) -> Option<&str> {
    let bytes = text.as_bytes();
    let end = memchr::memchr(b';', &bytes[1..bytes.len().min(LONGEST + 2)])? + 1;
    let name = &text.get(1..end)?;
    let named = name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'#' | b'_' | b'-' | b'.'));
    (named && !name.is_empty()).then_some(name)
}

/// Returns whether `name` is a reference that HTML defines, or a number.
pub(super) fn is_known(name: &str) -> bool {
    resolve(name, &References::default()).is_some()
}

fn resolve<'a>(name: &str, references: &References<'a>) -> Option<Cow<'a, str>> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16),
            None => number.parse(),
        };
        // A number beyond Unicode is a reference too and decodes to nothing: readers must not see it as text.
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

/// Returns the one or two characters of a name that HTML defines (13.5). The table is html5ever's, which is complete.
fn named(name: &str) -> Option<String> {
    let mut key = [0; LONGEST + 1];
    key.get_mut(..name.len())?.copy_from_slice(name.as_bytes());
    *key.get_mut(name.len())? = b';';
    let key = std::str::from_utf8(key.get(..=name.len())?).ok()?;
    // The table also holds prefixes of names, with no characters.
    let (first, second) = *html5ever::data::NAMED_ENTITIES.get(key).filter(|(first, _)| *first != 0)?;
    let characters = [first, second].into_iter().filter(|code| *code != 0);
    Some(characters.filter_map(char::from_u32).collect())
}

/// Returns a text in which each surrogate pair of numeric references is one character. HTML would decode each half alone, to
/// nothing.
pub(super) fn joined(text: String) -> String {
    let pairs = memchr::memmem::find_iter(text.as_bytes(), b"&#");
    let Some(first) = pairs.into_iter().find(|at| surrogate_pair(&text[*at..]).is_some()) else { return text };
    let (mut out, mut rest) = (text[..first].to_owned(), &text[first..]);
    while let Some(at) = memchr::memmem::find(rest.as_bytes(), b"&#") {
        out.push_str(&rest[..at]);
        let found = surrogate_pair(&rest[at..]);
        rest = found.map_or(&rest[at + 2..], |(_, after)| after);
        match found {
            Some((character, _)) => out.push(character),
            None => out.push_str("&#"),
        }
    }
    out + rest
}

/// Returns whether `text` begins with one of the references that HTML also reads without their `;` (13.2.5.73), such as
/// `&eacute au`. Before a letter, a digit or an equals sign it may be anything else.
pub(super) fn is_unended(text: &str) -> bool {
    let name = text[1..].bytes().take_while(u8::is_ascii_alphanumeric).count();
    let follows = text.as_bytes().get(name + 1);
    let known = |name: &str| html5ever::data::NAMED_ENTITIES.get(name).is_some_and(|(first, _)| *first != 0);
    (2..=6).contains(&name) && !matches!(follows, Some(b'=' | b';')) && known(&text[1..=name])
}

/// Decodes two numeric references that form a surrogate pair, as some writers refer to UTF-16 code units. `rest` begins with the
/// first. Also returns the text after the second.
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

/// Returns the character of a numeric reference. Numbers 128 to 159 mean windows-1252, as browsers read them (HTML 13.2.5.80).
fn character(code: u32) -> Option<char> {
    match code {
        0x80..=0x9F => Some(from_1252(code)),
        _ => char::from_u32(code).filter(|c| super::charset::allowed(*c)),
    }
}

/// The characters of windows-1252 at 128 to 159. Its five unassigned bytes stay control characters.
const WINDOWS_1252: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8D}', 'Ž', '\u{8F}', '\u{90}', '‘', '’',
    '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9D}', 'ž', 'Ÿ',
];

/// Returns the character that windows-1252 has at 128 to 159.
pub(super) fn from_1252(code: u32) -> char {
    let at = usize::try_from(code.wrapping_sub(0x80)).unwrap_or(usize::MAX);
    WINDOWS_1252.get(at).copied().unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// Returns the byte of a character in Latin-1 or, for characters beyond it, in windows-1252.
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
    fn surrogate_pairs_join_in_html_too() {
        for (text, want) in [
            ("a &#55357;&#56842; &#xD83D;&#xde0a; b &#233;", "a 😊 😊 b &#233;"),
            ("&#55357; &#56842;&#55357; &amp;#", "&#55357; &#56842;&#55357; &amp;#"),
        ] {
            assert_eq!(joined(text.to_owned()), want);
        }
    }

    #[test]
    fn some_names_need_no_semicolon() {
        for (text, want) in [
            ("&eacute au", true),
            ("&copy 2026", true),
            ("&amp", true),
            ("&copy=2", false),
            ("&copyx", false),
            ("&T", false),
            ("&scaron x", false),
        ] {
            assert_eq!(is_unended(text), want, "{text}");
        }
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
