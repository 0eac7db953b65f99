//! Parsers of single values. Each turns a text into a checked value, or into a message that says what is wrong and what is
//! allowed.

use crate::{
    model::{
        DatabaseServer, FeedUrl, FeedUrlError, Language, Network, PublishedText, Slug, WrittenDuration, push::HubChoice,
    },
    schedule::Schedule,
};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use std::{net::SocketAddr, ops::RangeInclusive, time::Duration};
use url::Url;

/// Examples of durations. A fault shows those that the key allows.
const DURATIONS: [&str; 5] = ["500ms", "30s", "15m", "36h", "90d"];
/// Most characters of a value that a fault quotes.
const QUOTED_MAX: usize = 80;

/// Returns the value in quotes, shortened if it is long.
pub(super) fn quoted(text: &str) -> String {
    if text.chars().count() <= QUOTED_MAX {
        return format!("{text:?}");
    }
    let head: String = text.chars().take(QUOTED_MAX).collect();
    format!("{:?}", head + "…")
}

/// Parses a duration within bounds. The bounds also avoid surprises with humantime's `months` and `years` (30.44 and 365.25
/// days).
pub(super) fn duration(text: &str, allowed: RangeInclusive<Duration>) -> Result<Duration, String> {
    let (least, most) = (WrittenDuration(*allowed.start()), WrittenDuration(*allowed.end()));
    match humantime::parse_duration(text) {
        Ok(duration) if allowed.contains(&duration) => Ok(duration),
        Ok(_) => Err(format!("{} is out of bounds; allowed: {least} to {most}", quoted(text))),
        Err(_) => {
            let examples = DURATIONS.into_iter();
            let examples = examples
                .filter(|text| humantime::parse_duration(text).is_ok_and(|duration| allowed.contains(&duration)));
            let examples: Vec<_> = examples.map(quoted).collect();
            Err(format!(
                "{} is not a duration, which is a number with a unit; allowed: {least} to {most}, such as {}",
                quoted(text),
                examples.join(" or ")
            ))
        }
    }
}

/// Parses a size in bytes: a whole number and a unit, decimal (`kB` = 1,000 bytes) or binary (`KiB` = 1,024 bytes).
pub(super) fn size(text: &str, allowed: RangeInclusive<u64>) -> Result<u64, String> {
    let text = text.trim();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let factor = match unit.trim_start().to_ascii_lowercase().as_str() {
        "b" => Some(1),
        "kb" => Some(1_000),
        "mb" => Some(1_000_000),
        "gb" => Some(1_000_000_000),
        "kib" => Some(1 << 10),
        "mib" => Some(1 << 20),
        "gib" => Some(1 << 30),
        _ => None,
    };
    let bytes = number.parse::<u64>().ok().zip(factor).and_then(|(n, factor)| n.checked_mul(factor));
    bytes.filter(|bytes| allowed.contains(bytes)).ok_or_else(|| {
        let wrong = if factor.is_some() && digits > 0 { "is out of bounds" } else { "is not a size" };
        format!(
            "{} {wrong}; allowed: {} to {} bytes, as a whole number with B, kB, MB, GB, KiB, MiB or GiB, such as \"10MB\"",
            quoted(text),
            allowed.start(),
            allowed.end()
        )
    })
}

/// Parses an IP address and port to listen on.
pub(super) fn listen(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| {
        format!(
            "{} is not ADDRESS:PORT; allowed: an IP address and a port, such as \"127.0.0.1:8080\", \"0.0.0.0:8080\" or \"[::1]:8080\"",
            quoted(text)
        )
    })
}

/// Parses any address. The error completes a sentence that begins with the value, which it does not repeat.
pub(super) fn url(text: &str) -> Result<Url, String> {
    Url::parse(text).map_err(|why| match why {
        url::ParseError::RelativeUrlWithoutBase => "has no scheme".to_owned(),
        why => format!("is not an address ({why})"),
    })
}

/// Parses the address of a feed, perhaps a former one. The error repeats it only if it cannot contain a password or a key.
pub(super) fn feed_url(text: &str) -> Result<FeedUrl, String> {
    FeedUrl::parse(text).map_err(|why| wrong_url(text, &why))
}

/// Parses the address of a feed that is polled.
pub(super) fn polled_url(text: &str) -> Result<FeedUrl, String> {
    FeedUrl::parse_polled(text).map_err(|why| wrong_url(text, &why))
}

fn wrong_url(text: &str, why: &FeedUrlError) -> String {
    let is_plain = !text.contains(['@', '?']);
    match why {
        FeedUrlError::NoScheme if is_plain => {
            format!("{} has no scheme; allowed: {}", quoted(text), quoted(&format!("https://{text}")))
        }
        why if is_plain => format!("{}: {why}", quoted(text)),
        why => why.to_string(),
    }
}

/// Parses the base of all addresses of this server. The result ends with a slash, so that paths can be joined to it.
pub(super) fn public_url(text: &str) -> Result<Url, String> {
    let allowed = "allowed: http:// or https:// with a host and perhaps a path, such as \"https://news.example.org/\"";
    // A user may come with a password.
    let shown = if text.contains('@') { String::new() } else { quoted(text) + " " };
    let mut url = url(text).map_err(|why| format!("{shown}{why}; {allowed}"))?;
    let bare =
        url.username().is_empty() && url.password().is_none() && url.query().is_none() && url.fragment().is_none();
    if !matches!(url.scheme(), "http" | "https") || !bare {
        return Err(format!("{shown}has another scheme, a user, a query or a fragment; {allowed}"));
    }
    if !url.path().ends_with('/') {
        url.set_path(&format!("{}/", url.path()));
    }
    Ok(url)
}

