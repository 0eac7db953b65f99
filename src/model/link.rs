//! The canonical form of an article's address. It is only used for comparing; the published link is not changed.
//!
//! Two addresses with the same canonical form are the same page: `http` becomes `https`, `www.` is removed, escapes get a
//! uniform spelling, and parameters that only track the reader are removed. Unknown parameters and the hosts `m.` and `amp.`
//! are kept, because they can lead to other pages.

use super::LinkKey;
use url::Url;

/// Returns the canonical form of an http(s) address, or `None` for anything else.
#[must_use]
pub fn canonical(address: &str) -> Option<String> {
    let url = Url::parse(address.trim()).ok()?;
    if !matches!(url.scheme(), "http" | "https") {
        return None;
    }
    let host = bare_host(url.host_str()?);
    let mut out = format!("https://{host}");
    if let Some(port) = url.port().filter(|port| !matches!(port, 80 | 443)) {
        out.push(':');
        out.push_str(&port.to_string());
    }
    let path = without_session(url.path()).trim_end_matches('/');
    one_spelling(path, PATH_ESCAPED, &mut out);
    if path.is_empty() {
        out.push('/');
    }
    push_query(url.query().unwrap_or_default(), host, &mut out);
    if let Some(fragment) = url.fragment().filter(|f| names_a_page(f)) {
        out.push('#');
        one_spelling(fragment, PATH_ESCAPED, &mut out);
    }
    Some(out)
}

/// Returns the key of an http(s) address; `None` for anything else, and for a home page. Feeds without article pages give
/// their home page as the link of every entry, so it does not tell entries apart.
#[must_use]
pub fn link_key(address: &str) -> Option<LinkKey> {
    let text = canonical(address)?;
    let is_home =
        text.strip_prefix("https://").and_then(|t| t.split_once('/')).is_some_and(|(_, rest)| rest.is_empty());
    (!is_home).then(|| LinkKey::of(&text))
}

/// ASCII characters that stay escaped in a path or fragment: decoded, they would mean something else or be invalid.
const PATH_ESCAPED: &[u8] = b"\"#%/<>?[\\]^`{|}";
/// Same as [`PATH_ESCAPED`], for the names and values of a query.
const QUERY_ESCAPED: &[u8] = b"\"#%<>[\\]^`{|}&=+";

/// Returns the host without a trailing dot and without `www.`.
fn bare_host(host: &str) -> &str {
    let host = host.strip_suffix('.').unwrap_or(host);
    host.strip_prefix("www.").filter(|rest| rest.contains('.')).unwrap_or(host)
}

/// Appends `text` with normalised escapes (RFC 3986 6.2.2): `%d8` becomes `%D8`, `%41` becomes `A`.
fn one_spelling(text: &str, escaped: &[u8], out: &mut String) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let unescaped = (byte == b'%').then(|| hex_pair(bytes.get(at + 1..at + 3)?)).flatten();
        at += if unescaped.is_some() { 3 } else { 1 };
        match unescaped {
            Some(plain) if plain.is_ascii_graphic() && !escaped.contains(&plain) => out.push(char::from(plain)),
            Some(other) => push_escape(other, out),
            None if byte.is_ascii_graphic() && (byte == b'/' || byte == b'?' || !escaped.contains(&byte)) => {
                out.push(char::from(byte));
            }
            None => push_escape(byte, out),
        }
    }
}

fn hex_pair(pair: &[u8]) -> Option<u8> {
    let digit = |b: u8| char::from(b).to_digit(16).and_then(|d| u8::try_from(d).ok());
    Some(digit(*pair.first()?)? * 16 + digit(*pair.get(1)?)?)
}

fn push_escape(byte: u8, out: &mut String) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    out.push('%');
    out.push(char::from(HEX[usize::from(byte >> 4)]));
    out.push(char::from(HEX[usize::from(byte & 15)]));
}

