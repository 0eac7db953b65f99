//! Decides which addresses may be contacted: public ones and those that the operator allowed. Otherwise a feed or redirect that
//! names an internal address would make Warraq read it on behalf of a stranger (server-side request forgery).
//!
//! Both checks are needed: the client resolves names through [`AddressGuard`], but does not use a resolver for address literals.

use super::look_up::look_up;
use crate::model::{FeedUrl, Network};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::{
    fmt,
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};
use url::Host;

/// Networks without public hosts (IANA's special-purpose registries, RFC 6890, as of 2026).
const INSIDE: [Network; 19] = [
    Network::v4([0, 0, 0, 0], 8),        // this network (RFC 791)
    Network::v4([10, 0, 0, 0], 8),       // private (RFC 1918)
    Network::v4([100, 64, 0, 0], 10),    // carrier-grade NAT (RFC 6598)
    Network::v4([127, 0, 0, 0], 8),      // loopback
    Network::v4([169, 254, 0, 0], 16),   // link-local, and the clouds' metadata (RFC 3927)
    Network::v4([172, 16, 0, 0], 12),    // private
    Network::v4([192, 0, 0, 0], 24),     // protocol assignments
    Network::v4([192, 0, 2, 0], 24),     // documentation (RFC 5737)
    Network::v4([192, 88, 99, 0], 24),   // 6to4 relays, withdrawn (RFC 7526)
    Network::v4([192, 168, 0, 0], 16),   // private
    Network::v4([198, 18, 0, 0], 15),    // benchmarks (RFC 2544)
    Network::v4([198, 51, 100, 0], 24),  // documentation
    Network::v4([203, 0, 113, 0], 24),   // documentation
    Network::v4([224, 0, 0, 0], 4),      // multicast
    Network::v4([240, 0, 0, 0], 4),      // reserved, and broadcast
    Network::v6([0x2001, 0, 0], 23),     // protocol assignments: Teredo, ORCHID, benchmarks
    Network::v6([0x2001, 0xdb8, 0], 32), // documentation (RFC 3849)
    Network::v6([0x2002, 0, 0], 16),     // 6to4, which embeds IPv4 addresses (RFC 3056)
    Network::v6([0x3fff, 0, 0], 20),     // documentation (RFC 9637)
];
/// All IPv6 addresses assigned to public hosts (RFC 4291 2.4). The rest is loopback, link-local, unique local, multicast or
/// unused.
const GLOBAL_V6: Network = Network::v6([0x2000, 0, 0], 3);
/// IPv4 addresses behind the translator of an IPv6-only host (RFC 6052): public if the embedded IPv4 address is.
const NAT64: Network = Network::v6([0x64, 0xff9b, 0], 96);

/// Decides which addresses may be contacted. It is also the client's resolver.
#[derive(Debug, Clone)]
pub(super) struct AddressGuard {
    opened: Arc<[Network]>,
    /// Host names of the configured proxies. The operator chose them, so they may have any address. No feed is requested by these
    /// names.
    proxies: Arc<[String]>,
}

/// The error of the resolver when a name has only internal addresses.
#[derive(Debug)]
pub(super) struct RefusedAddress;

impl fmt::Display for RefusedAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name resolves only to addresses that may not be polled")
    }
}

impl std::error::Error for RefusedAddress {}

impl AddressGuard {
    /// Allows public addresses and those in `opened`.
    pub(super) fn new(opened: &[Network]) -> Self {
        Self { opened: opened.into(), proxies: Arc::default() }
    }

    /// Resolves the names of proxies without checking their addresses.
    pub(super) fn exempting(self, proxies: Vec<String>) -> Self {
        Self { proxies: proxies.into(), ..self }
    }

