//! The rules of a `robots.txt` (RFC 9309). Pure: whether an address is allowed depends on the file's bytes and the address only.

use std::{borrow::Cow, fmt::Write as _};
use url::Url;

/// Warraq's product token (RFC 9309 2.2.1).
const TOKEN: &str = "warraq";

/// Maximum number of bytes of a file that are parsed. RFC 9309 2.5 requires at least 500 KiB.
const LENGTH: usize = 500 * 1024;

/// Memory that an allocation takes besides its bytes: most patterns are short, and no allocation takes fewer than 32 bytes.
const ALLOCATION: usize = 24;

/// The rules of one `robots.txt` that apply to Warraq.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RobotsRules {
    /// The file could not be fetched because of the server or the network: nothing is allowed (RFC 9309 2.3.1.4).
    Unreachable,
    /// The rules of the groups for Warraq or, without such a group, of those for all crawlers. Empty: everything is allowed.
    Read(Vec<RobotsRule>),
}

/// An `Allow` or `Disallow` line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RobotsRule {
    is_allowed: bool,
    /// The path pattern, in the form of [`comparable`].
    pattern: Box<str>,
}

impl RobotsRules {
    /// Parses a file. Invalid UTF-8 is replaced, and unknown lines are skipped.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(&bytes[..bytes.len().min(LENGTH)]);
        let (mut ours, mut everybodys) = (None, Vec::new());
        // Whether the current group names Warraq, and whether it names all crawlers.
        let mut group = (false, false);
        let mut in_rules = false;
        for (name, value) in text.trim_start_matches('\u{feff}').split(['\n', '\r']).filter_map(line) {
            if name.eq_ignore_ascii_case("user-agent") {
                if in_rules {
                    (group, in_rules) = ((false, false), false);
                }
                group.0 |= product(value).eq_ignore_ascii_case(TOKEN);
                group.1 |= value == "*";
                if group.0 {
                    // A group for Warraq without rules allows everything, whatever the group for all crawlers says.
                    ours.get_or_insert_with(Vec::new);
                }
                continue;
            }
            let is_allowed = name.eq_ignore_ascii_case("allow");
            if !is_allowed && !name.eq_ignore_ascii_case("disallow") {
                continue;
            }
            in_rules = true;
            if value.is_empty() {
                continue;
            }
            let rule = RobotsRule { is_allowed, pattern: comparable(value).into() };
            if let Some(ours) = ours.as_mut().filter(|_| group.0) {
                ours.push(rule);
            } else if group.1 {
                everybodys.push(rule);
            }
        }
        let mut rules = ours.unwrap_or(everybodys);
        rules.shrink_to_fit();
        Self::Read(rules)
    }

    /// Returns the rules of a site without `robots.txt`: everything is allowed.
    #[must_use]
    pub fn none() -> Self {
        Self::Read(Vec::new())
    }

    /// Returns whether a page may be fetched: the longest matching rule decides and, of two equally long ones, `Allow` (RFC 9309
    /// 2.2.2). `robots.txt` itself is always allowed.
    #[must_use]
    pub fn allows(&self, url: &Url) -> bool {
        let Self::Read(rules) = self else { return false };
        let whole = match url.query() {
            Some(query) => Cow::Owned(format!("{}?{query}", url.path())),
            None => Cow::Borrowed(url.path()),
        };
        // In an address, `*` and `$` are not wildcards.
        let path = comparable(&whole).replace('*', "%2A").replace('$', "%24");
        let matching = rules.iter().filter(|rule| matches(&rule.pattern, &path));
        let best = matching.max_by_key(|rule| (rule.pattern.len(), rule.is_allowed));
        best.is_none_or(|rule| rule.is_allowed) || path == "/robots.txt"
    }

    /// Returns the size of the rules in memory, in bytes.
    pub(super) fn size(&self) -> usize {
        let Self::Read(rules) = self else { return 0 };
        let patterns: usize = rules.iter().map(|rule| rule.pattern.len() + ALLOCATION).sum();
        patterns + rules.capacity() * size_of::<RobotsRule>()
    }
}

/// Splits a line into its name and value, without a comment.
fn line(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.split('#').next()?.split_once(':')?;
    Some((name.trim(), value.trim()))
}