/// Appends the parameters that can select the page, in their order.
fn push_query(query: &str, host: &str, out: &mut String) {
    let mut separator = '?';
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').map_or((pair, None), |(n, v)| (n, Some(v)));
        if is_tracking(name) || is_own_ref(name, value.unwrap_or_default(), host) {
            continue;
        }
        out.push(separator);
        separator = '&';
        // In a query, `+` is a space (URL Standard, application/x-www-form-urlencoded).
        one_spelling(&name.replace('+', "%20"), QUERY_ESCAPED, out);
        if let Some(value) = value {
            out.push('=');
            one_spelling(&value.replace('+', "%20"), QUERY_ESCAPED, out);
        }
    }
}

/// Returns a path without the session that Java servers add to it (`;jsessionid=…`).
#[must_use]
pub fn without_session(path: &str) -> &str {
    const SESSION: &str = ";jsessionid=";
    let is_session =
        |at: &usize| path.get(*at..at + SESSION.len()).is_some_and(|start| start.eq_ignore_ascii_case(SESSION));
    memchr::memchr_iter(b';', path.as_bytes()).find(is_session).map_or(path, |at| &path[..at])
}

/// Returns a query string without the parameters that only track the reader; `None` if it has none of them.
#[must_use]
pub fn without_tracking(query: &str) -> Option<String> {
    let parts: Vec<&str> = query.split('&').collect();
    let tracks = |part: &str| is_tracking(part.split('=').next().unwrap_or(part));
    let kept: Vec<&str> = parts.iter().copied().filter(|part| !tracks(part)).collect();
    (kept.len() < parts.len()).then(|| kept.join("&"))
}

/// Returns whether a fragment may make a script show another page: `#!…`, or one with `/` or `=`, but not one that only tracks
/// the reader (`#xtor=RSS-1`) or marks a passage (`#:~:text=…`).
fn names_a_page(fragment: &str) -> bool {
    let tracks = |f: &str| f.split('&').all(|pair| is_tracking(pair.split('=').next().unwrap_or(pair)));
    (fragment.starts_with('!') || fragment.contains(['/', '='])) && !fragment.starts_with(":~:") && !tracks(fragment)
}

/// Prefixes of the parameter names of analytics products.
const TRACKING_PREFIXES: &[&str] = &["utm_", "mtm_", "pk_", "matomo_", "ns_", "at_custom", "vero_", "hsa_", "oly_"];

/// Names of parameters that track the reader and never select the page, sorted.
const TRACKING: &[&str] = &[
    "__twitter_impression",
    "_ga",
    "_gl",
    "_hsenc",
    "_hsmi",
    "at_campaign",
    "at_medium",
    "cid_source",
    "cmpid",
    "dclid",
    "echobox",
    "fbclid",
    "gbraid",
    "gclid",
    "gclsrc",
    "icid",
    "igsh",
    "igshid",
    "ito",
    "mc_cid",
    "mc_eid",
    "mc_tc",
    "mkt_tok",
    "msclkid",
    "ocid",
    "ref_src",
    "ref_url",
    "s_cid",
    "spm",
    "srsltid",
    "ttclid",
    "twclid",
    "wbraid",
    "wt_mc",
    "xtor",
    "yclid",
    "ysclid",
];

