//! Whether other servers can reach an address of this server.

use crate::model::Network;
use std::net::IpAddr;
use url::{Host, Url};

/// Top-level names that are not in the public DNS (RFC 6761, 6762, 8375, 9476).
const PRIVATE_NAMES: [&str; 9] =
    ["localhost", "local", "localdomain", "internal", "invalid", "test", "example", "onion", "alt"];

/// Returns whether another server can probably reach `public_url`: its host is a name of the public DNS, a public address, or in
/// a network that the operator allowed for polls.
#[must_use]
pub fn can_be_reached(public_url: &Url, opened: &[Network], is_public: impl Fn(IpAddr) -> bool) -> bool {
    let open = |ip: IpAddr| is_public(ip) || opened.iter().any(|network| network.contains(ip));
    match public_url.host() {
        Some(Host::Ipv4(ip)) => open(ip.into()),
        Some(Host::Ipv6(ip)) => open(ip.into()),
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            let last = name.rsplit('.').next().unwrap_or_default();
            name.contains('.') && !PRIVATE_NAMES.contains(&last) && !name.ends_with(".home.arpa")
        }
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_addresses_are_reached_by_nobody() {
        let opened = [Network::parse("127.0.0.0/8").unwrap()];
        let is_public = |ip: IpAddr| ip == IpAddr::from([8, 8, 8, 8]);
        for (url, reached) in [
            ("https://news.example.org/", true),
            ("http://8.8.8.8/", true),
            ("http://127.0.0.1:8080/", true),
            ("http://10.0.0.1/", false),
            ("http://[::1]/", false),
            ("http://localhost/", false),
            ("http://news/", false),
            ("http://news.local/", false),
            ("http://news.invalid./", false),
            ("http://news.home.arpa/", false),
        ] {
            assert_eq!(can_be_reached(&Url::parse(url).unwrap(), &opened, is_public), reached, "{url}");
        }
    }
}
