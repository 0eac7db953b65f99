//! Addresses: absolute, http or https, written as browsers would send them.

use super::script::is_mark;
use std::borrow::Cow;
use url::Url;

/// Maximum length of an address that is kept, in bytes.
const LONGEST: usize = 8 * 1024;

/// How often a character may have been escaped.
const ESCAPED: usize = 3;

/// Resolves `text` against `base`, after repairs. Returns only http and https addresses.
#[must_use]
pub fn join(base: Option<&Url>, text: &str) -> Option<Url> {
    let text = tidy(text)?;
    let text = if names_host(base, &text) {
        Cow::Owned(format!("{}://{text}", base.map_or("https", Url::scheme)))
    } else {
        with_one_scheme(text)
    };
    let url = match Url::parse(&text) {
        Ok(url) => url,
        Err(url::ParseError::RelativeUrlWithoutBase) => base?.join(&text).ok()?,
        Err(_) => return None,
    };
    (matches!(url.scheme(), "http" | "https") && url.has_host()).then_some(url)
}

/// Resolves `text` as [`join`] does and returns it as a string.
#[must_use]
pub fn absolute(base: Option<&Url>, text: &str) -> Option<String> {
    join(base, text).map(String::from)
}

/// Returns whether a text begins as an absolute address of http or https.
#[must_use]
pub fn is_absolute(text: &str) -> bool {
    text.starts_with("http://") || text.starts_with("https://")
}

/// Repairs an absolute address in which characters were escaped too often, or whose scheme stands there twice.
#[must_use]
pub fn mended(text: &str) -> Cow<'_, str> {
    let twice = ["http://http://", "http://https://", "https://http://", "https://https://"];
    if !is_escaped(text) && !twice.iter().any(|start| text.trim_start().starts_with(start)) {
        return Cow::Borrowed(text);
    }
    tidy(text).map_or(Cow::Borrowed(text), with_one_scheme)
}

/// Returns whether a relative address is meant as a host name: it begins with `www.`, with the host of its own document, or with
/// one of the same domain.
fn names_host(base: Option<&Url>, text: &str) -> bool {
    let first = text.split(['/', '?', ':']).next().unwrap_or_default();
    let is_below = |name: &str, domain: &str| {
        name.len() >= domain.len()
            && name.get(name.len() - domain.len()..).is_some_and(|end| end.eq_ignore_ascii_case(domain))
            && (name.len() == domain.len() || name[..name.len() - domain.len()].ends_with('.'))
    };
    first.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("www."))
        || base.and_then(Url::host_str).is_some_and(|host| {
            let domain = host.strip_prefix("www.").unwrap_or(host);
            // `m.` and other hosts below its own, and the one above it. The last two labels may be a public suffix (`co.uk`).
            is_below(first, domain) || is_below(domain, first) && first.matches('.').count() >= 2
        })
}

/// Schemes that lack a letter or the colon, as they come from copying and typing.
const MISSPELT: [(&str, &str); 6] = [
    ("http//", "http://"),
    ("https//", "https://"),
    ("htp://", "http://"),
    ("ttp://", "http://"),
    ("htps://", "https://"),
    ("ttps://", "https://"),
];

