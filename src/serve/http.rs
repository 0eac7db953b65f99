//! Content negotiation and preconditions: pure functions that decide which bytes a client gets.

use crate::publish::Coding;
use axum::http::HeaderMap;
use axum::http::header::{ACCEPT_ENCODING, IF_MODIFIED_SINCE, IF_NONE_MATCH};
use jiff::fmt::strtime::{self, BrokenDownTime};
use jiff::{Timestamp, tz::TimeZone};

/// Returns the content coding to send (RFC 9110 12.5.3): the one with the client's highest weight. Between equal weights,
/// brotli is preferred to gzip, and gzip to the plain bytes, because they are smaller.
///
/// Without the header the plain bytes are sent; likewise when a client refuses every coding, as the RFC advises.
pub(super) fn coding(headers: &HeaderMap) -> Coding {
    let (mut brotli, mut gzip, mut identity, mut any) = (None, None, None, None);
    for value in headers.get_all(ACCEPT_ENCODING) {
        for part in value.to_str().unwrap_or_default().split(',') {
            let mut pieces = part.split(';');
            let name = pieces.next().unwrap_or_default().trim();
            let slot = match name {
                n if n.eq_ignore_ascii_case("br") => &mut brotli,
                n if n.eq_ignore_ascii_case("gzip") || n.eq_ignore_ascii_case("x-gzip") => &mut gzip,
                n if n.eq_ignore_ascii_case("identity") => &mut identity,
                "*" => &mut any,
                _ => continue,
            };
            *slot = Some(pieces.find_map(weight).unwrap_or(1000));
        }
    }
    let weigh = |named: Option<u16>| named.or(any).unwrap_or(0);
    let mut best = (Coding::Identity, identity.unwrap_or(0));
    for (coding, weight) in [(Coding::Gzip, weigh(gzip)), (Coding::Brotli, weigh(brotli))] {
        if weight > 0 && weight >= best.1 {
            best = (coding, weight);
        }
    }
    best.0
}

/// Parses a weight such as `q=0.5` into thousandths (RFC 9110 12.4.2); `None` if the parameter is not a valid weight.
pub(super) fn weight(parameter: &str) -> Option<u16> {
    let (name, value) = parameter.split_once('=')?;
    if !name.trim().eq_ignore_ascii_case("q") {
        return None;
    }
    let (whole, fraction) = value.trim().split_once('.').unwrap_or((value.trim(), ""));
    let digits = fraction.bytes().chain(std::iter::repeat(b'0')).take(3);
    let thousandths = digits.fold(0, |sum, d| sum * 10 + u16::from(d.saturating_sub(b'0').min(9)));
    match whole {
        "0" => Some(thousandths),
        "1" => Some(1000),
        _ => Some(0),
    }
}

/// Returns whether the client's copy is current (RFC 9110 13.2.2). If `If-None-Match` is present, it alone decides.
pub(super) fn is_current(headers: &HeaderMap, etag: &str, last_modified: Timestamp) -> bool {
    if headers.contains_key(IF_NONE_MATCH) {
        return headers.get_all(IF_NONE_MATCH).iter().any(|list| lists_tag(list.as_bytes(), etag.as_bytes()));
    }
    headers
        .get(IF_MODIFIED_SINCE)
        .and_then(|date| parse_date(date.to_str().ok()?))
        .is_some_and(|since| last_modified.as_second() <= since.as_second())
}

/// Returns whether a list of entity tags contains `etag`, by weak comparison (RFC 9110 8.8.3.2). A tag may contain commas.
fn lists_tag(list: &[u8], etag: &[u8]) -> bool {
    if list.trim_ascii() == b"*" {
        return true;
    }
    let mut rest = list;
    while let Some(open) = rest.iter().position(|&b| b == b'"') {
        let Some(length) = rest[open + 1..].iter().position(|&b| b == b'"') else { return false };
        let end = open + length + 2;
        if &rest[open..end] == etag {
            return true;
        }
        rest = &rest[end..];
    }
    false
}

/// Formats an HTTP date in the preferred form (RFC 9110 5.6.7).
pub(super) fn format_date(at: Timestamp) -> String {
    strtime::format("%a, %d %b %Y %H:%M:%S GMT", at).unwrap_or_default()
}

/// Parses an HTTP date in any of the three formats that a recipient must accept (RFC 9110 5.6.7).
fn parse_date(text: &str) -> Option<Timestamp> {
    ["%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"].iter().find_map(|form| {
        let parsed = BrokenDownTime::parse(form, text).ok()?;
        TimeZone::UTC.to_timestamp(parsed.to_datetime().ok()?).ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(k, v)| (k.parse().unwrap(), HeaderValue::from_str(v).unwrap())).collect()
    }

    #[test]
    fn the_client_s_weights_choose_the_coding() {
        for (accept, expected) in [
            ("", Coding::Identity),
            ("gzip", Coding::Gzip),
            ("x-gzip", Coding::Gzip),
            ("gzip, deflate, br, zstd", Coding::Brotli),
            ("GZIP;Q=1.0, br;q=0.5", Coding::Gzip),
            ("br;q=0, gzip;q=0", Coding::Identity),
            ("br;q=0.001", Coding::Brotli),
            ("identity, gzip;q=0.5", Coding::Identity),
            ("identity;q=0.5, gzip;q=0.5", Coding::Gzip),
            ("*", Coding::Brotli),
            ("*;q=0", Coding::Identity),
            ("*;q=0, gzip", Coding::Gzip),
            ("br ; q = 0.2 , gzip ; q=0.9", Coding::Gzip),
            ("deflate", Coding::Identity),
            ("gzip;q=5", Coding::Identity),
            ("gzip;q=0.0009", Coding::Identity),
        ] {
            assert_eq!(coding(&headers(&[("accept-encoding", accept)])), expected, "{accept}");
        }
        assert_eq!(coding(&HeaderMap::new()), Coding::Identity);
    }

    #[test]
    fn a_listed_tag_is_current_and_decides_alone() {
        let at: Timestamp = "2026-11-02T09:30:00Z".parse().unwrap();
        let tag = "\"abc\"";
        for (list, current) in [
            ("\"abc\"", true),
            ("W/\"abc\"", true),
            ("\"x\", \"a,b\" ,W/\"abc\"", true),
            (" * ", true),
            ("\"abcd\"", false),
            ("abc", false),
            ("\"abc", false),
            ("\"x*\"", false),
        ] {
            assert_eq!(is_current(&headers(&[("if-none-match", list)]), tag, at), current, "{list}");
            let both = [("if-none-match", list), ("if-modified-since", "Mon, 02 Nov 2026 09:30:00 GMT")];
            assert_eq!(is_current(&headers(&both), tag, at), current, "the date is not looked at: {list}");
        }
    }

    #[test]
    fn dates_are_read_in_three_forms() {
        let at: Timestamp = "2026-11-02T09:30:00Z".parse().unwrap();
        assert_eq!(format_date(at), "Mon, 02 Nov 2026 09:30:00 GMT");
        for (date, current) in [
            ("Mon, 02 Nov 2026 09:30:00 GMT", true),
            ("Monday, 02-Nov-26 09:30:00 GMT", true),
            ("Mon Nov  2 09:30:00 2026", true),
            ("Mon, 02 Nov 2026 09:29:59 GMT", false),
            ("Tue, 03 Nov 2026 00:00:00 GMT", true),
            ("yesterday", false),
            ("", false),
        ] {
            assert_eq!(is_current(&headers(&[("if-modified-since", date)]), "\"x\"", at), current, "{date}");
        }
    }
}
