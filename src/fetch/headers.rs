//! Reads the headers of a response. Outlets choose these bytes, so everything is bounded and nothing is trusted.

use crate::model::{Freshness, Validators, announces_feed, refresh_target};
use jiff::{SignedDuration, Timestamp, civil::DateTime, fmt::rfc2822, tz::TimeZone};
use reqwest::header::{
    CACHE_CONTROL, CONTENT_TYPE, DATE, ETAG, EXPIRES, HeaderMap, HeaderName, LAST_MODIFIED, LOCATION, REFRESH,
    RETRY_AFTER,
};
use std::time::Duration;

/// Maximum length of a validator, in bytes. A longer one is treated as absent, because it is useless if truncated.
const MAX_VALIDATOR: usize = 4096;
/// Maximum length of a Content-Type that is read, in bytes.
const MAX_CONTENT_TYPE: usize = 1024;
/// Maximum wait read from a header, in seconds: ten years. Whether a wait is sensible is decided in `schedule`; here it only has
/// to be small enough to be added to an instant (RFC 9111 1.2.2 requires such a cap).
const MAX_WAIT_S: u64 = 10 * 366 * 86_400;

/// Returns `ETag` and `Last-Modified`, byte for byte.
#[must_use]
pub fn validators(headers: &HeaderMap) -> Validators {
    let take = |name: HeaderName| {
        let value = headers.get(name)?.as_bytes();
        (1..=MAX_VALIDATOR).contains(&value.len()).then(|| value.to_vec())
    };
    Validators { etag: take(ETAG), last_modified: take(LAST_MODIFIED) }
}

/// Returns the whole `Content-Type`. Bytes that are not UTF-8 become U+FFFD, and a value that is too long is ignored.
#[must_use]
pub fn content_type(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(CONTENT_TYPE)?.as_bytes();
    (value.len() <= MAX_CONTENT_TYPE).then(|| String::from_utf8_lossy(value).into_owned())
}

/// Returns where the headers of a page lead readers of feeds, as written: the target of `Refresh`, then the feeds that `Link`
/// announces (RFC 8288), which are targets of `rel=alternate` with the media type of a feed, and those of `rel=feed`.
#[must_use]
pub fn announced(headers: &HeaderMap) -> Vec<String> {
    let is_feed = |link: &Link<'_>| {
        link.has("rel", "feed") || link.has("rel", "alternate") && announces_feed(link.value("type"), link.target)
    };
    let refresh = headers.get(REFRESH).and_then(|value| refresh_target(value.to_str().ok()?));
    let feeds = links(headers).filter(is_feed).map(|link| link.target);
    refresh.into_iter().chain(feeds).map(str::to_owned).collect()
}

/// Returns the target of the first `Link` with this relation (RFC 8288), as written.
#[must_use]
pub fn link(headers: &HeaderMap, relation: &str) -> Option<String> {
    links(headers).find(|link| link.has("rel", relation)).map(|link| link.target.to_owned())
}

/// A link of a `Link` header.
struct Link<'a> {
    target: &'a str,
    parameters: &'a str,
}

impl Link<'_> {
    /// Returns the value of a parameter without its quotation marks, which some servers write as in HTML; empty if there is none.
    fn value(&self, name: &str) -> &str {
        let mut pairs = self.parameters.split([';', ',']).filter_map(|part| part.split_once('='));
        let value = pairs.find(|(key, _)| key.trim().eq_ignore_ascii_case(name)).map_or("", |(_, value)| value);
        value.trim().trim_matches(['"', '\''])
    }

    /// Returns whether a word is among those of a parameter.
    fn has(&self, name: &str, word: &str) -> bool {
        self.value(name).split_ascii_whitespace().any(|stated| stated.eq_ignore_ascii_case(word))
    }
}

