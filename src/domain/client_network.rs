//! Client network: the rate-limit keys of an IP address.

use std::{net::IpAddr, sync::Arc};

/// Where a request comes from, as limits count it. Never stored, only as a keyed hash.
///
/// A subscriber has a whole IPv6 /64 at least, and gets a /48 for the asking, so each is counted
/// as one address would be. There is no empty value: whose address is unknown, shares one network
/// with all others whose address is unknown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientNetwork {
    narrow: Arc<str>,
    wide: Arc<str>,
}

impl ClientNetwork {
    /// IPv4: the address alone. IPv6: the /64 and the /48 that it is in.
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => {
                let key: Arc<str> = address.to_string().into();
                Self { narrow: Arc::clone(&key), wide: key }
            }
            IpAddr::V6(address) => {
                let of = |segments: &[u16]| Arc::from(format!("{segments:x?}"));
                let segments = address.segments();
                Self { narrow: of(&segments[..4]), wide: of(&segments[..3]) }
            }
        }
    }

    /// Everybody whose address is unknown, together.
    #[must_use]
    pub fn unknown() -> Self {
        Self { narrow: "unknown".into(), wide: "unknown".into() }
    }

    /// The IPv4 address or IPv6 /64.
    #[must_use]
    pub fn narrow(&self) -> &str {
        &self.narrow
    }

    /// The IPv4 address or IPv6 /48: what one subscriber can have.
    #[must_use]
    pub fn wide(&self) -> &str {
        &self.wide
    }

    /// The keys that a limit counts under: one for IPv4, two for IPv6.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        let wide = (self.wide != self.narrow).then_some(&*self.wide);
        [Some(&*self.narrow), wide].into_iter().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(address: &str) -> Vec<String> {
        ClientNetwork::of(address.parse().unwrap()).keys().map(str::to_owned).collect()
    }

    #[test]
    fn an_ipv6_address_counts_by_64_and_48() {
        assert_eq!(keys("192.0.2.1"), ["192.0.2.1"]);
        assert_eq!(keys("::ffff:192.0.2.1"), ["192.0.2.1"]);
        assert_eq!(keys("2001:db8:0:7::1"), ["[2001, db8, 0, 7]", "[2001, db8, 0]"]);
        assert_eq!(keys("2001:db8:0:8::1")[1], keys("2001:db8:0:7::1")[1]);
        assert_ne!(keys("2001:db8:1:7::1")[1], keys("2001:db8:0:7::1")[1]);
        assert_eq!(ClientNetwork::unknown().keys().count(), 1);
    }
}
