//! The id of an article in the addresses of its outlet. It stays when the headline, and the address with it, changes.

use super::rules;
use super::words::{chain, hash};
use jiff::Timestamp;

/// The last id in the path of an address, or else in its query, with its host. An id is a number of six digits or more that is not a
/// date, a UUID, a ULID, or twelve or more hexadecimal digits with both letters and figures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PathId {
    host: String,
    id: String,
    /// Whether it stands in the last segment of the path or in the query, or is a UUID or the like that fills a segment; any other may
    /// be the id of a section.
    pub is_last: bool,
}

impl PathId {
    /// Finds the id in an address. Returns `None` when it contains none.
    pub fn of(link: &str) -> Option<Self> {
        may_have_id(link).then(|| Self::read(link)).flatten()
    }

    fn read(link: &str) -> Option<Self> {
        let url = url::Url::parse(link).ok()?;
        let host = url.host_str()?.trim_start_matches("www.").to_owned();
        let parts: Vec<&str> = url.path().split('/').filter(|part| !part.is_empty()).collect();
        let found = parts.iter().enumerate().rev().find_map(|(at, part)| {
            let id = id_in(part)?;
            let is_whole = id.len() == part.len() && !id.bytes().all(|b| b.is_ascii_digit());
            Some((at + 1 == parts.len() || is_whole, id))
        });
        let found = found.or_else(|| Some((true, id_in_query(&url)?)));
        found.map(|(is_last, id)| Self { host, id, is_last })
    }

    /// Returns whether an address has this host and id.
    pub fn is_of(&self, link: &str) -> bool {
        // Cheaper than reading the address; only what is dropped from addresses could stand within an id.
        let may_be = link.contains(['\t', '\n', '\r']) || link.to_ascii_lowercase().contains(&self.id);
        may_be && Self::of(link).is_some_and(|other| other == *self)
    }

    /// Hashes host and id.
    pub fn hash(&self) -> u64 {
        super::words::hash_text(&self.host, &self.id)
    }
}

/// Returns a hash of host and id of an address, or `None` when it contains no id.
#[must_use]
pub fn path_id(link: &str) -> Option<u64> {
    PathId::of(link).map(|id| id.hash())
}

/// Returns whether an address has as many hexadecimal digits in a row as the shortest id. It is cheaper than reading the address,
/// which drops tabs and line ends, and writes some characters as two digits (`%20`).
fn may_have_id(link: &str) -> bool {
    let (mut digits, mut letters) = (0, 0);
    link.bytes().filter(|b| !matches!(b, b'\t' | b'\n' | b'\r')).any(|b| {
        letters = if b.is_ascii_alphanumeric() { letters + 1 } else { 0 };
        digits = match b {
            b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F' => digits + 1,
            b'g'..=b'z' | b'G'..=b'Z' | b'-' | b'.' | b'_' | b'/' | b':' | b'%' | b'?' | b'&' | b'=' => 0,
            _ => 2,
        };
        digits >= rules::NUMBER_DIGITS || letters >= ULID
    })
}

/// Names of parameters that hold the id of an article.
const PARAMETERS: [&str; 10] =
    ["id", "aid", "nid", "uuid", "article", "articleid", "article_id", "newsid", "news_id", "story"];

/// Returns the id that is the whole value of a parameter.
fn id_in_query(url: &url::Url) -> Option<String> {
    url.query()?.split('&').find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let is_id = PARAMETERS.contains(&name.to_ascii_lowercase().as_str());
        is_id.then(|| id_in(value)).flatten().filter(|id| id.len() == value.len())
    })
}

fn id_in(part: &str) -> Option<String> {
    let part = part.to_ascii_lowercase();
    let uuid = (0..(part.len() + 1).saturating_sub(36))
        .rev()
        .filter_map(|from| part.get(from..from + 36))
        .find(|text| is_uuid(text));
    if let Some(uuid) = uuid {
        return Some(uuid.to_owned());
    }
    let mut runs = part.split(|c: char| !c.is_ascii_alphanumeric());
    if let Some(run) = runs.rfind(|run| is_hash(run) || is_ulid(run)) {
        return Some(run.to_owned());
    }
    part.split(|c: char| !c.is_ascii_digit()).rfind(|run| is_number(run) && !is_date(run)).map(str::to_owned)
}

fn is_uuid(text: &str) -> bool {
    text.bytes().enumerate().all(|(at, b)| match at {
        8 | 13 | 18 | 23 => b == b'-',
        _ => b.is_ascii_hexdigit(),
    })
}

/// Number of characters of a ULID.
const ULID: usize = 26;

/// Returns whether lower-case letters and digits are a ULID: a time in milliseconds, which begins with `01` from 2005 to 2039, and random
/// bits, in an alphabet without `I`, `L`, `O` and `U`.
fn is_ulid(run: &str) -> bool {
    run.len() == ULID
        && run.starts_with("01")
        && run.bytes().all(|b| b.is_ascii_alphanumeric() && !matches!(b, b'i' | b'l' | b'o' | b'u'))
        && run.bytes().any(|b| b.is_ascii_alphabetic())
}

fn is_hash(run: &str) -> bool {
    run.len() >= rules::HASH_DIGITS
        && run.bytes().all(|b| b.is_ascii_hexdigit())
        && run.bytes().any(|b| b.is_ascii_digit())
        && run.bytes().any(|b| b.is_ascii_alphabetic())
}

