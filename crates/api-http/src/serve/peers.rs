//! How many connections each peer has open.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, PoisonError},
};

/// The account of open connections by peer.
pub(super) struct Peers {
    limit: usize,
    open: Mutex<HashMap<IpAddr, usize>>,
}

/// A peer's place for one connection, kept as long as this lives.
pub(super) struct Place {
    peers: Arc<Peers>,
    peer: IpAddr,
}

impl Peers {
    /// Nobody is connected.
    pub(super) fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self { limit, open: Mutex::default() })
    }

    /// A place for one more connection, if the peer may have one.
    pub(super) fn enter(self: &Arc<Self>, address: IpAddr) -> Option<Place> {
        let peer = network(address);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(peer).or_default();
        if *count >= self.limit && !peer.is_loopback() {
            return None;
        }
        *count += 1;
        Some(Place { peers: Arc::clone(self), peer })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.peers.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.peer) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.peer);
            }
        }
    }
}

/// An IPv4 address, or the network of 64 bits from which one holder of IPv6 addresses can take any.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) if !address.is_loopback() => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn enter(peers: &Arc<Peers>, address: &str) -> Option<Place> {
        peers.enter(address.parse().unwrap())
    }

    #[test]
    fn a_peer_has_so_many_places() {
        let peers = Peers::new(2);
        let first = enter(&peers, "192.0.2.1").unwrap();
        let _second = enter(&peers, "::ffff:192.0.2.1").unwrap();
        assert!(enter(&peers, "192.0.2.1").is_none());
        assert!(enter(&peers, "192.0.2.2").is_some());
        drop(first);
        assert!(enter(&peers, "192.0.2.1").is_some());
    }

    #[test]
    fn one_ipv6_network_is_one_peer() {
        let peers = Peers::new(1);
        let place = enter(&peers, "2001:db8:1:2::1").unwrap();
        assert!(enter(&peers, "2001:db8:1:2:ffff::9").is_none());
        assert!(enter(&peers, "2001:db8:1:3::1").is_some());
        drop(place);
        assert!(peers.open.lock().unwrap().is_empty());
    }

    #[test]
    fn loopback_is_exempt() {
        let peers = Peers::new(1);
        let places = ["127.0.0.1", "127.0.0.1", "::1", "::1"].map(|address| enter(&peers, address));
        assert!(places.iter().all(Option::is_some));
    }
}
