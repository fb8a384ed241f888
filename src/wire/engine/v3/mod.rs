//! Engine.IO v3, which clients of Socket.IO 2 speak, where it differs from v4.
//!
//! * Packets of one polling body have their lengths in front, and bytes may be among them
//!   ([`payload`]).
//! * Bytes have their packet's type in front, also in a WebSocket frame and before base64
//!   ([`packet`]).
//! * The client pings and the server answers ([`awaiting_ping`]).
//! * The greeting does not tell how much may be sent at once: nothing keeps a client below it.
//!
//! The probe of a WebSocket that wants to take over is the same.

pub mod packet;
pub mod payload;

use serde_json::Value;

use super::{handshake::Open, heartbeat::Heartbeat};

/// The heartbeat of a connection of which something was heard now: dead once the client's next ping
/// is later than one interval and one timeout. None is ever due from here.
pub const fn awaiting_ping(now: u64, interval: u64) -> Heartbeat {
    Heartbeat::restore(now.saturating_add(interval), true)
}

/// Writes `0{..}` with the four keys of this revision.
pub fn encode_open(open: &Open<'_>) -> String {
    let Open {
        sid,
        upgrades,
        ping_interval,
        ping_timeout,
        max_payload: _,
    } = open;
    let sid = Value::from(*sid);
    let upgrades = Value::from(*upgrades);
    format!(
        "0{{\"sid\":{sid},\"upgrades\":{upgrades},\"pingInterval\":{ping_interval},\
         \"pingTimeout\":{ping_timeout}}}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ping_is_waited_for_and_never_due() {
        let beat = awaiting_ping(1_000, 300);
        assert!(!beat.due(u64::MAX));
        assert_eq!(beat.wake_at(200), 1_500);
        assert!(!beat.expired(1_499, 200));
        assert!(beat.expired(1_500, 200));
        assert_eq!(awaiting_ping(u64::MAX, 300).expires_at(200), u64::MAX);
    }
}
