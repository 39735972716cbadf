//! The verdict on single addresses: the edges of every network, and IPv4 in every disguise.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use http_reqwest::is_public;
use proptest::prelude::*;

/// The first and the last address of every network that is not public.
const NOT_PUBLIC: &[&str] = &[
    "0.0.0.0",
    "0.255.255.255",
    "10.0.0.0",
    "10.255.255.255",
    "100.64.0.0",
    "100.127.255.255",
    "127.0.0.0",
    "127.0.0.1",
    "127.255.255.255",
    "169.254.0.0",
    "169.254.169.254",
    "169.254.255.255",
    "172.16.0.0",
    "172.31.255.255",
    "192.0.0.0",
    "192.0.0.255",
    "192.0.2.0",
    "192.0.2.255",
    "192.88.99.0",
    "192.88.99.255",
    "192.168.0.0",
    "192.168.255.255",
    "198.18.0.0",
    "198.19.255.255",
    "198.51.100.0",
    "198.51.100.255",
    "203.0.113.0",
    "203.0.113.255",
    "224.0.0.0",
    "239.255.255.255",
    "240.0.0.0",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",
    "::808:808",
    "::5efe:8.8.8.8",
    "::ffff:8.8.8.8",
    "::ffff:10.0.0.1",
    "::ffff:0:8.8.8.8",
    "64:ff9a:ffff:ffff:ffff:ffff:808:808",
    "64:ff9b::10.0.0.1",
    "64:ff9b::169.254.169.254",
    "64:ff9b:0:0:0:1:808:808",
    "64:ff9b:1::",
    "64:ff9b:1:ffff:ffff:ffff:ffff:ffff",
    "ff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    "100::",
    "100::ffff:ffff:ffff:ffff",
    "2001::",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff",
    "2001:db8::",
    "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
    "2002::",
    "2002:808:808::1",
    "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    "3fff::",
    "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff",
    "5f00::",
    "5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    "fc00::",
    "fd00:ec2::254",
    "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    "fe80::",
    "fe80::1",
    "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    "fec0::",
    "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    "ff00::",
    "ff02::1",
    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
];

/// The neighbours of those networks, and some that everybody knows.
const PUBLIC: &[&str] = &[
    "1.0.0.0",
    "1.1.1.1",
    "8.8.8.8",
    "149.154.167.220",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.0",
    "169.253.255.255",
    "169.255.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "191.255.255.255",
    "192.0.1.0",
    "192.0.3.0",
    "192.88.98.255",
    "192.88.100.0",
    "192.167.255.255",
    "192.169.0.0",
    "198.17.255.255",
    "198.20.0.0",
    "198.51.99.255",
    "198.51.101.0",
    "203.0.112.255",
    "203.0.114.0",
    "223.255.255.255",
    "64:ff9b::8.8.8.8",
    "64:ff9b::1.1.1.1",
    "100:0:0:1::",
    "2001:200::",
    "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff",
    "2001:db9::",
    "2001:4860:4860::8888",
    "2001:67c:4e8:f004::9",
    "2003::",
    "2606:4700:4700::1111",
];

#[test]
fn the_verdict_changes_at_the_edges_of_the_networks() {
    for (list, expected) in [(NOT_PUBLIC, false), (PUBLIC, true)] {
        for text in list {
            assert_eq!(is_public(text.parse().unwrap()), expected, "{text}");
        }
    }
}

fn private() -> impl Strategy<Value = Ipv4Addr> {
    let within = |network: u32, prefix: u32| {
        any::<u32>().prop_map(move |bits| Ipv4Addr::from_bits(network | bits.checked_shr(prefix).unwrap_or(0)))
    };
    prop_oneof![
        within(0x0a00_0000, 8),
        within(0x7f00_0000, 8),
        within(0xa9fe_0000, 16),
        within(0xac10_0000, 12),
        within(0xc0a8_0000, 16),
        within(0x6440_0000, 10),
    ]
}

proptest! {
    #[test]
    fn a_private_address_is_refused_in_every_carrier(v4 in private(), low: u32, interface: u64) {
        let (bits, low, interface) = (u128::from(v4.to_bits()), u128::from(low), u128::from(interface));
        let carriers = [
            ("compatible", bits),
            ("mapped", 0xffff << 32 | bits),
            ("translated", 0xffff << 48 | bits),
            ("ISATAP", 0x5efe << 32 | bits),
            ("NAT64", 0x0064_ff9b << 96 | bits),
            ("local NAT64", 0x0064_ff9b_0001 << 80 | bits),
            ("6to4", 0x2002 << 112 | bits << 80 | interface),
            ("Teredo server", 0x2001_0000 << 96 | bits << 64 | low),
            ("Teredo client", 0x2001_0000 << 96 | interface << 32 | u128::from(!v4.to_bits())),
        ];
        for (name, carrier) in carriers {
            let carrier = Ipv6Addr::from_bits(carrier);
            prop_assert!(!is_public(IpAddr::V6(carrier)), "{} {}", name, carrier);
        }
        prop_assert!(!is_public(IpAddr::V4(v4)));
    }

    #[test]
    fn nat64_takes_the_verdict_of_what_it_carries(bits: u32) {
        let v4 = Ipv4Addr::from_bits(bits);
        let nat64 = Ipv6Addr::from_bits(0x0064_ff9b_u128 << 96 | u128::from(bits));
        prop_assert_eq!(is_public(nat64.into()), is_public(v4.into()));
    }
}
