//! The packet that opens a connection.

use serde_json::Value;

/// What the client must know from the start. All durations are milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Open<'a> {
    pub sid: &'a str,
    /// Transports worth a probe: `websocket` on polling, none on a WebSocket.
    pub upgrades: &'a [&'a str],
    /// The client gives the connection up when no ping has come for `ping_interval` and
    /// `ping_timeout` together; nothing but a ping restarts that wait.
    pub ping_interval: u64,
    pub ping_timeout: u64,
    /// Bytes. The client cuts its POST bodies to this, so it must be the limit really enforced.
    pub max_payload: u64,
}

/// Writes `0{..}` with exactly five keys in the order of the fields: foreign clients compare it
/// as strictly as the conformance suite does.
pub fn encode_open(open: &Open<'_>) -> String {
    let Open {
        sid,
        upgrades,
        ping_interval,
        ping_timeout,
        max_payload,
    } = open;
    let sid = Value::from(*sid);
    let upgrades = Value::from(*upgrades);
    format!(
        "0{{\"sid\":{sid},\"upgrades\":{upgrades},\"pingInterval\":{ping_interval},\
         \"pingTimeout\":{ping_timeout},\"maxPayload\":{max_payload}}}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_keys_in_order_and_strings_escaped() {
        let open = Open {
            sid: "a\"b",
            upgrades: &[],
            ping_interval: 300,
            ping_timeout: 200,
            max_payload: 1_000_000,
        };
        assert_eq!(
            encode_open(&open),
            r#"0{"sid":"a\"b","upgrades":[],"pingInterval":300,"pingTimeout":200,"maxPayload":1000000}"#
        );
    }
}
