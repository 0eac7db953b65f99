//! What changes in addresses although they lead to the same thing: signatures, sessions, parameters that track the reader, and the
//! case of escapes.

use super::bare;
use crate::model::link;
use std::borrow::Cow;

/// Endings of the addresses of files. Their queries are signatures or versions.
const FILES: [&str; 27] = [
    "jpg", "jpeg", "png", "gif", "webp", "avif", "svg", "mp3", "m4a", "m4b", "aac", "ogg", "oga", "opus", "wav",
    "flac", "mp4", "m4v", "mov", "webm", "ogv", "m3u8", "mpd", "pdf", "epub", "zip", "torrent",
];

/// Names of parameters that hold a signature, a session or a time, sorted.
const PASSING: [&str; 27] = [
    "_",
    "_t",
    "_token",
    "access_token",
    "auth_token",
    "cachebuster",
    "cb",
    "exp",
    "expires",
    "expiry",
    "hdnea",
    "hdnts",
    "hmac",
    "jsessionid",
    "key-pair-id",
    "nonce",
    "phpsessid",
    "policy",
    "rand",
    "rnd",
    "sessionid",
    "sig",
    "sign",
    "signature",
    "timestamp",
    "token",
    "ts",
];

/// The address of Cloudflare's page about hidden addresses of e-mail, whose fragment is the encrypted address.
const HIDDEN_EMAIL: &str = "/cdn-cgi/l/email-protection";

/// Returns an address without query, fragment and session, with its escapes in one case.
pub(crate) fn steady_address(address: &str) -> Cow<'_, str> {
    one_case(link::without_session(bare(address)))
}

/// Further names that begin a signature in a segment of a path (Akamai, Bunny, lighttpd).
const SIGNATURES: [&str; 3] = ["bcdn_token", "hdntl", "st"];

/// Returns the address of a picture or another file as it is compared: like [`steady_address`], without the number of one of several
/// hosts that serve the same files (`i0.wp.com`), and without segments of the path that are signatures (`/token=a1b2/`). Any other
/// segment may tell two files of one name apart, even one that looks random.
pub(crate) fn steady_file(address: &str) -> Cow<'_, str> {
    let steady = steady_address(address);
    let Some((scheme, rest)) = steady.split_once("://") else { return steady };
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let (label, domain) = host.split_at(host.find('.').unwrap_or(host.len()));
    let name = label.trim_end_matches(|c: char| c.is_ascii_digit());
    let is_numbered =
        (1..=2).contains(&(label.len() - name.len())) && name.ends_with(|c: char| c.is_ascii_alphabetic());
    let label = if is_numbered && domain.matches('.').count() >= 2 { name } else { label };
    let is_signature = |segment: &&str| {
        segment.split_once('=').is_some_and(|(name, _)| {
            let name = name.to_ascii_lowercase();
            PASSING.binary_search(&name.as_str()).is_ok() || SIGNATURES.contains(&name.as_str())
        })
    };
    if label.len() + domain.len() == host.len() && !path.split('/').any(|segment| is_signature(&segment)) {
        return steady;
    }
    let kept: Vec<&str> = path.split('/').filter(|segment| !is_signature(segment)).collect();
    Cow::Owned(format!("{scheme}://{label}{domain}{}", kept.join("/")))
}

/// Returns the address of a link without what passes: all of the query if it leads to a file, else only parameters that track the
/// reader or sign the link, because any other selects the page.
pub(super) fn steady_link(address: &str) -> Cow<'_, str> {
    let path = bare(address);
    let rest = &address[path.len()..];
    if rest.is_empty() || is_file(path) || path.ends_with(HIDDEN_EMAIL) {
        return steady_address(path);
    }
    let (query, fragment) = rest.split_once('#').map_or((rest, None), |(query, fragment)| (query, Some(fragment)));
    let parts = || query.trim_start_matches('?').split('&').map(|part| part.strip_prefix("amp;").unwrap_or(part));
    let passes = |part: &str| {
        let name = part.split('=').next().unwrap_or(part).to_ascii_lowercase();
        link::is_tracking(&name)
            || PASSING.binary_search(&name.as_str()).is_ok()
            || name.starts_with("x-amz-")
            || name.starts_with("x-goog-")
    };
    let fragment = fragment.filter(|fragment| !fragment.starts_with(":~:") && !fragment.split('&').all(passes));
    if !parts().any(passes) && fragment.is_some() == rest.contains('#') && path == link::without_session(path) {
        return one_case(address);
    }
    let kept: Vec<&str> = parts().filter(|part| !part.is_empty() && !passes(part)).collect();
    let mut steady = link::without_session(path).to_owned();
    for (mark, part) in std::iter::once("?").chain(std::iter::repeat("&amp;")).zip(kept) {
        steady.push_str(mark);
        steady.push_str(part);
    }
    if let Some(fragment) = fragment {
        steady.push('#');
        steady.push_str(fragment);
    }
    Cow::Owned(one_case(&steady).into_owned())
}

fn is_file(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    ending.len() <= 7 && FILES.contains(&ending.to_ascii_lowercase().as_str())
}

/// Writes escapes in capitals (RFC 3986 6.2.2.1).
fn one_case(address: &str) -> Cow<'_, str> {
    let is_lower =
        |escape: &[u8]| escape[1..].iter().all(u8::is_ascii_hexdigit) && escape[1..].iter().any(u8::is_ascii_lowercase);
    let lower = |at: usize| address.as_bytes().get(at..at + 3).is_some_and(is_lower);
    let Some(first) = memchr::memchr_iter(b'%', address.as_bytes()).find(|at| lower(*at)) else {
        return Cow::Borrowed(address);
    };
    let mut out = String::with_capacity(address.len());
    out.push_str(&address[..first]);
    let mut capital = 0;
    for (at, c) in address.char_indices().skip_while(|(at, _)| *at < first) {
        if c == '%' && lower(at) {
            capital = 3;
        }
        out.push(if capital > 0 { c.to_ascii_uppercase() } else { c });
        capital = usize::saturating_sub(capital, 1);
    }
    Cow::Owned(out)
}
