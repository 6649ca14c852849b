//! Client IP address: the peer of the connection, or `X-Forwarded-For` from trusted proxies.

use std::net::{IpAddr, SocketAddr};

use axum::http::{Extensions, HeaderMap};
use ipnet::IpNet;

/// The other end of a connection, in a request's extensions.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub IpAddr);

/// Request header in which a proxy lists the addresses it forwards for.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// Why a trusted proxy's word did not say which client it asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnknownClient {
    /// The connection has no peer.
    NoPeer,
    /// It sent no `X-Forwarded-For`.
    NoHeader,
    /// The last entry is no address.
    NotAnAddress,
    /// It lists trusted proxies only.
    OnlyProxies,
    /// What seems to be a proxy is not among the trusted ones: its address counts for all its
    /// clients.
    UntrustedProxy,
}

impl UnknownClient {
    /// All reasons.
    pub const ALL: [Self; 5] =
        [Self::NoPeer, Self::NoHeader, Self::NotAnAddress, Self::OnlyProxies, Self::UntrustedProxy];

    /// Its label.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoPeer => "no_peer",
            Self::NoHeader => "no_header",
            Self::NotAnAddress => "not_an_address",
            Self::OnlyProxies => "only_proxies",
            Self::UntrustedProxy => "untrusted_proxy",
        }
    }
}

/// Whether `peer` is a trusted proxy.
pub(crate) fn is_proxy(Peer(peer): Peer, trusted: &[IpNet]) -> bool {
    let peer = peer.to_canonical();
    trusted.iter().any(|network| network.contains(&peer))
}

/// Address of the HTTP client.
///
/// `X-Forwarded-For` is read from right to left, up to the first entry that is not a trusted proxy:
/// that is the client. Entries further left were sent by the client and can be anything, so they
/// are never looked at.
pub(crate) fn client_address(
    extensions: &Extensions,
    headers: &HeaderMap,
    trusted: &[IpNet],
) -> Result<IpAddr, UnknownClient> {
    let Peer(peer) = extensions.get::<Peer>().ok_or(UnknownClient::NoPeer)?;
    let is_trusted = |address: &IpAddr| trusted.iter().any(|network| network.contains(address));
    let peer = peer.to_canonical();
    if !is_trusted(&peer) {
        return Ok(peer);
    }
    // As bytes: one that is no ASCII must spoil its own entry only.
    let lines = headers.get_all(FORWARDED_FOR).iter().rev();
    let mut found = Err(UnknownClient::NoHeader);
    for entry in lines.flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b',')) {
        let address = address(entry).ok_or(UnknownClient::NotAnAddress)?;
        if !is_trusted(&address) {
            return Ok(address);
        }
        found = Err(UnknownClient::OnlyProxies);
    }
    found
}

/// Whether a request from `peer`, whose word is not taken, was forwarded all the same: by a proxy near
/// the server that the settings do not name.
pub(crate) fn seems_untrusted_proxy(headers: &HeaderMap, peer: IpAddr) -> bool {
    let near = match peer {
        IpAddr::V4(peer) => peer.is_loopback() || peer.is_private(),
        IpAddr::V6(peer) => peer.is_loopback() || peer.is_unique_local(),
    };
    near && headers.contains_key(FORWARDED_FOR)
}

/// An address as proxies write it: alone, with a port, or in brackets.
fn address(entry: &[u8]) -> Option<IpAddr> {
    let entry = str::from_utf8(entry).ok()?.trim();
    let bare = entry.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(entry);
    let address = bare.parse().ok();
    let address = address.or_else(|| Some(entry.parse::<SocketAddr>().ok()?.ip()));
    Some(address?.to_canonical())
}