/// Returns the product token at the beginning of a `User-agent` value: `Warraq` of `Warraq/1.0 (+https://…)`.
fn product(value: &str) -> &str {
    let end = value.find(|c: char| !(c.is_ascii_alphabetic() || matches!(c, '-' | '_')));
    &value[..end.unwrap_or(value.len())]
}

/// Returns a path in the form in which paths are compared (RFC 9309 2.2.2): characters outside US-ASCII are percent-encoded,
/// percent-encoded unreserved characters (RFC 3986 2.3) are decoded, and the digits of other percent-encodings are in upper case.
fn comparable(path: &str) -> Cow<'_, str> {
    if path.bytes().all(|b| b.is_ascii() && b != b'%') {
        return Cow::Borrowed(path);
    }
    let bytes = path.as_bytes();
    let mut out = String::with_capacity(bytes.len() * 3);
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let encoded = bytes.get(at + 1..at + 3).filter(|_| byte == b'%').and_then(hexadecimal);
        at += if encoded.is_some() { 3 } else { 1 };
        let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~');
        let (byte, is_encoded) = encoded.map_or((byte, !byte.is_ascii()), |decoded| (decoded, !is_plain(decoded)));
        if is_encoded {
            // Writing to a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        } else {
            out.push(char::from(byte));
        }
    }
    Cow::Owned(out)
}

/// Returns the value of two hexadecimal digits.
fn hexadecimal(digits: &[u8]) -> Option<u8> {
    let digit = |b: u8| char::from(b).to_digit(16).and_then(|d| u8::try_from(d).ok());
    let [high, low] = digits else { return None };
    Some(digit(*high)? << 4 | digit(*low)?)
}

