//! The host names this server responds to. This protects against DNS rebinding: a page of a foreign site whose name was
//! pointed at this machine sends that name as its host, and is refused.

use super::edition_table::security;
use super::payload::Payload;
use axum::http::header::{CONTENT_TYPE, HOST};
use axum::http::{HeaderValue, Request, Response, StatusCode, Version};
use std::collections::BTreeSet;
use std::net::{Ipv4Addr, Ipv6Addr};
use url::Url;

/// Loopback names of this machine (RFC 6761 6.3, and those that Debian's hosts file adds).
const LOOPBACK: [&str; 4] = ["localhost", "localhost.localdomain", "ip6-localhost", "ip6-loopback"];

/// Host names whose requests are served. Requests to an IP address always are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hosts {
    names: BTreeSet<String>,
    /// Whether names under `.localhost` are served too.
    loopback: bool,
}

impl Hosts {
    /// Allows the configured names and the host of `public_url`, which subscribers use. Without configured names, allows the
    /// loopback names and the host of `public_url`.
    #[must_use]
    pub fn new(configured: &[String], public_url: &Url) -> Self {
        let mut names: BTreeSet<String> = configured.iter().cloned().collect();
        let loopback = configured.is_empty();
        if loopback {
            names.extend(LOOPBACK.map(str::to_owned));
        }
        names.extend(public_url.host_str().map(|host| host.trim_end_matches('.').to_owned()));
        Self { names, loopback }
    }

    /// Returns whether requests for this name are served.
    #[must_use]
    pub fn answers(&self, name: &str) -> bool {
        let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
        self.names.contains(&name) || (self.loopback && name.ends_with(".localhost"))
    }
}

/// Why a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The `Host` header is missing, repeated or invalid (RFC 9112 3.2).
    Malformed,
    /// The name is not one of this server's (RFC 9110 15.5.20).
    Unknown,
}

/// Checks a request's host: the `Host` header, the authority of the target (HTTP/2, or an absolute target), or both. Returns
/// `None` if the request may be served.
pub(super) fn refusal<B>(request: &Request<B>, answers: impl Fn(&str) -> bool) -> Option<Refusal> {
    let mut fields = request.headers().get_all(HOST).iter();
    let field = fields.next();
    let is_two = fields.next().is_some();
    let target = request.uri().authority().map(axum::http::uri::Authority::as_str);
    let needs_field = request.version() == Version::HTTP_11;
    let needs_any = request.version() > Version::HTTP_10;
    if is_two || (needs_field && field.is_none()) || (needs_any && field.is_none() && target.is_none()) {
        return Some(Refusal::Malformed);
    }
    let field = match field.map(HeaderValue::to_str) {
        Some(Err(_)) => return Some(Refusal::Malformed),
        Some(Ok(text)) => Some(text),
        None => None,
    };
    [target, field].into_iter().flatten().find_map(|authority| match name(authority) {
        Name::Address => None,
        Name::Named(name) => (!answers(name)).then_some(Refusal::Unknown),
        Name::Invalid => Some(Refusal::Malformed),
    })
}

/// The host of an authority.
enum Name<'a> {
    /// An IP address, which DNS rebinding cannot affect.
    Address,
    Named(&'a str),
    /// Not a valid host with an optional port (RFC 9110 7.2).
    Invalid,
}

fn name(authority: &str) -> Name<'_> {
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port),
        _ => (authority, ""),
    };
    if port.len() > 5 || !port.bytes().all(|b| b.is_ascii_digit()) {
        return Name::Invalid;
    }
    if let Some(literal) = host.strip_prefix('[') {
        let is_address = literal.strip_suffix(']').is_some_and(|ip| ip.parse::<Ipv6Addr>().is_ok());
        return if is_address { Name::Address } else { Name::Invalid };
    }
    if host.parse::<Ipv4Addr>().is_ok() {
        return Name::Address;
    }
    let is_name = !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b));
    if is_name { Name::Named(host) } else { Name::Invalid }
}

/// Builds the response to a refused request. It repeats nothing of the request.
pub(super) fn answer(refusal: Refusal) -> Response<Payload> {
    let (status, text) = match refusal {
        Refusal::Malformed => {
            (StatusCode::BAD_REQUEST, "A request must have exactly one valid Host header (RFC 9112, section 3.2).\n")
        }
        Refusal::Unknown => (
            StatusCode::MISDIRECTED_REQUEST,
            "This server does not serve this host name. Its operator can add it to [server] hosts.\n",
        ),
    };
    let mut response = Response::new(Payload::text(text));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response.headers_mut().extend(security("default-src 'none'"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(version: Version, uri: &str, hosts: &[&str]) -> Request<()> {
        let mut request = Request::builder().version(version).uri(uri);
        for host in hosts {
            request = request.header(HOST, *host);
        }
        request.body(()).unwrap()
    }

    #[test]
    fn a_request_names_one_host_that_is_ours() {
        let hosts = Hosts::new(&[], &"https://news.example.org/x/".parse().unwrap());
        let refused = |version, uri, given: &[&str]| refusal(&request(version, uri, given), |name| hosts.answers(name));
        let (old, http, http2) = (Version::HTTP_10, Version::HTTP_11, Version::HTTP_2);
        for given in [
            "news.example.org",
            "NEWS.example.org.:443",
            "localhost:8080",
            "a.localhost",
            "127.0.0.1:1",
            "10.1.2.3",
            "[::1]:8080",
            "[fd00::1]",
        ] {
            assert_eq!(refused(http, "/", &[given]), None, "{given}");
        }
        for given in
            ["evil.example", "news.example.org.evil.example", "localhost.evil.example:8080", "127.0.0.1.nip.io"]
        {
            assert_eq!(refused(http, "/", &[given]), Some(Refusal::Unknown), "{given}");
        }
        for given in
            ["", "a b", "localhost:x", "me@localhost", "localhost/", "[::1", "localhost, localhost", "[a]", ":80"]
        {
            assert_eq!(refused(http, "/", &[given]), Some(Refusal::Malformed), "{given}");
        }
        assert_eq!(refused(http, "/", &[]), Some(Refusal::Malformed));
        assert_eq!(refused(http, "/", &["localhost", "localhost"]), Some(Refusal::Malformed));
        assert_eq!(refused(old, "/", &[]), None);
        assert_eq!(refused(old, "/", &["a.example", "b.example"]), Some(Refusal::Malformed));
        assert_eq!(refused(http2, "http://localhost:8080/", &[]), None);
        assert_eq!(refused(http2, "http://evil.example/", &[]), Some(Refusal::Unknown));
        assert_eq!(refused(http, "http://evil.example/", &["localhost"]), Some(Refusal::Unknown));
        assert_eq!(refused(http, "http://localhost/", &["evil.example"]), Some(Refusal::Unknown));
    }

    #[test]
    fn configured_names_take_the_place_of_loopback_names() {
        let hosts = Hosts::new(&["warraq.lan".to_owned()], &"http://news.example.org/".parse().unwrap());
        assert!(hosts.answers("Warraq.LAN") && hosts.answers("news.example.org"));
        assert!(!hosts.answers("localhost") && !hosts.answers("a.localhost"));
    }
}