/// Repairs a misspelt scheme, one whose colon or slashes are percent-encoded (`https%3A%2F%2Fhost`), one that stands there twice
/// (`http://https://host`), and blanks behind it.
fn with_one_scheme(text: Cow<'_, str>) -> Cow<'_, str> {
    let is_encoded = |scheme: &str| text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    for (encoded, scheme) in [("http%3a//", "http://"), ("https%3a//", "https://")] {
        if is_encoded(encoded) {
            return Cow::Owned(format!("{scheme}{}", &text[encoded.len()..]));
        }
    }
    if (is_encoded("http%3a%2f%2f") || is_encoded("https%3a%2f%2f"))
        && let Ok(decoded) = percent_encoding::percent_decode_str(&text).decode_utf8()
    {
        return Cow::Owned(decoded.into_owned());
    }
    // The scheme of buttons that open a feed reader, before the real one or in its place.
    if let Some(rest) = text.strip_prefix("feed:") {
        if is_absolute(rest) {
            return Cow::Owned(rest.to_owned());
        }
        if rest.starts_with("//") {
            return Cow::Owned(format!("http:{rest}"));
        }
    }
    for (misspelt, scheme) in MISSPELT {
        if let Some(rest) = text.strip_prefix(misspelt) {
            return Cow::Owned(format!("{scheme}{rest}"));
        }
    }
    for scheme in ["http://", "https://"] {
        if let Some(rest) = text.strip_prefix(scheme).filter(|rest| is_absolute(rest)) {
            return Cow::Owned(rest.to_owned());
        }
        if let Some(rest) = text.strip_prefix(scheme)
            && without_blanks(rest).len() < rest.len()
        {
            return Cow::Owned(format!("{scheme}{}", without_blanks(rest)));
        }
    }
    text
}

/// Characters around an address that are not part of it, percent-encoded.
const BLANKS: [&str; 10] = ["%20", "%09", "%0a", "%0A", "%0d", "%0D", "%E2%80%8B", "%e2%80%8b", "%C2%A0", "%c2%a0"];

/// Returns a text without blanks at its beginning.
fn without_blanks(text: &str) -> &str {
    let mut text = text.trim_start();
    while let Some(rest) = BLANKS.iter().find_map(|blank| text.strip_prefix(blank)) {
        text = rest.trim_start();
    }
    text
}

/// Returns the absolute address that stands behind a sign of space (`+https://…`) or of a relative address (`./%20https://…`).
fn behind_signs(text: &str) -> Option<&str> {
    let mut rest = text;
    while let Some(next) = ["+", "./"].iter().find_map(|sign| rest.strip_prefix(sign)) {
        rest = without_blanks(next);
    }
    let is_absolute = ["http://", "https://"].iter().any(|scheme| rest.starts_with(scheme));
    (is_absolute && rest.len() < text.len()).then_some(rest)
}

/// Returns a text without apostrophes around it. An address may have them too (RFC 3986 2.2), but then both are inside.
fn without_apostrophes(text: &str) -> &str {
    let is_odd = || memchr::memchr_iter(b'\'', text.as_bytes()).count() % 2 == 1;
    if text.starts_with('\'') || text.ends_with('\'') && is_odd() { text.trim_matches('\'') } else { text }
}

/// Removes white space (also percent-encoded), invisible characters, quotation marks and a link's mark-up around an address and line
/// breaks and tabs inside it, and decodes references that were escaped too often. Returns `None` for an address that is empty or too
/// long.
fn tidy(text: &str) -> Option<Cow<'_, str>> {
    let blank = |c: char| {
        c.is_whitespace() || c.is_control() || matches!(c, '"' | '“' | '”' | '„' | '″' | '«' | '»') || is_mark(c)
    };
    let mut text = without_apostrophes(text.trim_matches(blank)).trim_matches(blank);
    if text.starts_with('<') {
        text = text.split_once("href=").map_or(text, |(_, link)| link).trim_start_matches(['<', '"', '\'']);
        text = text.split(['"', '\'', '>']).next().unwrap_or_default();
    }
    while let Some(rest) = BLANKS.iter().find_map(|blank| text.strip_prefix(blank).or_else(|| text.strip_suffix(blank)))
    {
        text = rest.trim_matches(blank);
    }
    text = behind_signs(text).unwrap_or(text);
    // `(https://…)` and `[https://…]`.
    for (open, close) in [('(', ')'), ('[', ']')] {
        let inside = text.strip_prefix(open).and_then(|rest| rest.strip_suffix(close));
        text = inside.map_or(text, |inside| inside.trim_matches(blank));
    }
    let is_nothing =
        ["n/a", "null", "none", "undefined", "nil", "(none)", "-"].iter().any(|no| text.eq_ignore_ascii_case(no));
    if text.is_empty() || text.len() > LONGEST || is_nothing {
        return None;
    }
    let mut tidy = Cow::Borrowed(text);
    if text.contains(['\n', '\r', '\t']) {
        // Indentation belongs to the line break.
        tidy = Cow::Owned(text.split(['\n', '\r', '\t']).map(str::trim).collect());
    }
    for _ in 0..ESCAPED {
        if !is_escaped(&tidy) {
            break;
        }
        for (escaped, plain) in
            [("&amp;", "&"), ("&#38;", "&"), ("&#038;", "&"), ("&#x26;", "&"), ("&quot;", "\""), ("&apos;", "'")]
        {
            if tidy.contains(escaped) {
                tidy = Cow::Owned(tidy.replace(escaped, plain));
            }
        }
        if let Some(decoded) = without_numbers(&tidy) {
            tidy = Cow::Owned(decoded);
        }
        if let Some(decoded) = without_names(&tidy) {
            tidy = Cow::Owned(decoded);
        }
    }
    Some(tidy)
}