/// Returns whether a pattern matches the beginning of a path: `*` matches any characters, and `$` at the end matches the end of
/// the path (RFC 9309 2.2.3). Each part between the stars is matched at its leftmost place, so the time for each part is linear
/// in the path.
fn matches(pattern: &str, path: &str) -> bool {
    let (pattern, to_end) = pattern.strip_suffix('$').map_or((pattern, false), |pattern| (pattern, true));
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = path.strip_prefix(first) else { return false };
    let mut last = None;
    for part in parts {
        if let Some(part) = last.replace(part) {
            let Some(at) = memchr::memmem::find(rest.as_bytes(), str::as_bytes(part)) else { return false };
            rest = &rest[at + part.len()..];
        }
    }
    match last {
        None => !to_end || rest.is_empty(),
        Some(part) if to_end => rest.ends_with(part),
        Some(part) => memchr::memmem::find(rest.as_bytes(), part.as_bytes()).is_some(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(file: &str, path: &str) -> bool {
        RobotsRules::parse(file.as_bytes()).allows(&Url::parse("https://a.example").unwrap().join(path).unwrap())
    }

    #[test]
    fn groups_of_one_product_are_one_and_ours_comes_before_everybodys() {
        // RFC 9309 2.2.1 and 5.1.
        let file = "User-Agent: *\nDisallow: *.gif$\nDisallow: /example/\nAllow: /publications/\n\nUser-Agent: foobot\n\
                    Disallow:/\nAllow:/example/page.html\nAllow:/example/allowed.gif\n\nUser-Agent: barbot\n\
                    User-Agent: WARRAQ\nDisallow: /example/page.html\n\nUser-Agent: quxbot\n";
        assert!(!allows(file, "/example/page.html"));
        assert!(allows(file, "/example/other.html"));
        assert!(allows(file, "/a.gif"), "everybody's rules do not apply");
        let file = "User-agent: warraq/1.0\nDisallow: /a\nUser-agent: x\nDisallow: /\nUser-agent: Warraq\nDisallow: /b";
        assert_eq!([allows(file, "/a"), allows(file, "/b"), allows(file, "/c")], [false, false, true]);
        assert!(allows("User-agent: warraqbot\nDisallow: /", "/x"), "another product");
        assert!(allows("User-agent: *\nDisallow: /\nUser-agent: warraq\n", "/x"), "a group without rules");
        assert!(!allows("User-agent: *\nDisallow: /\nUser-agent: quxbot\n", "/x"));
        // A sitemap line does not end the list of user agents.
        assert!(!allows("User-agent: warraq\nSitemap: https://a.example/s.xml\nUser-agent: b\nDisallow: /", "/x"));
        assert!(allows("Disallow: /", "/x"), "rules of no group");
    }

    #[test]
    fn the_longest_match_decides() {
        // RFC 9309 5.2.
        let file = "User-Agent: foobot\nUser-agent: *\nAllow: /example/page/\nDisallow: /example/page/disallowed.gif\n";
        assert!(!allows(file, "/example/page/disallowed.gif"));
        assert!(allows(file, "/example/page/"));
        for (rules, path, expected) in [
            ("Allow: /p\nDisallow: /", "/page", true),
            ("Disallow: /folder\nAllow: /folder", "/folder/page", true),
            ("Allow: /page\nDisallow: /*.htm", "/page.htm", false),
            ("Allow: /$\nDisallow: /", "/", true),
            ("Allow: /$\nDisallow: /", "/page.htm", false),
            ("Disallow:", "/x", true),
            ("Disallow: /", "/robots.txt", true),
        ] {
            assert_eq!(allows(&format!("User-agent: *\n{rules}"), path), expected, "{rules} {path}");
        }
    }

    #[test]
    fn special_characters() {
        // RFC 9309 2.2.3, and the table of 2.2.2.
        for (pattern, path, expected) in [
            ("/path/file-with-a-%2A.html", "/path/file-with-a-*.html", true),
            ("/allow/this/exact/path$", "/allow/this/exact/path", true),
            ("/allow/this/exact/path$", "/allow/this/exact/path/more", false),
            ("/this/*/exact/path", "/this/and/that/exact/path/more", true),
            ("/foo/bar?baz=quz", "/foo/bar?baz=quz", true),
            ("/foo/bar?baz=https://foo.bar", "/foo/bar?baz=https://foo.bar", true),
            ("/foo/bar/ツ", "/foo/bar/%E3%83%84", true),
            ("/foo/bar/%E3%83%84", "/foo/bar/ツ", true),
            ("/foo/bar/%62%61%7A", "/foo/bar/baz", true),
            ("/foo/bar/%e3%83%84", "/foo/bar/%E3%83%84", true),
            ("/*.php$", "/index.php?a=.php", true),
            ("/*.php$", "/index.php5", false),
            ("/fish*", "/fish/salmon", true),
            ("*/fish", "/a/fish", true),
            ("/a*b*c", "/aXbXc", true),
            ("/a*b*c", "/aXcXb", false),
            ("/a*a$", "/a", false),
            ("/a*a$", "/aa", true),
            ("/*", "/", true),
            ("$", "/", false),
            ("/%", "/%25", true),
        ] {
            let file = format!("user-agent: *\ndisallow: {pattern}");
            assert_eq!(!allows(&file, path), expected, "{pattern} {path}");
        }
    }

    #[test]
    fn lines_in_all_their_spellings_and_a_long_file() {
        let file = "\u{feff}USER-AGENT : * # everybody\r\n\r\n  dISallow\t:\t/a b # no\rnonsense\nDisallow /c\n\u{0}";
        assert_eq!([allows(file, "/a%20b"), allows(file, "/a"), allows(file, "/c")], [true, true, true]);
        assert!(!allows(&file.replace("/a b", "/a"), "/a"));
        let long = format!("{}\nUser-agent: *\nDisallow: /", "# comment\n".repeat(60_000));
        assert!(allows(&long, "/x"), "beyond the limit nothing is read");
        let within = format!("{}\nUser-agent: *\nDisallow: /", "# comment\n".repeat(49_000));
        assert!(!allows(&within, "/x"));
        let hostile = format!("User-agent: *\n{}", "Disallow: /*a*b*c*d*e*f*g*h*i*j*k\n".repeat(14_000));
        assert!(allows(&hostile, &format!("/{}", "ab".repeat(1_000))));
        assert!(!RobotsRules::Unreachable.allows(&Url::parse("https://a.example/x").unwrap()));
        assert!(RobotsRules::parse(&[0xFF; 100]).allows(&Url::parse("https://a.example/x").unwrap()));
    }
}
