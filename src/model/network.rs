//! Ranges of IP addresses.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

/// A network in CIDR form (RFC 4632), or a single address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Network {
    base: IpAddr,
    prefix: u8,
}

/// Error of parsing a [`Network`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NetworkError {
    /// The text is neither an address nor a range.
    #[error("not a network; allowed: an address or a range such as \"127.0.0.0/8\" or \"fd00::/8\"")]
    NotANetwork,
    /// The address has bits set beyond the prefix, so probably another range was meant. Contains the range without those bits.
    #[error("not a range, because its address has bits beyond the prefix; allowed: {0}")]
    HostBits(Network),
}

impl Network {
    /// Creates an IPv4 range, for tables in code.
    pub(crate) const fn v4([a, b, c, d]: [u8; 4], prefix: u8) -> Self {
        Self { base: IpAddr::V4(Ipv4Addr::new(a, b, c, d)), prefix }
    }

    /// Creates an IPv6 range from its first three groups, for tables in code.
    pub(crate) const fn v6([a, b, c]: [u16; 3], prefix: u8) -> Self {
        Self { base: IpAddr::V6(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0)), prefix }
    }

    /// Parses `ADDRESS/BITS` or `ADDRESS`. An IPv4-mapped IPv6 address counts as the IPv4 address it contains.
    ///
    /// # Errors
    /// Fails if the text is neither, or if the address has bits set beyond the prefix.
    pub fn parse(text: &str) -> Result<Self, NetworkError> {
        let (address, bits) = text.split_once('/').map_or((text, None), |(a, b)| (a, Some(b)));
        let address = IpAddr::from_str(address).map_err(|_| NetworkError::NotANetwork)?;
        let base = address.to_canonical();
        let dropped = width(address) - width(base);
        let prefix = match bits {
            None => width(base),
            Some(bits) => bits
                .parse::<u8>()
                .ok()
                .and_then(|bits| bits.checked_sub(dropped))
                .filter(|bits| *bits <= width(base))
                .ok_or(NetworkError::NotANetwork)?,
        };
        let first = masked(base, prefix);
        if first == base {
            Ok(Self { base, prefix })
        } else {
            Err(NetworkError::HostBits(Self { base: first, prefix }))
        }
    }

    /// Returns whether the network contains an address. An IPv4-mapped IPv6 address counts as the IPv4 address it contains.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        width(address) == width(self.base) && masked(address, self.prefix) == self.base
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.base, self.prefix)
    }
}

/// Returns the number of bits of an address: 32 or 128.
fn width(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

/// Returns the address with all bits beyond the prefix cleared.
fn masked(address: IpAddr, prefix: u8) -> IpAddr {
    match address {
        IpAddr::V4(v4) => IpAddr::V4((v4.to_bits() & mask_v4(prefix)).into()),
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & mask_v6(prefix))),
    }
}

fn mask_v4(prefix: u8) -> u32 {
    u32::MAX.checked_shl(32 - u32::from(prefix.min(32))).unwrap_or(0)
}

fn mask_v6(prefix: u8) -> u128 {
    u128::MAX.checked_shl(128 - u32::from(prefix.min(128))).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contains(network: &str, address: &str) -> bool {
        Network::parse(network).unwrap().contains(address.parse().unwrap())
    }

    #[test]
    fn ranges_hold_their_addresses_and_no_others() {
        for (network, inside, outside) in [
            ("127.0.0.0/8", "127.255.255.255", "128.0.0.0"),
            ("10.1.2.3", "10.1.2.3", "10.1.2.4"),
            ("0.0.0.0/0", "203.0.113.9", "::1"),
            ("::/0", "2001:db8::1", "203.0.113.9"),
            ("fd00::/8", "fdff::1", "fe00::"),
            ("::1/128", "::1", "::2"),
            ("192.168.0.0/16", "::ffff:192.168.4.5", "::ffff:192.169.4.5"),
            ("::ffff:10.0.0.0/104", "10.9.9.9", "11.0.0.0"),
        ] {
            assert!(contains(network, inside), "{network} {inside}");
            assert!(!contains(network, outside), "{network} {outside}");
        }
    }

    #[test]
    fn what_is_no_range_is_refused() {
        for text in
            ["", "localhost", "10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/-1", "10.0.0/8", "::ffff:10.0.0.0/95"]
        {
            assert_eq!(Network::parse(text), Err(NetworkError::NotANetwork), "{text}");
        }
        let meant = Network::parse("10.0.0.0/8").unwrap();
        assert_eq!(Network::parse("10.1.0.0/8"), Err(NetworkError::HostBits(meant)));
    }
}
