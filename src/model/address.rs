use std::{
    fmt,
    net::{IpAddr, Ipv6Addr},
};

use serde::{Deserialize, Serialize};

/// Where a client speaks from: its own address, or the one that its network shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "IpAddr", into = "IpAddr")]
pub struct Address(IpAddr);

/// Bits of an IPv6 address that one customer or office holds all addresses behind.
const NETWORK_BITS: u32 = 64;

impl Address {
    /// Whom a limit counts: whoever has one IPv6 address has as many as it likes.
    pub fn network(self) -> String {
        match self.0 {
            IpAddr::V4(address) => address.to_string(),
            IpAddr::V6(address) => {
                let network = address.to_bits() & (u128::MAX << NETWORK_BITS);
                format!("{}/{NETWORK_BITS}", Ipv6Addr::from_bits(network))
            }
        }
    }
}

impl From<IpAddr> for Address {
    /// A socket that listens on `::` shows IPv4 clients as IPv6 ones, all in one network.
    fn from(address: IpAddr) -> Self {
        Self(address.to_canonical())
    }
}

impl From<Address> for IpAddr {
    fn from(address: Address) -> Self {
        address.0
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_what_one_client_has() {
        for (address, network) in [
            ("192.0.2.7", "192.0.2.7"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("2001:db8:1:2::", "2001:db8:1:2::/64"),
            ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
            ("::1", "::/64"),
        ] {
            let address = Address::from(address.parse::<IpAddr>().unwrap());
            assert_eq!(address.network(), network, "{address}");
        }
    }
}