/// Parses the `Link` headers, up to fifty links.
fn links(headers: &HeaderMap) -> impl Iterator<Item = Link<'_>> {
    let values = headers.get_all(reqwest::header::LINK).iter().filter_map(|value| value.to_str().ok());
    let links = values.flat_map(|line| line.split('<').skip(1)).take(50);
    links.filter_map(|link| link.split_once('>').map(|(target, parameters)| Link { target: target.trim(), parameters }))
}

/// Returns `Location` as text. Outlets write Arabic there as raw bytes. These are percent-encoded unchanged, which is what the
/// server means in a path, and what `Url` decodes again in a host.
#[must_use]
pub fn location(headers: &HeaderMap) -> Option<String> {
    use std::fmt::Write;
    let mut text = String::new();
    for &byte in headers.get(LOCATION)?.as_bytes() {
        if byte.is_ascii() {
            text.push(char::from(byte));
        } else {
            write!(text, "%{byte:02X}").ok()?;
        }
    }
    Some(text)
}

/// Returns how long the response says it stays fresh. `Cache-Control` takes precedence over `Expires` (RFC 9111 5.3).
#[must_use]
pub fn max_age(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    match cache_control(headers) {
        Cached::For(age) => Some(age),
        Cached::Never => None,
        Cached::Unsaid => {
            let until = http_date(text(headers, EXPIRES)?)?;
            // A response without a date counts as generated now (RFC 9110 6.6.1).
            let from = text(headers, DATE).and_then(http_date).unwrap_or(now);
            let seconds = u64::try_from(until.duration_since(from).as_secs()).ok()?;
            Some(Duration::from_secs(seconds.min(MAX_WAIT_S)))
        }
    }
}

/// Returns `Retry-After` as an instant (RFC 9110 10.2.3), from seconds or a date. Returns `None` when the header is absent,
/// unreadable, negative or in the past.
#[must_use]
pub fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Timestamp> {
    let value = text(headers, RETRY_AFTER)?;
    let last = now.saturating_add(seconds(MAX_WAIT_S)).ok()?;
    let until = match delta_seconds(value) {
        Some(wait) => now.saturating_add(seconds(wait)).ok()?,
        None => http_date(value)?.min(last),
    };
    (until > now).then_some(until)
}

/// Returns what the status and headers say about waiting.
#[must_use]
pub fn freshness(status: u16, headers: &HeaderMap, now: Timestamp) -> Freshness {
    let asks = matches!(status, 403 | 429 | 503);
    Freshness { max_age: max_age(headers, now), retry_after: if asks { retry_after(headers, now) } else { None } }
}

/// The result of reading `Cache-Control`.
enum Cached {
    For(Duration),
    Never,
    Unsaid,
}

/// Reads `max-age`. `s-maxage` concerns only shared caches and is ignored. `no-cache` and `no-store` mean that no lifetime is
/// promised.
fn cache_control(headers: &HeaderMap) -> Cached {
    let mut said = Cached::Unsaid;
    for value in headers.get_all(CACHE_CONTROL) {
        let Ok(value) = value.to_str() else { continue };
        for directive in value.split(',') {
            let (name, argument) = directive.split_once('=').unwrap_or((directive, ""));
            let name = name.trim();
            if name.eq_ignore_ascii_case("no-cache") || name.eq_ignore_ascii_case("no-store") {
                return Cached::Never;
            }
            if name.eq_ignore_ascii_case("max-age") && matches!(said, Cached::Unsaid) {
                // A quoted number is wrong but understood (RFC 9111 5.2).
                let age = delta_seconds(argument.trim().trim_matches('"'));
                said = age.map_or(Cached::Never, |age| Cached::For(Duration::from_secs(age)));
            }
        }
    }
    said
}

/// Parses a number of seconds (RFC 9111 1.2.2): digits only; larger values are capped.
fn delta_seconds(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX).min(MAX_WAIT_S))
}

