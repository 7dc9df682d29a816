//! Typed network values of the configuration: networks and the public URL.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use url::{Host, Url};

/// A network such as `192.168.0.0/16`; a bare address is a network of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct IpNet {
    address: IpAddr,
    /// Leading bits that count: at most 32 or 128.
    bits: u8,
}

impl IpNet {
    pub(super) const LOOPBACK: Self = Self { address: IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), bits: 32 };

    /// Whether it is too much of the world for anybody to have proxies all over it.
    pub(super) fn is_boundless(&self) -> bool {
        self.bits < 8
    }

    /// Whether an address lies in this network. IPv4 written as IPv6 (`::ffff:10.0.0.5`) counts as IPv4.
    #[must_use]
    pub fn contains(&self, other: IpAddr) -> bool {
        match (self.address, other.to_canonical()) {
            (IpAddr::V4(net), IpAddr::V4(one)) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.bits)).unwrap_or(0);
                net.to_bits() & mask == one.to_bits() & mask
            }
            (IpAddr::V6(net), IpAddr::V6(one)) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(self.bits)).unwrap_or(0);
                net.to_bits() & mask == one.to_bits() & mask
            }
            _ => false,
        }
    }
}

impl FromStr for IpNet {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| format!("no network: {text}"))?;
        let all = if address.is_ipv4() { 32 } else { 128 };
        let bits = match bits {
            Some(bits) => bits.parse().ok().filter(|bits| *bits <= all).ok_or_else(|| format!("no prefix length: {text}"))?,
            None => all,
        };
        Ok(Self { address, bits })
    }
}

impl TryFrom<String> for IpNet {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<IpNet> for String {
    fn from(net: IpNet) -> Self {
        net.to_string()
    }
}

impl fmt::Display for IpNet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = if self.address.is_ipv4() { 32 } else { 128 };
        if self.bits == all { write!(f, "{}", self.address) } else { write!(f, "{}/{}", self.address, self.bits) }
    }
}

/// The origin under which visitors reach the server: scheme, host and port, no path. Plain http only for loopback.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PublicUrl {
    /// Without a slash at the end.
    origin: String,
    host: String,
    https: bool,
}

impl PublicUrl {
    /// `http://localhost:PORT`.
    #[must_use]
    pub fn localhost(port: u16) -> Self {
        Self { origin: format!("http://localhost:{port}"), host: "localhost".into(), https: false }
    }

    /// `https://host[:port]` without a slash at the end; what a browser sends as `Origin`.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The host name alone.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Whether cookies may carry `Secure` and `__Host-`.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.https
    }

    /// The full URL of a path of ours; `path` starts with a slash.
    #[must_use]
    pub fn join(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }
}

impl FromStr for PublicUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let url = Url::parse(text).map_err(|error| error.to_string())?;
        let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        let anonymous = url.username().is_empty() && url.password().is_none();
        let https = match url.scheme() {
            "https" => true,
            "http" if is_loopback(url.host()) => false,
            _ => return Err("scheme".into()),
        };
        let host = url.host_str().unwrap_or_default().to_owned();
        if !bare || !anonymous || host.is_empty() {
            return Err("not an origin".into());
        }
        Ok(Self { origin: url.origin().ascii_serialization(), host, https })
    }
}

impl TryFrom<String> for PublicUrl {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<PublicUrl> for String {
    fn from(url: PublicUrl) -> Self {
        url.origin
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.origin)
    }
}

/// `localhost` or an address of the loopback network.
fn is_loopback(host: Option<Host<&str>>) -> bool {
    match host {
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(host) => is_loopback_name(&host.to_string()),
        None => false,
    }
}

/// The same for a host as it is typed, without brackets.
pub(super) fn is_loopback_name(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// An address, or `"off"`.
pub(super) mod off_or_addr {
    use std::net::SocketAddr;

    use serde::{Deserialize, Deserializer, Serializer, de};

    pub fn serialize<S: Serializer>(value: &Option<SocketAddr>, serializer: S) -> Result<S::Ok, S::Error> {
        match value {
            Some(address) => serializer.collect_str(address),
            None => serializer.serialize_str("off"),
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SocketAddr>, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text == "off" {
            return Ok(None);
        }
        text.parse().map(Some).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_contains_its_addresses_and_no_others() {
        let net: IpNet = "192.168.0.0/16".parse().unwrap();
        assert!(net.contains("192.168.255.1".parse().unwrap()));
        assert!(net.contains("::ffff:192.168.3.4".parse().unwrap()));
        assert!(!net.contains("192.169.0.1".parse().unwrap()));
        assert!(!net.contains("::1".parse().unwrap()));
        let all: IpNet = "0.0.0.0/0".parse().unwrap();
        assert!(all.contains("8.8.8.8".parse().unwrap()));
        let one: IpNet = "2001:db8::1".parse().unwrap();
        assert!(one.contains("2001:db8::1".parse().unwrap()) && !one.contains("2001:db8::2".parse().unwrap()));
        assert_eq!((net.to_string(), one.to_string()), ("192.168.0.0/16".into(), "2001:db8::1".into()));
        for bad in ["10.0.0.0/33", "::/129", "proxy", "10.0.0.0/", ""] {
            assert!(bad.parse::<IpNet>().is_err(), "{bad}");
        }
    }

    #[test]
    fn plain_http_is_for_loopback_only() {
        for good in [
            "https://uketsuke.example.jp",
            "https://a.example:8443/",
            "http://localhost:8080",
            "http://127.0.0.9:1",
            "http://[::1]:8080",
        ] {
            assert!(good.parse::<PublicUrl>().is_ok(), "{good}");
        }
        for bad in [
            "http://uketsuke.example.jp",
            "http://10.0.0.1",
            "https://a.example/sub",
            "https://u:p@a.example",
            "https://a.example/?x",
            "ftp://localhost",
            "localhost:8080",
            "",
        ] {
            assert!(bad.parse::<PublicUrl>().is_err(), "{bad}");
        }
        let url: PublicUrl = "https://a.example:443/".parse().unwrap();
        assert_eq!(
            (url.origin(), url.join("/login").as_str(), url.host()),
            ("https://a.example", "https://a.example/login", "a.example")
        );
    }
}