/// Parses the hub that editions name.
pub(super) fn hub(text: &str) -> Result<HubChoice, String> {
    match text {
        "own" => Ok(HubChoice::Own),
        "none" => Ok(HubChoice::Nobody),
        address => FeedUrl::parse(address).map(HubChoice::Other).map_err(|why| {
            format!("{} is not a hub: {why}; allowed: \"own\", \"none\" or a hub's address", quoted(address))
        }),
    }
}

/// Parses a host name as it is in a `Host` header: without a port, in lower case (RFC 1123 2.1), and a name in another script
/// in its ASCII form, as browsers send it.
pub(super) fn host_name(text: &str) -> Result<String, String> {
    let wrong = || {
        format!(
            "{} is not a host name; allowed: a name without scheme, port or path, such as \"news.example.org\"",
            quoted(text)
        )
    };
    let is_bare = !text.is_empty() && !text.contains(|c: char| c.is_control() || " /:?#@[]\\%*".contains(c));
    let host = is_bare.then(|| url::Host::parse(text).ok()).flatten().ok_or_else(wrong)?;
    Ok(host.to_string().trim_end_matches('.').to_owned())
}

/// Parses an IP address or a range of addresses.
pub(super) fn network(text: &str) -> Result<Network, String> {
    Network::parse(text).map_err(|why| format!("{} is {why}", quoted(text)))
}

/// Parses the value of the User-Agent header (RFC 9110 10.1.5): visible ASCII and spaces.
pub(super) fn user_agent(text: &str) -> Result<String, String> {
    const MAX: usize = 256;
    let visible = text.bytes().all(|b| (0x20..0x7f).contains(&b));
    let text = text.trim();
    if visible && !text.is_empty() && text.len() <= MAX {
        return Ok(text.to_owned());
    }
    Err(format!(
        "{} is not a User-Agent; allowed: 1 to {MAX} ASCII characters, such as \"Mine/1.0 (+https://example.org/)\"",
        quoted(text)
    ))
}

/// Parses the path of a file; it is not made absolute.
pub(super) fn path(text: &str) -> Result<std::path::PathBuf, String> {
    if text.is_empty() || text.ends_with('/') || text.contains('\0') {
        return Err(format!("{} is not a file; allowed: a path, relative to the configuration file", quoted(text)));
    }
    Ok(text.into())
}

/// Parses the address of a database server. The error does not repeat it, because it may hold a password.
pub(super) fn database_server(text: &str) -> Result<DatabaseServer, String> {
    let allowed = |why| {
        format!("{why}; allowed: postgres://USER@HOST/DATABASE, or postgres:///DATABASE?host=/FOLDER for a socket")
    };
    DatabaseServer::parse(text).map_err(allowed)
}

/// Parses a slug.
pub(super) fn slug(text: &str) -> Result<Slug, String> {
    Slug::parse(text).map_err(|why| {
        format!("{} is not a slug; allowed: {}", quoted(text), why.to_string().trim_start_matches("a slug is "))
    })
}

/// Parses a language tag.
pub(super) fn language(text: &str) -> Result<Language, String> {
    let wrong =
        || format!("{} is not a language; allowed: a tag such as \"ar\", \"fr\" or \"fr-MA\" (BCP 47)", quoted(text));
    // No language has a code of more than three letters (RFC 5646 2.2.1), so "arabic" is a name and would match nothing.
    Language::parse(text).ok().filter(|language| language.primary().len() <= 3).ok_or_else(wrong)
}

/// Parses a primary language subtag.
pub(super) fn primary_language(text: &str) -> Result<Language, String> {
    let wrong =
        || format!("{} is not a primary language; allowed: a subtag such as \"ar\", \"fr\" or \"en\"", quoted(text));
    language(text).ok().filter(|language| language.primary() == language.as_str()).ok_or_else(wrong)
}

/// Parses a text for people, on one line. U+0080 to U+009F are allowed, because names that were once decoded with the wrong
/// encoding contain them.
pub(super) fn label(text: &str, max: usize) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > max || text.contains(|c: char| c.is_ascii_control()) {
        return Err(format!(
            "{} is empty, too long or contains control characters; allowed: 1 to {max} characters on one line",
            quoted(text)
        ));
    }
    Ok(text.to_owned())
}

/// Parses the IANA name of a time zone.
pub(super) fn time_zone(name: &str) -> Result<TimeZone, String> {
    super::zone::zone(name).map_err(|_| {
        let zones = TimeZoneDatabase::bundled();
        let known: Vec<_> = zones.available().collect();
        let near = super::fault::did_you_mean(name, known.iter().map(jiff::tz::TimeZoneName::as_str));
        format!(
            "{} is not a time zone{near}; allowed: an IANA name such as \"Africa/Casablanca\" or \"UTC\"",
            quoted(name)
        )
    })
}

/// Parses a schedule.
pub(super) fn schedule(text: &str) -> Result<Schedule, String> {
    Schedule::parse(text).map_err(|why| why.to_string())
}

/// Parses which text of an entry is published: the feed's, or the page's where there is one.
pub(super) fn published_text(text: &str) -> Result<PublishedText, String> {
    match text.trim() {
        "feed" => Ok(PublishedText::Feed),
        "page" => Ok(PublishedText::Page),
        _ => Err(format!("{} is not a valid choice; allowed: \"feed\" or \"page\"", quoted(text))),
    }
}