/// Returns whether an address seems to have references. Those without a semicolon are parameters (`&copy=3`).
fn is_escaped(text: &str) -> bool {
    text.contains('&')
        && (["&amp;", "&#", "&quot;", "&apos;"].iter().any(|start| text.contains(start))
            || memchr::memchr_iter(b'&', text.as_bytes()).any(|at| letter_of(&text[at..]).is_some()))
}

/// Maximum length of the name of a letter in a reference, in bytes (`Scaron;`, `scedil;`, `thetasym`).
const LONGEST_NAME: usize = 8;

/// Returns the character beyond ASCII that a reference at the beginning of `text` stands for (`&eacute;`), and the length of the
/// reference. In an address, the names of ASCII characters are left: decoded, they would mean something else there.
fn letter_of(text: &str) -> Option<(char, usize)> {
    let end = text.bytes().take(LONGEST_NAME + 2).position(|b| b == b';')?;
    let name = text.get(1..=end)?;
    let (code, second) = *html5ever::data::NAMED_ENTITIES.get(name)?;
    let letter = char::from_u32(code).filter(|c| !c.is_ascii() && second == 0)?;
    Some((letter, end + 1))
}

/// Decodes the names of letters that were escaped too often (`caf&eacute;`). Returns `None` if there are none.
fn without_names(text: &str) -> Option<String> {
    let (mut out, mut copied) = (String::new(), 0);
    for at in memchr::memchr_iter(b'&', text.as_bytes()) {
        if let Some((letter, length)) = letter_of(&text[at..]) {
            out.push_str(&text[copied..at]);
            out.push(letter);
            copied = at + length;
        }
    }
    out.push_str(&text[copied..]);
    (copied > 0).then_some(out)
}

