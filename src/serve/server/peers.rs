//! Counts the connections of each client, so that no single client can take all of them.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

/// The open connections by client.
#[derive(Debug)]
pub(super) struct PeerConnections {
    open: Mutex<HashMap<IpAddr, OpenConnections>>,
    /// Most connections of one client.
    most: usize,
}

#[derive(Debug, Default)]
struct OpenConnections {
    number: usize,
    /// Whether the log says that this client has reached the limit.
    is_logged: bool,
}

/// One connection of a client, counted until this is dropped. `None` for a client that is not counted.
#[derive(Debug)]
pub(super) struct PeerConnection(Option<(Arc<PeerConnections>, IpAddr)>);

impl PeerConnections {
    /// One client may have half of `connections`.
    pub(super) fn new(connections: usize) -> Arc<Self> {
        Arc::new(Self { open: Mutex::default(), most: connections.div_ceil(2) })
    }

    /// Counts one more connection of a client; `None` if it has as many as it may have. This machine is not counted, because a proxy
    /// on it brings the connections of everybody.
    pub(super) fn admit(self: &Arc<Self>, peer: IpAddr) -> Option<PeerConnection> {
        if peer.to_canonical().is_loopback() {
            return Some(PeerConnection(None));
        }
        let client = client_of(peer);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let of_client = open.entry(client).or_default();
        if of_client.number >= self.most {
            if !of_client.is_logged {
                of_client.is_logged = true;
                tracing::warn!(%client, connections = self.most, "one client has half of all connections; its further ones are closed");
            }
            return None;
        }
        of_client.number += 1;
        Some(PeerConnection(Some((Arc::clone(self), client))))
    }
}

impl Drop for PeerConnection {
    fn drop(&mut self) {
        let Some((peers, client)) = self.0.take() else { return };
        let mut open = peers.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(of_client) = open.get_mut(&client) {
            of_client.number -= 1;
            if of_client.number == 0 {
                open.remove(&client);
            }
        }
    }
}

/// Returns the address by which a client is counted: of IPv6 the first 64 bits, because a client chooses the others itself (RFC 4291
/// 2.5.1).
fn client_of(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn one_client_has_half_of_the_connections_and_others_have_the_rest() {
        let peers = PeerConnections::new(4);
        let first = peers.admit(address("192.0.2.1")).unwrap();
        let _second = peers.admit(address("::ffff:192.0.2.1")).unwrap();
        assert!(peers.admit(address("192.0.2.1")).is_none());
        assert!(peers.admit(address("192.0.2.2")).is_some());
        drop(first);
        assert!(peers.admit(address("192.0.2.1")).is_some());
    }

    #[test]
    fn addresses_of_one_ipv6_network_are_one_client() {
        let peers = PeerConnections::new(2);
        let open = peers.admit(address("2001:db8:0:1::1"));
        assert!(peers.admit(address("2001:db8:0:1:ffff::2")).is_none());
        assert!(peers.admit(address("2001:db8:0:2::1")).is_some());
        drop(open);
        assert!(peers.open.lock().unwrap().is_empty(), "what is closed is forgotten");
    }

    #[test]
    fn a_proxy_on_this_machine_is_not_one_client() {
        let peers = PeerConnections::new(2);
        let open: Vec<_> = ["127.0.0.1", "::1", "::ffff:127.0.0.1"].map(|peer| peers.admit(address(peer))).into();
        assert!(open.iter().all(Option::is_some));
    }
}