    /// Returns whether a host written as an address, in any form (2130706433, 0x7f.1, [::ffff:7f00:1]), may be contacted. Names
    /// are checked when they are resolved.
    pub(super) fn admits(&self, url: &FeedUrl) -> bool {
        match url.url().host() {
            Some(Host::Ipv4(ip)) => self.opens(ip.into()),
            Some(Host::Ipv6(ip)) => self.opens(ip.into()),
            Some(Host::Domain(name)) => !self.is_proxy(name),
            None => true,
        }
    }

    fn is_proxy(&self, name: &str) -> bool {
        self.proxies.iter().any(|proxy| proxy == name)
    }

    fn opens(&self, ip: IpAddr) -> bool {
        is_public(ip) || self.opened.iter().any(|network| network.contains(ip))
    }
}

impl Resolve for AddressGuard {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = self.clone();
        Box::pin(async move {
            let mut found = look_up(name.as_str(), 0).await?;
            if !guard.is_proxy(name.as_str()) {
                found.retain(|at| guard.opens(at.ip()));
            }
            if found.is_empty() { Err(RefusedAddress.into()) } else { Ok(Box::new(found.into_iter()) as Addrs) }
        })
    }
}

/// Returns whether an address is public. `std`'s `is_global` is not stable yet.
#[must_use]
pub fn is_public(ip: IpAddr) -> bool {
    let ip = ip.to_canonical();
    match ip {
        IpAddr::V6(v6) if NAT64.contains(ip) => {
            let [.., a, b, c, d] = v6.octets();
            is_public(Ipv4Addr::new(a, b, c, d).into())
        }
        IpAddr::V6(_) if !GLOBAL_V6.contains(ip) => false,
        _ => !INSIDE.iter().any(|network| network.contains(ip)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admits(opened: &[&str], url: &str) -> bool {
        let opened: Vec<_> = opened.iter().map(|text| Network::parse(text).unwrap()).collect();
        AddressGuard::new(&opened).admits(&FeedUrl::parse(url).unwrap())
    }

    #[test]
    fn inside_addresses_are_refused_in_every_spelling() {
        for host in [
            "127.0.0.1",
            "2130706433",
            "0x7f.1",
            "017700000001",
            "0",
            "127。0。0。1",
            "1２7.0.0.1",
            "[::1]",
            "[::]",
            "[::ffff:127.0.0.1]",
            "[::ffff:10.0.0.1]",
            "[::127.0.0.1]",
            "[64:ff9b::a00:1]",
            "[64:ff9b:1::1]",
            "[2002:7f00:1::1]",
            "[2001::1]",
            "[2001:db8::1]",
            "[3fff::1]",
            "[fe80::1]",
            "[fec0::1]",
            "[fd00::1]",
            "[fc00::1]",
            "[ff02::1]",
            "[100::1]",
            "[5f00::1]",
            "0.1.2.3",
            "10.1.2.3",
            "100.64.0.1",
            "100.127.255.255",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.7",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
        ] {
            assert!(!admits(&[], &format!("http://{host}/feed")), "{host}");
        }
    }

    #[test]
    fn public_addresses_and_names_pass() {
        for host in [
            "8.8.8.8",
            "100.63.255.255",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "198.17.0.1",
            "198.20.0.1",
            "223.255.255.255",
            "[2a00:1450::1]",
            "[2001:4860:4860::8888]",
            "[64:ff9b::808:808]",
            "alalam.invalid",
            "localhost",
        ] {
            assert!(admits(&[], &format!("http://{host}/feed")), "{host}");
        }
    }

    #[test]
    fn the_operator_opens_what_is_named_and_nothing_else() {
        assert!(admits(&["127.0.0.0/8"], "http://127.18.0.1/"));
        assert!(admits(&["127.0.0.0/8"], "http://[::ffff:127.0.0.1]/"));
        assert!(admits(&["fd00::/8", "10.0.0.0/8"], "http://10.1.2.3/"));
        assert!(!admits(&["127.0.0.0/8"], "http://10.0.0.1/"));
        assert!(!admits(&["127.0.0.0/8"], "http://[::1]/"));
    }
}