/// Decodes the numbers of characters that were escaped too often (`l&#039;ete`). Returns `None` if there are none.
fn without_numbers(text: &str) -> Option<String> {
    let (mut out, mut rest) = (String::new(), text);
    while let Some((before, after)) = rest.split_once("&#") {
        out.push_str(before);
        let number = &after[..after.bytes().take(7).position(|b| b == b';').unwrap_or(0)];
        let value = match number.strip_prefix(['x', 'X']) {
            Some(digits) => u32::from_str_radix(digits, 16).ok(),
            None => number.parse().ok(),
        };
        if let Some(c) = value.and_then(char::from_u32).filter(|c| !c.is_control()) {
            out.push(c);
            rest = &after[number.len() + 1..];
        } else {
            out.push_str("&#");
            rest = after;
        }
    }
    out.push_str(rest);
    (out.len() < text.len()).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_web_addresses_and_absolute_ones() {
        let base = Url::parse("https://alalam.example/xml/feed.rss").unwrap();
        for (text, want) in [
            (" /a/1?x=ع \n", Some("https://alalam.example/a/1?x=%D8%B9")),
            ("b", Some("https://alalam.example/xml/b")),
            ("//cdn.example/i", Some("https://cdn.example/i")),
            ("HTTP://X.example", Some("http://x.example/")),
            ("www.x.example/story/7", Some("https://www.x.example/story/7")),
            ("WWW.x.example:8080/a", Some("https://www.x.example:8080/a")),
            ("%20https://x.example/a%20b%20", Some("https://x.example/a%20b")),
            ("https://x.example/a?b=1&amp;c=2&#038;d", Some("https://x.example/a?b=1&c=2&d")),
            ("https://x.example/a?b=1&amp;amp;amp;c=2&amp;#38;d", Some("https://x.example/a?b=1&c=2&d")),
            ("%0A%09https://x.example/a%0d%0a", Some("https://x.example/a")),
            ("\u{200B}https://x.example/a\u{200F}", Some("https://x.example/a")),
            ("%E2%80%8Bhttps://x.example/a", Some("https://x.example/a")),
            ("https://x.example/very/\n      long", Some("https://x.example/very/long")),
            ("\"https://x.example/a\"", Some("https://x.example/a")),
            ("<https://x.example/a>", Some("https://x.example/a")),
            ("<a class='b' href=\"https://x.example/a\">x</a>", Some("https://x.example/a")),
            ("http//x.example/a", Some("http://x.example/a")),
            ("https//x.example/a", Some("https://x.example/a")),
            ("http://https://x.example/a", Some("https://x.example/a")),
            ("alalam.example/a/7", Some("https://alalam.example/a/7")),
            ("alalam.example.b/7", Some("https://alalam.example/xml/alalam.example.b/7")),
            ("m.alalam.example/a/7", Some("https://m.alalam.example/a/7")),
            ("notalalam.example/7", Some("https://alalam.example/xml/notalalam.example/7")),
            ("(https://x.example/a)", Some("https://x.example/a")),
            ("[ https://x.example/a ]", Some("https://x.example/a")),
            ("https%3A%2F%2Fx.example%2Fa%3Fb%3D1", Some("https://x.example/a?b=1")),
            ("htp://x.example/a", Some("http://x.example/a")),
            ("ttps://x.example/a", Some("https://x.example/a")),
            ("%C2%A0https://x.example/a", Some("https://x.example/a")),
            ("https%3A//x.example/a%20b", Some("https://x.example/a%20b")),
            ("http:// www.x.example/7", Some("http://www.x.example/7")),
            ("https://%20x.example/7", Some("https://x.example/7")),
            ("+https://x.example/a", Some("https://x.example/a")),
            ("./%20https://x.example/a", Some("https://x.example/a")),
            ("./a", Some("https://alalam.example/xml/a")),
            ("+a", Some("https://alalam.example/xml/+a")),
            ("https://x.example/a.mp3?x='1'", Some("https://x.example/a.mp3?x=%271%27")),
            ("'https://x.example/a'", Some("https://x.example/a")),
            ("https://x.example/a'", Some("https://x.example/a")),
            ("https://x.example/l&#039;ete?a=1&amp;#39;&#x27;", Some("https://x.example/l'ete?a=1%27%27")),
            ("https://x.example/?a&#b;&#99999999;&#", Some("https://x.example/?a&#b;&#99999999;&#")),
            ("https://x.example/?a=&quot;b&quot;&copy=3&lt=4", Some("https://x.example/?a=%22b%22&copy=3&lt=4")),
            (
                "https://x.example/caf&eacute;/&Ccedil;a?q=&#233;t&eacute;",
                Some("https://x.example/caf%C3%A9/%C3%87a?q=%C3%A9t%C3%A9"),
            ),
            ("https://x.example/caf&amp;eacute;?a=1&amp;b", Some("https://x.example/caf%C3%A9?a=1&b")),
            ("https://x.example/?a&lt;b&copy=3&foo;&eacute", Some("https://x.example/?a&lt;b&copy=3&foo;&eacute")),
            ("“https://x.example/”", Some("https://x.example/")),
            ("« https://x.example/ »", Some("https://x.example/")),
            ("feed://x.example/a", Some("http://x.example/a")),
            ("feed:https://x.example/a", Some("https://x.example/a")),
            ("N/A", None),
            ("null", None),
            ("javascript:alert(1)", None),
            ("tag:alalam,1", None),
            ("", None),
            ("http://", None),
        ] {
            assert_eq!(absolute(Some(&base), text).as_deref(), want, "{text}");
        }
        assert_eq!(absolute(None, "/a"), None);
        for (text, want) in [
            ("https://x.example/?a=1&amp;b=2&#38;c", "https://x.example/?a=1&b=2&c"),
            ("http://https://x.example/", "https://x.example/"),
            ("https://x.example/caf&eacute;", "https://x.example/café"),
            ("https://x.example/a b", "https://x.example/a b"),
            ("null", "null"),
        ] {
            assert_eq!(mended(text), want);
        }
    }
}