/// A network, or a single address, that may be trusted: not all there are, for then every client
/// could write its own address.
pub fn network(text: &str) -> Result<IpNet, String> {
    let single = text.trim().parse::<IpAddr>().map(IpNet::from);
    let network = single.or_else(|_| text.trim().parse());
    let network: IpNet = network.map_err(|_| format!("{text} is no address or network"))?;
    // An IPv4 address may be written as one of IPv6.
    let network = match network.addr().to_canonical() {
        address if network.prefix_len() == network.max_prefix_len() => address.into(),
        _ => network,
    };
    match network.prefix_len() {
        0 => Err(format!("{text} trusts everyone: name the proxy's own address")),
        _ => Ok(network),
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn found(peer: &str, forwarded: &[&[u8]], trusted: &[&str]) -> Result<String, UnknownClient> {
        let mut extensions = Extensions::new();
        extensions.insert(Peer(peer.parse().unwrap()));
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append(FORWARDED_FOR, HeaderValue::from_bytes(value).unwrap());
        }
        let trusted: Vec<IpNet> = trusted.iter().map(|text| network(text).unwrap()).collect();
        client_address(&extensions, &headers, &trusted).map(|found| found.to_string())
    }

    #[test]
    fn only_trusted_proxies_are_believed_and_only_from_the_right() {
        let client = |forwarded: &[&[u8]]| found("10.0.0.1", forwarded, &["10.0.0.0/8"]);
        let honest = Ok("203.0.113.9".to_owned());
        assert_eq!(found("198.51.100.7", &[b"203.0.113.9"], &[]), Ok("198.51.100.7".into()));
        assert_eq!(client(&[b"203.0.113.9"]), honest);
        assert_eq!(client(&[b"1.1.1.1, 203.0.113.9, 10.0.0.2"]), honest);
        assert_eq!(client(&[b"1.1.1.1", b"203.0.113.9"]), honest);
        assert_eq!(client(&[b"203.0.113.9:4711"]), honest);
        assert_eq!(client(&[b"[2001:db8::1]"]), Ok("2001:db8::1".into()));
        assert_eq!(client(&[b"[2001:db8::1]:4711"]), Ok("2001:db8::1".into()));
        assert_eq!(found("::ffff:10.0.0.1", &[b"203.0.113.9"], &["10.0.0.0/8"]), honest);
    }

    #[test]
    fn a_proxy_that_does_not_say_who_asks_is_noticed() {
        let client = |forwarded: &[&[u8]]| found("10.0.0.1", forwarded, &["10.0.0.0/8"]);
        assert_eq!(client(&[]), Err(UnknownClient::NoHeader));
        assert_eq!(client(&[b"203.0.113.9, unknown"]), Err(UnknownClient::NotAnAddress));
        assert_eq!(client(&[b"203.0.113.9,"]), Err(UnknownClient::NotAnAddress));
        assert_eq!(client(&[b"203.0.113.9, \xe9"]), Err(UnknownClient::NotAnAddress));
        assert_eq!(client(&[b"10.0.0.2"]), Err(UnknownClient::OnlyProxies));
    }

    #[test]
    fn a_proxy_that_nobody_trusts_is_noticed() {
        let seems =
            |peer: &str, headers: &HeaderMap| seems_untrusted_proxy(headers, peer.parse().unwrap());
        let mut forwarded = HeaderMap::new();
        forwarded.insert(FORWARDED_FOR, HeaderValue::from_static("203.0.113.9"));
        for peer in ["127.0.0.1", "10.0.0.1", "192.168.1.1", "::1", "fd00::1"] {
            assert!(seems(peer, &forwarded) && !seems(peer, &HeaderMap::new()), "{peer}");
        }
        assert!(!seems("203.0.113.9", &forwarded), "anybody may send the header");
        assert_eq!(network("::ffff:127.0.0.1"), network("127.0.0.1"));
    }

    #[test]
    fn nobody_may_be_trusted_with_everyone() {
        for all in ["0.0.0.0/0", "::/0"] {
            assert!(network(all).unwrap_err().contains("trusts everyone"));
        }
    }

    proptest! {
        #[test]
        fn what_a_client_writes_changes_nothing(
            // All bytes that a header may have.
            sent in proptest::collection::vec(prop_oneof![32_u8..=126, 128_u8..=255], 0..60),
        ) {
            let mut line = sent;
            line.extend_from_slice(b", 203.0.113.9");
            let client = found("10.0.0.1", &[&line], &["10.0.0.0/8"]);
            prop_assert_eq!(client, Ok("203.0.113.9".into()));
        }
    }
}
