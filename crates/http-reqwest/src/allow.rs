//! What an operator lets tenants' URLs reach besides the public Internet.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

use url::{Host, Url};

/// Networks and single services that a guarded client reaches although they are not public. Empty by default.
///
/// Read from a list with commas: a network (`10.20.0.0/16`, `fd00:1::/64`), or a host with its port
/// (`chat.internal:8065`, `10.0.0.7:443`, `[fd00::7]:8448`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AllowList {
    networks: Vec<(IpAddr, u32)>,
    services: Vec<(Host, u16)>,
}

/// An item of the list is neither a network nor a host with a port. Its words stand behind the item's number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("item {item} {fault}")]
pub struct AllowListError {
    /// Which one, counted from 1.
    pub item: usize,
    fault: &'static str,
}

impl AllowList {
    /// Whether an address is in one of the networks. Compared as it is: an IPv4 address in an IPv6 form is not in a
    /// network of IPv4.
    pub(crate) fn has(&self, address: IpAddr) -> bool {
        self.networks.iter().any(|(network, prefix)| within(*network, *prefix, address))
    }

    /// Whether that host is listed by name, and so resolved without a verdict on its addresses.
    pub(crate) fn knows(&self, name: &str) -> bool {
        self.services.iter().any(|(host, _)| matches!(host, Host::Domain(listed) if listed == name))
    }

    /// What the list says on a URL's host and port by themselves; `None` if it says nothing. A listed name is reached
    /// on its listed ports only, since its addresses are not judged.
    pub(crate) fn service(&self, url: &Url) -> Option<bool> {
        let (host, port) = (url.host()?.to_owned(), url.port_or_known_default()?);
        let mut ports = self.services.iter().filter(|(listed, _)| *listed == host).map(|(_, port)| *port).peekable();
        ports.peek()?;
        let listed = ports.any(|listed| listed == port);
        // A literal address is judged like any other on its other ports.
        (listed || matches!(host, Host::Domain(_))).then_some(listed)
    }
}

impl FromStr for AllowList {
    type Err = AllowListError;

    fn from_str(text: &str) -> Result<Self, AllowListError> {
        let mut list = Self::default();
        for (text, item) in text.split(',').map(str::trim).filter(|text| !text.is_empty()).zip(1..) {
            let fault = |fault| AllowListError { item, fault };
            match text.split_once('/') {
                Some((network, prefix)) => list.networks.push(read_network(network, prefix).map_err(fault)?),
                None => list.services.push(read_service(text).map_err(fault)?),
            }
        }
        Ok(list)
    }
}

fn read_network(network: &str, prefix: &str) -> Result<(IpAddr, u32), &'static str> {
    let address: IpAddr = network.parse().map_err(|_| "is not a network, such as 10.20.0.0/16")?;
    let longest = if address.is_ipv4() { 32 } else { 128 };
    let plain = prefix.parse().ok().filter(|prefix| (1..=longest).contains(prefix));
    let prefix = plain.ok_or("has a prefix that is not from 1 to 32, or to 128 in IPv6")?;
    let first = match address {
        IpAddr::V4(v4) => Ipv4Addr::from_bits(v4.to_bits() >> (32 - prefix) << (32 - prefix)).into(),
        IpAddr::V6(v6) => IpAddr::from(Ipv6Addr::from_bits(v6.to_bits() >> (128 - prefix) << (128 - prefix))),
    };
    if first == address { Ok((address, prefix)) } else { Err("is a network with bits beyond its prefix") }
}

fn read_service(text: &str) -> Result<(Host, u16), &'static str> {
    const FORM: &str =
        "is neither a network, such as 10.20.0.0/16, nor a host with its port, such as chat.internal:8065";
    let (host, port) = text.rsplit_once(':').ok_or(FORM)?;
    let port = port.parse().ok().filter(|port| *port > 0).ok_or(FORM)?;
    // As a URL has it, so that what was listed is what is compared.
    Ok((Host::parse(host).map_err(|_| FORM)?, port))
}

fn within(network: IpAddr, prefix: u32, address: IpAddr) -> bool {
    match (network, address) {
        (IpAddr::V4(network), IpAddr::V4(address)) => (network.to_bits() ^ address.to_bits()) >> (32 - prefix) == 0,
        (IpAddr::V6(network), IpAddr::V6(address)) => (network.to_bits() ^ address.to_bits()) >> (128 - prefix) == 0,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &str) -> AllowList {
        text.parse().unwrap()
    }

    #[test]
    fn networks_end_at_their_edges() {
        let list = list(" 10.20.0.0/16 , fd00:1::/64,192.0.2.7/32,");
        for inside in ["10.20.0.0", "10.20.255.255", "fd00:1::", "fd00:1::ffff:ffff:ffff:ffff", "192.0.2.7"] {
            assert!(list.has(inside.parse().unwrap()), "{inside}");
        }
        for outside in
            ["10.19.255.255", "10.21.0.0", "fd00:1:0:1::", "192.0.2.6", "::ffff:10.20.0.1", "64:ff9b::10.20.0.1"]
        {
            assert!(!list.has(outside.parse().unwrap()), "{outside}");
        }
    }

    #[test]
    fn services_are_a_host_and_a_port() {
        let list = list("Chat.Internal:8065,10.0.0.7:22,[fd00::7]:8448,chat.internal:443");
        for (url, said) in [
            ("https://chat.internal:8065/hooks", Some(true)),
            ("https://CHAT.internal/", Some(true)),
            ("https://chat.internal:8066/", Some(false)),
            ("https://other.internal:8065/", None),
            ("https://10.0.0.7:22/", Some(true)),
            ("https://0xa.7:22/", Some(true)),
            ("https://10.0.0.7/", None),
            ("https://[fd00:0::7]:8448/", Some(true)),
        ] {
            assert_eq!(list.service(&url.parse().unwrap()), said, "{url}");
        }
        assert!(list.knows("chat.internal") && !list.knows("10.0.0.7") && !list.knows("internal"));
    }

    #[test]
    fn what_is_neither_is_refused_with_its_number() {
        for wrong in
            ["10.20.0.0/33", "10.20.0.0/0", "10.20.0.1/16", "ten/8", "fd00::/129", "chat", "chat:", "chat:0", "a b:1"]
        {
            let error = format!("10.0.0.0/8,{wrong}").parse::<AllowList>().unwrap_err();
            assert_eq!(error.item, 2, "{wrong}: {error}");
        }
    }
}
