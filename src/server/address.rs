//! Who a client is to its network: its peer, or whom a proxy of ours speaks for.

use std::{
    net::{IpAddr, SocketAddr},
    str::FromStr,
};

use hyper::header::HeaderMap;
use ipnet::IpNet;

use crate::model::Address;

/// The only header that is asked. A proxy that sets another one may pass this one through as the
/// client has made it up.
const FORWARDED: &str = "x-forwarded-for";

/// Proxies that are believed when they say whom they speak for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proxies(Vec<IpNet>);

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must list addresses or ranges as 10.0.0.0/8, by comma: {0:?} is neither")]
pub struct ProxiesError(String);

impl Proxies {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The address from which the request has come to the first of our proxies.
    ///
    /// Each proxy appends whom it was asked by, and what is before that may be made up by the client:
    /// so the addresses are read from the right, and the first that is no proxy of ours is the one.
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> Address {
        let peer = Address::from(peer);
        if !self.trusts(peer) {
            return peer;
        }
        let lines = headers.get_all(FORWARDED).iter().rev();
        let forwarded = lines.flat_map(|line| line.to_str().unwrap_or_default().rsplit(','));
        let mut nearest = peer;
        for text in forwarded {
            // Whoever wrote that does not say whom it speaks for.
            let Some(address) = address(text) else {
                return peer;
            };
            nearest = address;
            if !self.trusts(address) {
                break;
            }
        }
        nearest
    }

    /// Whether that address is the peer's own though it may be a proxy's, which nobody has listed.
    pub fn ignores(&self, peer: IpAddr, headers: &HeaderMap) -> bool {
        headers.contains_key(FORWARDED) && !self.trusts(peer.into())
    }

    fn trusts(&self, address: Address) -> bool {
        let address = IpAddr::from(address);
        self.0.iter().any(|range| range.contains(&address))
    }
}

impl FromStr for Proxies {
    type Err = ProxiesError;

    /// By comma; the empty text lists nobody.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let listed = text
            .split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty());
        let range = |part: &str| {
            let one = || part.parse::<IpAddr>().map(IpNet::from);
            part.parse()
                .or_else(|_| one())
                .map_err(|_| ProxiesError(part.into()))
        };
        listed.map(range).collect::<Result<_, _>>().map(Self)
    }
}

/// Some proxies add the port.
fn address(text: &str) -> Option<Address> {
    let text = text.trim();
    let with_port = || text.parse().map(|socket: SocketAddr| socket.ip());
    let address: IpAddr = text.parse().or_else(|_| with_port()).ok()?;
    Some(address.into())
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    fn client(peer: &str, lines: &[&'static str]) -> String {
        let ours: Proxies = "10.0.0.0/8, 192.0.2.1,2001:db8::/32".parse().unwrap();
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(FORWARDED, HeaderValue::from_static(line));
        }
        ours.client(peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn p8_a_client_is_whom_a_proxy_of_ours_names() {
        let cases: &[(&str, &[&str], &str)] = &[
            // Nobody else is believed.
            ("203.0.113.9", &[], "203.0.113.9"),
            ("203.0.113.9", &["198.51.100.1"], "203.0.113.9"),
            ("192.0.2.2", &["198.51.100.1"], "192.0.2.2"),
            ("::ffff:203.0.113.9", &["198.51.100.1"], "203.0.113.9"),
            // One of ours, and a chain of them.
            ("10.1.2.3", &["198.51.100.1"], "198.51.100.1"),
            ("::ffff:10.1.2.3", &["198.51.100.1"], "198.51.100.1"),
            ("2001:db8::1", &["2001:db9::7"], "2001:db9::7"),
            ("192.0.2.1", &["198.51.100.1, 10.9.9.9"], "198.51.100.1"),
            ("192.0.2.1", &["198.51.100.1", "10.9.9.9"], "198.51.100.1"),
            ("10.1.2.3", &["::ffff:198.51.100.1"], "198.51.100.1"),
            // What the client itself has put there.
            ("10.1.2.3", &["1.1.1.1, 198.51.100.1"], "198.51.100.1"),
            ("10.1.2.3", &["1.1.1.1", "198.51.100.1"], "198.51.100.1"),
            ("10.1.2.3", &["10.0.0.1, 198.51.100.1"], "198.51.100.1"),
            ("10.1.2.3", &["nonsense, 198.51.100.1"], "198.51.100.1"),
            // Ports.
            ("10.1.2.3", &["198.51.100.1:4711"], "198.51.100.1"),
            ("10.1.2.3", &["[2001:db9::7]:4711"], "2001:db9::7"),
            // None but ours: the farthest of them has asked.
            ("10.1.2.3", &["10.7.7.7,10.9.9.9"], "10.7.7.7"),
            // No answer to the question.
            ("10.1.2.3", &[], "10.1.2.3"),
            ("10.1.2.3", &[""], "10.1.2.3"),
            ("10.1.2.3", &["unknown"], "10.1.2.3"),
            ("10.1.2.3", &["198.51.100.1,"], "10.1.2.3"),
            ("10.1.2.3", &["198.51.100.1, unknown, 10.9.9.9"], "10.1.2.3"),
            ("10.1.2.3", &["198.51.100.1/8"], "10.1.2.3"),
        ];
        for (peer, lines, expected) in cases {
            assert_eq!(client(peer, lines), *expected, "{peer} {lines:?}");
        }
    }

    #[test]
    fn what_a_stranger_says_is_ignored() {
        let ours: Proxies = "10.0.0.0/8".parse().unwrap();
        let said = HeaderMap::from_iter([(
            FORWARDED.parse().unwrap(),
            HeaderValue::from_static("198.51.100.1"),
        )]);
        let [stranger, known] = ["192.0.2.1", "10.1.1.1"].map(|peer| peer.parse().unwrap());
        assert!(ours.ignores(stranger, &said));
        assert!(!ours.ignores(stranger, &HeaderMap::new()));
        assert!(!ours.ignores(known, &said));
    }

    #[test]
    fn nobody_is_listed_by_nothing() {
        assert_eq!("".parse(), Ok(Proxies::default()));
        assert_eq!(" , ".parse(), Ok(Proxies::default()));
        for wrong in [
            "10.0.0.0/33",
            "proxy",
            "10.0.0.0/8,x",
            "::1/129",
            "10.0.0.1:80",
        ] {
            let refused = wrong.parse::<Proxies>().unwrap_err();
            assert!(wrong.ends_with(&refused.0), "{refused}");
        }
    }
}
