//! Values in the form that strict feed readers accept: dates, languages, media types and e-mail addresses. A value they would
//! reject is not published, but stays in the database.

use crate::model::script::is_iso_639_1;
use jiff::{Timestamp, fmt::strtime};

/// Earliest date that is published (1990-01-01): no feed is older, and readers call earlier dates implausible.
const EARLIEST: i64 = 631_152_000;

/// Formats a time as in RFC 3339, in whole seconds.
pub(super) fn rfc3339(at: Timestamp) -> String {
    format(at, "%Y-%m-%dT%H:%M:%SZ")
}

/// Formats a time as in RFC 822 with the four-digit year of RFC 2822, as the RSS profile asks.
pub(super) fn rfc822(at: Timestamp) -> String {
    format(at, "%a, %d %b %Y %H:%M:%S GMT")
}

/// Formats a time as in RFC 3339, with `salt` as microseconds. Validators warn about entries updated at the same instant, and
/// one poll brings many such entries. The entry's number as the salt makes them distinct, and stays the same in every edition.
pub(super) fn rfc3339_distinct(at: Timestamp, salt: i64) -> String {
    format!("{}.{:06}Z", format(at, "%Y-%m-%dT%H:%M:%S"), salt.rem_euclid(1_000_000))
}

/// Returns the date if it is plausible, that is, not before [`EARLIEST`].
pub(super) fn plausible_date(at: Timestamp) -> Option<Timestamp> {
    (at.as_second() >= EARLIEST).then_some(at)
}

fn format(at: Timestamp, how: &str) -> String {
    // Both formats are constants in this file and valid for every timestamp.
    strtime::format(how, at).unwrap_or_default()
}

/// Returns the tag if its primary subtag is one that readers know: all of ISO 639-1, and those codes of ISO 639-2 in whose
/// languages newspapers are written.
pub(super) fn language(tag: Option<&str>) -> Option<&str> {
    let tag = tag?;
    let primary = primary(tag);
    let plain = tag.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    let known = match primary.len() {
        2 => is_iso_639_1(primary),
        3 => ISO_639_2.split(' ').any(|code| code.eq_ignore_ascii_case(primary)),
        _ => false,
    };
    (plain && known).then_some(tag)
}

/// Returns the primary subtag: `fr` of `fr-MA`.
pub(super) fn primary(tag: &str) -> &str {
    tag.split(['-', '_']).next().unwrap_or(tag)
}

const ISO_639_2: &str =
    "ara arc ber eng fas fra fre fil ger deu hau haw heb kab kur mul por pus spa swa syr tur und urd";

/// Returns a media type without its parameters, or `None` if it is not valid (RFC 6838 4.2).
pub(super) fn media_type(stated: Option<&str>) -> Option<&str> {
    let bare = stated?.split(';').next()?.trim();
    let token = |part: &str| {
        (1..=127).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b))
    };
    let (major, minor) = bare.split_once('/')?;
    (token(major) && token(minor)).then_some(bare)
}

/// Returns the stated media type, else one guessed from the address's extension, else the one for arbitrary bytes. RSS and
/// JSON Feed require a media type.
pub(super) fn media_type_or_guess<'a>(stated: Option<&'a str>, url: &str) -> &'a str {
    media_type(stated).unwrap_or_else(|| {
        let path = url.split(['?', '#']).next().unwrap_or(url);
        let extension = path.rsplit_once('.').map_or("", |(_, e)| e);
        match extension.to_ascii_lowercase().as_str() {
            "mp3" => "audio/mpeg",
            "m4a" => "audio/mp4",
            "ogg" | "oga" => "audio/ogg",
            "mp4" | "m4v" => "video/mp4",
            "webm" => "video/webm",
            "jpg" | "jpeg" => "image/jpeg",
            "png" => "image/png",
            "webp" => "image/webp",
            "gif" => "image/gif",
            "pdf" => "application/pdf",
            _ => "application/octet-stream",
        }
    })
}

/// Returns the e-mail address if it has a plain local part and a domain with a dot.
pub(super) fn email(stated: Option<&str>) -> Option<&str> {
    let stated = stated?;
    let (local, domain) = stated.split_once('@')?;
    let local_fits = !local.is_empty() && local.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-+.'".contains(&b));
    (local_fits && is_dotted(domain)).then_some(stated)
}

/// Returns whether RSS readers accept `url` as the address of an enclosure: http(s), and a host with a dot.
pub(super) fn is_enclosure_url(url: &str) -> bool {
    let Some((_, rest)) = url.split_once("://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    let (host, port) = authority.split_once(':').unwrap_or((authority, "0"));
    let slash = rest.len() == authority.len() || rest[authority.len()..].starts_with('/');
    crate::model::uri::is_http(url)
        && is_dotted(host)
        && slash
        && !port.is_empty()
        && port.bytes().all(|b| b.is_ascii_digit())
        && !url.contains(['[', ']'])
}

fn is_dotted(host: &str) -> bool {
    host.contains('.')
        && host
            .split('.')
            .all(|label| !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'))
        && !host.rsplit('.').next().is_some_and(|last| last.starts_with('-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_written_as_each_format_wants_them() {
        let at: Timestamp = "2026-11-02T09:30:00.75Z".parse().unwrap();
        assert_eq!(rfc3339(at), "2026-11-02T09:30:00Z");
        assert_eq!(rfc822(at), "Mon, 02 Nov 2026 09:30:00 GMT");
        assert_eq!(rfc3339_distinct(at, 12_000_345), "2026-11-02T09:30:00.000345Z");
        assert_eq!(plausible_date("1989-12-31T23:59:59Z".parse().unwrap()), None);
    }

    #[test]
    fn what_readers_refuse_is_left_out() {
        assert_eq!(language(Some("ar-MA")), Some("ar-MA"));
        assert_eq!(language(Some("ary")), None);
        assert_eq!(language(Some("en\"x")), None);
        assert_eq!(media_type(Some("audio/mpeg; charset=x")), Some("audio/mpeg"));
        assert_eq!(media_type(Some("mp3")), None);
        assert_eq!(media_type_or_guess(None, "https://a.example/x.MP3?y=.png"), "audio/mpeg");
        assert_eq!(email(Some("a.b@c.example")), Some("a.b@c.example"));
        assert_eq!(email(Some("a b@c.example")), None);
        assert!(is_enclosure_url("http://127.0.0.1:81/a.mp3") && is_enclosure_url("https://a.example"));
        for no in
            ["http://localhost/a", "https://a_b.example/", "ftp://a.example/", "https://a.example?x", "http://[::1]/"]
        {
            assert!(!is_enclosure_url(no), "{no}");
        }
    }
}