/// The id of an article at its host, and the minute of its publication.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArticleNumber {
    key: u32,
    minute: i32,
    /// Whether the id is the last segment of the path.
    pub is_last: bool,
}

impl ArticleNumber {
    /// Combines an address and a stated date. Returns `None` when the path contains no id.
    pub fn of(link: &str, published: Timestamp) -> Option<Self> {
        let PathId { host, id, is_last } = PathId::of(link)?;
        let key = chain([3, hash(host.chars()), hash(id.chars())]);
        Some(Self { key, minute: i32::try_from(published.as_second().div_euclid(60)).ok()?, is_last })
    }

    /// Returns its key in the index of the window.
    pub fn key(self) -> u32 {
        self.key
    }

    /// Returns whether both have the same id and minute.
    pub fn is_same(self, other: Self) -> bool {
        (self.key, self.minute) == (other.key, other.minute)
    }
}

fn is_number(run: &str) -> bool {
    (rules::NUMBER_DIGITS..=rules::NUMBER_DIGITS_MAX).contains(&run.len())
}

/// Returns whether a number is `YYYYMM` or `YYYYMMDD`, optionally followed by hour, minute and second.
fn is_date(run: &str) -> bool {
    let part = |from: usize, to: usize| run.get(from..to).and_then(|digits| digits.parse::<u32>().ok());
    let within = |value: Option<u32>, least: u32, most: u32| value.is_none_or(|v| (least..=most).contains(&v));
    run.len().is_multiple_of(2)
        && run.len() <= 14
        && within(part(0, 4), 1900, 2099)
        && within(part(4, 6), 1, 12)
        && within(part(6, 8), 1, 31)
        && within(part(8, 10), 0, 24)
        && within(part(10, 12), 0, 60)
}

#[cfg(test)]
mod tests {
    use super::super::testing::at;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_number_names_an_article_at_its_host_and_minute() {
        let of = |link| ArticleNumber::of(link, at(1));
        let first = of("https://www.outlet.ma/old-slug-918273.html");
        assert!(first.is_some());
        assert_eq!(first, of("http://outlet.ma/2026/05/11/new-slug-918273.html"));
        assert_ne!(first, of("https://other.ma/old-slug-918273.html"));
        assert_ne!(first, ArticleNumber::of("https://outlet.ma/old-slug-918273.html", at(2)));
        assert_ne!(first, of("https://outlet.ma/old-slug-918274.html"));
    }

    #[test]
    fn a_uuid_and_a_long_hexadecimal_number_are_ids() {
        let of = |path: &str| PathId::of(&format!("https://x.example{path}")).map(|found| (found.id, found.is_last));
        let uuid = "44f7c1d2-9b0e-4a52-8a47-5d1f0c2b7e31";
        assert_eq!(of(&format!("/politics/minister-quits-a-{uuid}")), Some((uuid.to_owned(), true)));
        assert_eq!(of("/p/slug-1a2b3c4d5e6f"), Some(("1a2b3c4d5e6f".to_owned(), true)));
        assert_eq!(of("/section-1234567/fish"), Some(("1234567".to_owned(), false)));
        assert_eq!(of(&format!("/{uuid}/minister-quits")), Some((uuid.to_owned(), true)));
        assert_eq!(of("/1234567/fish"), Some(("1234567".to_owned(), false)));
        let timed = "01JB3K6Q9ZRXMNWT5VY8HGDS4P";
        assert_eq!(of(&format!("/p/minister-quits-{timed}")), Some((timed.to_ascii_lowercase(), true)));
        assert_eq!(of(&format!("/{timed}/minister-quits")), Some((timed.to_ascii_lowercase(), true)));
        assert_eq!(of(&format!("/politics/slug?a=1&id={uuid}")), Some((uuid.to_owned(), true)));
        assert_eq!(of("/politics/slug?id=8812345"), Some(("8812345".to_owned(), true)));
        assert_eq!(of("/politics/slug-918273?id=8812345"), Some(("918273".to_owned(), true)));
        for none in ["/slug?v=8812345", "/slug?id=20260511", "/slug?id=a-8812345", "/slug?id="] {
            assert_eq!(of(none), None, "{none}");
        }
        for none in ["/abcdefabcdef", "/123456789012345678901234", "/p/1a2b3c4d5e6", "/2026/05/11/slug"] {
            assert_eq!(of(none), None, "{none}");
        }
    }

    #[test]
    fn dates_and_short_or_endless_numbers_name_nothing() {
        for path in ["20260511", "202605", "20260511093000", "12345", "1234567890123456789", "a"] {
            assert_eq!(ArticleNumber::of(&format!("https://outlet.ma/{path}/slug"), at(1)), None, "{path}");
        }
    }

    proptest! {
        #![proptest_config(crate::model::testing::cases())]

        #[test]
        fn no_id_is_overlooked(path in "([0-9]{1,9}|[a-f0-9]{1,14}|[/%.\\-_ \t\n\"é<ع\u{1}]|%[0-9A-F]{2}|\\PC){0,12}") {
            let link = format!("https://outlet.ma/{path}");
            prop_assert!(PathId::read(&link).is_none() || may_have_id(&link), "{link:?}");
        }
    }
}