/// Parses an HTTP date (RFC 9110 5.6.7): the current form, also with the zones and wrong weekdays that servers write, or one of
/// the two obsolete forms.
fn http_date(text: &str) -> Option<Timestamp> {
    static CURRENT: rfc2822::DateTimeParser = rfc2822::DateTimeParser::new().relaxed_weekday(true);
    let obsolete = |format| DateTime::strptime(format, text).ok()?.to_zoned_datetime(TimeZone::UTC).ok();
    CURRENT.parse_timestamp(text).ok().or_else(|| {
        obsolete("%A, %d-%b-%y %H:%M:%S GMT").or_else(|| obsolete("%a %b %e %H:%M:%S %Y")).map(|at| at.timestamp())
    })
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

fn seconds(count: u64) -> SignedDuration {
    SignedDuration::from_secs(i64::try_from(count).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use reqwest::header::HeaderValue;

    #[test]
    fn dates_of_every_form_are_one_instant() {
        let at = Some(Timestamp::from_second(784_111_777).unwrap());
        for text in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Mon, 06 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 09:49:37 +0100",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
        ] {
            assert_eq!(http_date(text), at, "{text}");
        }
        for text in ["", "0", "-1", "now", "Sun, 06 Nov 1994", "1994-11-06T08:49:37Z", "Sun, 99 Nov 1994 08:49:37 GMT"]
        {
            assert_eq!(http_date(text), None, "{text}");
        }
    }

    #[test]
    fn feeds_are_announced_in_link_headers() {
        let mut headers = HeaderMap::new();
        for line in [
            "</style.css>; rel=preload, </feed>; rel=\"alternate\"; type=\"application/rss+xml\"",
            "<https://x.example/atom>; type='application/atom+xml'; rel='alternate'",
            "</fr>; rel=alternate; hreflang=fr",
            "</rss.xml?a>; rel=alternate; TYPE=\"text/xml\", </wp-json/1>; rel=alternate; type=application/json",
        ] {
            headers.append(reqwest::header::LINK, line.parse().unwrap());
        }
        headers.append(REFRESH, "0; url=/rss.xml".parse().unwrap());
        assert_eq!(announced(&headers), ["/rss.xml", "/feed", "https://x.example/atom", "/rss.xml?a"]);
    }

    #[test]
    fn validators_are_kept_whole_or_not_at_all() {
        for (length, kept) in [(0, false), (1, true), (MAX_VALIDATOR, true), (MAX_VALIDATOR + 1, false)] {
            let value = HeaderValue::from_str(&"x".repeat(length)).unwrap();
            let headers = HeaderMap::from_iter([(ETAG, value.clone()), (LAST_MODIFIED, value)]);
            let found = validators(&headers);
            assert_eq!((found.etag.is_some(), found.last_modified.is_some()), (kept, kept), "{length}");
        }
    }

    proptest! {
        #![proptest_config(crate::model::testing::cases())]

        #[test]
        fn no_header_panics_and_no_wait_is_out_of_reach(
            bytes: Vec<u8>,
            words in "(max-age=|-)?[0-9]{0,25}|[A-Z][a-z]{2}, [0-9]{1,2} Nov [0-9]{1,5} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT",
        ) {
            let now = Timestamp::from_second(1_793_611_800).unwrap();
            for value in [&bytes, words.as_bytes()] {
                let Ok(value) = HeaderValue::from_bytes(value) else { continue };
                let names = [CACHE_CONTROL, CONTENT_TYPE, DATE, ETAG, EXPIRES, LAST_MODIFIED, LOCATION, RETRY_AFTER];
                let headers: HeaderMap = names.into_iter().map(|name| (name, value.clone())).collect();
                let found = freshness(503, &headers, now);
                prop_assert!(found.max_age.is_none_or(|age| age.as_secs() <= MAX_WAIT_S));
                prop_assert!(found.retry_after.is_none_or(|at| at > now && at <= now + seconds(MAX_WAIT_S)));
                prop_assert!(location(&headers).is_some_and(|text| text.is_ascii()));
                let _ = validators(&headers);
                let _ = content_type(&headers);
            }
        }
    }
}