/// Returns whether a parameter of this name tracks the reader.
#[must_use]
pub fn is_tracking(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    TRACKING.binary_search(&name.as_str()).is_ok() || TRACKING_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// Returns whether a parameter is `ref` with the outlet's own host (`ref=www.outlet.ma`). Any other `ref` may select the page.
fn is_own_ref(name: &str, value: &str, host: &str) -> bool {
    let value = value.to_ascii_lowercase();
    let value = bare_host(&value);
    let below =
        |long: &str, short: &str| long.strip_suffix(short).is_some_and(|head| head.is_empty() || head.ends_with('.'));
    name.eq_ignore_ascii_case("ref") && value.contains('.') && (below(value, host) || below(host, value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_page_has_one_form() {
        let same = [
            ("HTTP://WWW.Outlet.ma:80/a/./b/../c/", "https://outlet.ma/a/c"),
            ("https://outlet.ma/a#comments", "http://outlet.ma/a"),
            ("https://outlet.ma/%d8%b9", "https://outlet.ma/%D8%B9"),
            ("https://outlet.ma/ع", "https://outlet.ma/%D8%B9"),
            ("https://outlet.ma/%41%2Cb", "https://outlet.ma/A,b"),
            ("https://outlet.ma/a?utm_source=rss&id=7&fbclid=x", "https://outlet.ma/a?id=7"),
            ("https://outlet.ma/a?q=x+y", "https://outlet.ma/a?q=x%20y"),
            ("https://outlet.ma/a?", "https://outlet.ma/a"),
            ("https://outlet.ma/a#xtor=RSS-1", "https://outlet.ma/a"),
            ("https://outlet.ma/a?ref=www.outlet.ma", "https://outlet.ma/a"),
            ("https://outlet.ma/a?ref=rss.outlet.ma", "https://outlet.ma/a"),
            ("https://outlet.ma/a#:~:text=x", "https://outlet.ma/a"),
            ("https://outlet.ma./a", "https://outlet.ma/a"),
            ("https://outlet.ma/a;jsessionid=A1B2?id=7", "https://outlet.ma/a;JSESSIONID=C3?id=7"),
            ("https://outlet.ma/a;jsessionid=A1B2", "https://outlet.ma/a"),
            (" https://outlet.ma ", "http://www.outlet.ma/"),
        ];
        for (a, b) in same {
            assert_eq!(canonical(a), canonical(b), "{a} {b}");
        }
    }

    #[test]
    fn what_tracks_is_taken_out_of_a_query() {
        assert_eq!(without_tracking("utm_source=x&q=a+b&fbclid=y").as_deref(), Some("q=a+b"));
        assert_eq!(without_tracking("utm_source=x").as_deref(), Some(""));
        assert_eq!(without_tracking("q=utm_source"), None);
    }

    #[test]
    fn other_pages_keep_their_own_form() {
        let other = [
            ("https://outlet.ma/a", "https://m.outlet.ma/a"),
            ("https://outlet.ma/a", "https://amp.outlet.ma/a"),
            ("https://outlet.ma/a", "https://outlet.ma/A"),
            ("https://outlet.ma/a?id=1", "https://outlet.ma/a?id=2"),
            ("https://outlet.ma/a?ref=home", "https://outlet.ma/a"),
            ("https://outlet.ma/#!/a", "https://outlet.ma/#!/b"),
            ("https://outlet.ma/#/a/7", "https://outlet.ma/"),
            ("https://outlet.ma/a%2Fb", "https://outlet.ma/a/b"),
            ("https://outlet.ma/a?x=1%262", "https://outlet.ma/a?x=1&2"),
            ("https://outlet.ma:8080/a", "https://outlet.ma/a"),
            ("https://www.ma/a", "https://ma/a"),
        ];
        for (a, b) in other {
            assert_ne!(canonical(a), canonical(b), "{a} {b}");
        }
    }

    #[test]
    fn what_is_no_page_has_no_key() {
        for address in ["mailto:a@outlet.ma", "tag:outlet.ma,2026:1", "/a", "", "https://"] {
            assert_eq!(canonical(address), None, "{address}");
        }
        for home in ["https://outlet.ma", "http://www.outlet.ma/?utm_source=rss", "https://outlet.ma/#top"] {
            assert_eq!(link_key(home), None, "{home}");
        }
        assert!(link_key("https://outlet.ma/?p=7").is_some());
    }

    #[test]
    fn tracking_names_are_in_order() {
        assert!(TRACKING.is_sorted());
    }

    proptest! {
        #![proptest_config(crate::model::testing::cases())]

        #[test]
        fn a_canonical_form_is_its_own(text in r"https?://[a-z]{1,6}\.ma(/[a-zA-Z%0-9é=&+#!'|^ ع]{0,12}){0,3}(\?[^#]{0,20})?(#.{0,9})?") {
            let once = canonical(&text);
            prop_assert_eq!(once.as_deref().and_then(canonical), once);
        }
    }
}
