//! Client IP address: the peer of the connection, or `X-Forwarded-For` from trusted proxies.

use std::net::{IpAddr, SocketAddr};

use axum::http::{Extensions, HeaderMap};
use ipnet::IpNet;

/// The other end of a connection, in a request's extensions.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub IpAddr);

/// Request header in which a proxy lists the addresses it forwards for.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// Address of the HTTP client. `None` if a trusted proxy sent no usable `X-Forwarded-For`: its own
/// address would put all its clients into one rate-limit bucket.
///
/// `X-Forwarded-For` is read from right to left. The first address that is not a trusted proxy is
/// the client; entries further left were sent by the client and can be forged.
fn client_address(
    extensions: &Extensions,
    headers: &HeaderMap,
    trusted: &[IpNet],
) -> Option<IpAddr> {
    let Peer(peer) = extensions.get::<Peer>()?;
    let is_trusted = |address: &IpAddr| trusted.iter().any(|network| network.contains(address));
    let peer = peer.to_canonical();
    if !is_trusted(&peer) {
        return Some(peer);
    }
    let values = headers.get_all(FORWARDED_FOR).iter().filter_map(|value| value.to_str().ok());
    let listed: Vec<&str> = values.flat_map(|value| value.split(',')).map(str::trim).collect();
    let mut nearest = None;
    for entry in listed.iter().rev() {
        // Some proxies write the port, too.
        let address = entry.parse().or_else(|_| entry.parse().map(|whole: SocketAddr| whole.ip()));
        let Ok(address) = address else { break };
        let address = address.to_canonical();
        nearest = Some(address);
        if !is_trusted(&address) {
            break;
        }
    }
    nearest
}

/// Rate-limit key of the client: its IPv4 address or IPv6 /64 network; empty if unknown.
pub fn client_network(extensions: &Extensions, headers: &HeaderMap, trusted: &[IpNet]) -> String {
    client_address(extensions, headers, trusted).map(network_key).unwrap_or_default()
}

/// An IPv4 address, or the /64 network of an IPv6 address: one subscriber usually has all of it.
fn network_key(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("{:x?}", &address.segments()[..4]),
    }
}

/// A network, or a single address.
pub fn network(text: &str) -> Result<IpNet, String> {
    let single = text.trim().parse::<IpAddr>().map(IpNet::from);
    single.or_else(|_| text.trim().parse()).map_err(|_| format!("{text} is no address or network"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(peer: &str, forwarded: &[&str], trusted: &[&str]) -> String {
        let mut extensions = Extensions::new();
        extensions.insert(Peer(peer.parse().unwrap()));
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append(FORWARDED_FOR, value.parse().unwrap());
        }
        let trusted: Vec<IpNet> = trusted.iter().map(|text| network(text).unwrap()).collect();
        client_address(&extensions, &headers, &trusted)
            .map(|found| found.to_string())
            .unwrap_or_default()
    }

    #[test]
    fn only_trusted_proxies_are_believed_and_only_from_the_right() {
        assert_eq!(found("198.51.100.7", &["203.0.113.9"], &[]), "198.51.100.7");
        let proxy = ["10.0.0.0/8"];
        assert_eq!(found("10.0.0.1", &["203.0.113.9"], &proxy), "203.0.113.9");
        assert_eq!(found("10.0.0.1", &["1.1.1.1, 203.0.113.9, 10.0.0.2"], &proxy), "203.0.113.9");
        assert_eq!(found("10.0.0.1", &["1.1.1.1", "203.0.113.9"], &proxy), "203.0.113.9");
        assert_eq!(found("10.0.0.1", &["203.0.113.9:4711"], &proxy), "203.0.113.9");
        assert_eq!(found("10.0.0.1", &["203.0.113.9, nonsense"], &proxy), "");
        assert_eq!(found("::ffff:10.0.0.1", &["203.0.113.9"], &proxy), "203.0.113.9");
        assert_eq!(found("10.0.0.1", &[], &["10.0.0.1"]), "");
    }
}
