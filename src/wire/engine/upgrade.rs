//! The talk on a WebSocket that offers to take over from polling.

use super::packet::Packet;

/// A probing WebSocket: `2probe`, then `5`, nothing else.
///
/// Two rules for its owner, both learnt from what official clients do. Answer `3probe` only once
/// the takeover is certain, since from that moment the client stops sending by polling. Write
/// nothing else before [`ProbeStep::Finish`], since the client loses it silently.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Probe {
    stage: Stage,
}

/// What the owner of a probing WebSocket does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProbeStep {
    /// Claim the connection; if the claim holds, answer `3probe` and release the parked poll.
    Claim,
    /// The WebSocket is the transport now; what polling had not delivered goes out on it.
    Finish,
    /// Close this WebSocket. If `3probe` was sent, the connection is lost with it.
    Refuse,
}

impl Probe {
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether `3probe` may have gone out and the upgrade is not complete: the stage in which the
    /// death of the WebSocket must end the parked poll, for the client waits for nothing else.
    pub fn claimed(&self) -> bool {
        self.stage == Stage::Claimed
    }

    /// Each packet in order; after `Finish` or `Refuse` every further one is refused.
    pub fn on_packet(&mut self, packet: &Packet) -> ProbeStep {
        let (stage, step) = match (&self.stage, packet) {
            (Stage::Fresh, Packet::Ping(data)) if data == "probe" => {
                (Stage::Claimed, ProbeStep::Claim)
            }
            (Stage::Claimed, Packet::Upgrade) => (Stage::Over, ProbeStep::Finish),
            _ => (Stage::Over, ProbeStep::Refuse),
        };
        self.stage = stage;
        step
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    Fresh,
    Claimed,
    Over,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps<const N: usize>(frames: [&str; N]) -> [Option<ProbeStep>; N] {
        let mut probe = Probe::new();
        frames.map(|text| {
            Packet::decode_text(text)
                .ok()
                .map(|packet| probe.on_packet(&packet))
        })
    }

    #[test]
    fn probe_then_upgrade_and_no_more() {
        use ProbeStep::{Claim, Finish, Refuse};
        assert_eq!(steps(["2probe", "5"]), [Some(Claim), Some(Finish)]);
        assert_eq!(
            steps(["2probe", "5", "5"]),
            [Some(Claim), Some(Finish), Some(Refuse)]
        );
        assert_eq!(
            steps(["2probe", "2probe", "5"]),
            [Some(Claim), Some(Refuse), Some(Refuse)]
        );
        assert_eq!(steps(["5"]), [Some(Refuse)]);
        assert_eq!(steps(["2"]), [Some(Refuse)]);
        assert_eq!(steps(["2probe", "1"]), [Some(Claim), Some(Refuse)]);
        assert_eq!(steps(["2probe", "4early"]), [Some(Claim), Some(Refuse)]);
        assert_eq!(steps(["1", "2probe"]), [Some(Refuse), Some(Refuse)]);
    }
}
