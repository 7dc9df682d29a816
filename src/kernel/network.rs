//! The network a request comes from, coarse enough that one household or office is one network.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

/// A client's network: /24 for IPv4, /64 for IPv6 (spec 2, mail limits).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClientNetwork(IpAddr);

impl ClientNetwork {
    /// The network of an address. An IPv4 address written as IPv6 counts as IPv4.
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V4(v4) => {
                let [a, b, c, _] = v4.octets();
                IpAddr::from([a, b, c, 0])
            }
            IpAddr::V6(v6) => {
                let [a, b, c, d, ..] = v6.segments();
                IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
            }
        })
    }

    /// For screens of offices: the network without the machine.
    #[must_use]
    pub fn masked(&self) -> String {
        match self.0 {
            IpAddr::V4(v4) => {
                let [a, b, c, _] = v4.octets();
                format!("{a}.{b}.{c}.*")
            }
            IpAddr::V6(v6) => format!("{v6}*"),
        }
    }
}

impl ClientNetwork {
    /// The same of an address as rows hold it.
    #[must_use]
    pub fn masked_text(address: &str) -> String {
        address.parse().map_or_else(|_| "不明".to_owned(), |address| Self::of(address).masked())
    }
}

impl fmt::Display for ClientNetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            IpAddr::V4(v4) => write!(f, "{v4}/24"),
            IpAddr::V6(v6) => write!(f, "{v6}/64"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_share_a_network() {
        let of = |text: &str| ClientNetwork::of(text.parse().unwrap()).to_string();
        assert_eq!(of("203.0.113.9"), "203.0.113.0/24");
        assert_eq!(of("::ffff:203.0.113.9"), "203.0.113.0/24");
        assert_eq!(of("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
    }

    #[test]
    fn a_masked_address_keeps_its_network_only() {
        let masked = |text: &str| ClientNetwork::of(text.parse().unwrap()).masked();
        assert_eq!(masked("203.0.113.9"), "203.0.113.*");
        assert_eq!(masked("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::*");
        assert_eq!(masked("2001:db8::1"), "2001:db8::*");
        assert_eq!(ClientNetwork::masked_text("::ffff:203.0.113.9"), "203.0.113.*");
        assert_eq!(ClientNetwork::masked_text(""), "不明");
    }
}
