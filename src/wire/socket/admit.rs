//! What a client may say in a namespace, given whether it has joined it.

use serde_json::{Map, Value};

use super::packet::{Ack, Event, Kind, Packet};

/// A client's packet that is in order.
#[derive(Debug, Clone, PartialEq)]
pub enum Admitted {
    /// Asks to join; whether the namespace exists and lets it in is decided elsewhere.
    Connect {
        nsp: String,
        auth: Map<String, Value>,
    },
    Leave {
        nsp: String,
    },
    Event {
        nsp: String,
        event: Event,
    },
    Ack {
        nsp: String,
        ack: Ack,
    },
}

/// A packet no official client sends in that state. The whole connection is closed, not the
/// namespace alone: the two sides no longer agree on what is joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    #[error("namespace is already joined")]
    Rejoined,
    #[error("namespace is not joined")]
    NotJoined,
    #[error("packet is one only a server may send")]
    ServerOnly,
}

/// `joined` says that the namespace of this packet has been entered and not left; while its
/// CONNECT is still being decided it is not joined, and a second CONNECT in that time is for the
/// caller to refuse. A CONNECT without auth and one with an empty object are the same.
pub fn admit(packet: Packet, joined: bool) -> Result<Admitted, Violation> {
    let Packet { nsp, kind } = packet;
    match (kind, joined) {
        (Kind::Connect(auth), false) => Ok(Admitted::Connect {
            nsp,
            auth: auth.unwrap_or_default(),
        }),
        (Kind::Connect(_), true) => Err(Violation::Rejoined),
        (Kind::Disconnect, true) => Ok(Admitted::Leave { nsp }),
        (Kind::Event(event), true) => Ok(Admitted::Event { nsp, event }),
        (Kind::Ack(ack), true) => Ok(Admitted::Ack { nsp, ack }),
        (Kind::Disconnect | Kind::Event(_) | Kind::Ack(_), false) => Err(Violation::NotJoined),
        (Kind::ConnectError { .. }, _) => Err(Violation::ServerOnly),
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse::parse;
    use super::*;

    fn verdict(text: &str, joined: bool) -> Option<Result<Admitted, Violation>> {
        parse(text).ok().map(|parsed| admit(parsed.packet, joined))
    }

    #[test]
    fn joining_comes_first_and_once() {
        let nsp = "/a".to_owned();
        let auth = Map::new();
        assert_eq!(
            verdict("0/a,", false),
            Some(Ok(Admitted::Connect {
                nsp: nsp.clone(),
                auth
            }))
        );
        assert_eq!(verdict("0/a,", true), Some(Err(Violation::Rejoined)));
        assert_eq!(verdict("1/a,", true), Some(Ok(Admitted::Leave { nsp })));
        for early in ["1/a,", r#"2/a,["x"]"#, "3/a,1[]"] {
            assert_eq!(verdict(early, false), Some(Err(Violation::NotJoined)));
        }
        for joined in [false, true] {
            assert_eq!(
                verdict(r#"4/a,"no""#, joined),
                Some(Err(Violation::ServerOnly))
            );
        }
    }
}
