//! When to ping, and when silence means that the peer is gone.

use serde::{Deserialize, Serialize};

/// The heartbeat of one connection, the same for both transports.
///
/// A value without a timer: any pod that holds it and the time can say what is due. Instants are
/// milliseconds of one clock that all holders share, durations are milliseconds.
///
/// The wait for a pong runs from the moment the ping is due, whether or not it could be written:
/// a polling client that stops asking is never sent its ping and must expire all the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heartbeat {
    ping_at: u64,
    sent: bool,
}

impl Heartbeat {
    /// Starts with the handshake; the first ping is due after one interval.
    pub const fn new(now: u64, interval: u64) -> Self {
        Self {
            ping_at: now.saturating_add(interval),
            sent: false,
        }
    }

    /// A value that was kept elsewhere as its two parts.
    pub const fn restore(ping_at: u64, sent: bool) -> Self {
        Self { ping_at, sent }
    }

    /// When the ping of this round is due.
    pub const fn ping_at(&self) -> u64 {
        self.ping_at
    }

    /// The ping of this round is on its way.
    pub const fn is_sent(&self) -> bool {
        self.sent
    }

    /// A ping is to be written now, or with the next poll if none is parked.
    pub const fn due(&self, now: u64) -> bool {
        !self.sent && now >= self.ping_at
    }

    /// The ping that was due is on its way; each round sends one.
    pub const fn sent(&mut self) {
        self.sent = true;
    }

    /// The client answered: the next interval counts from here, so pings are one interval and one
    /// round trip apart.
    ///
    /// A pong that answers nothing is tolerated and postpones nothing, else a client could keep
    /// pings away from itself for ever. Ask [`expired`](Self::expired) first: a pong that comes
    /// after the limit does not revive the connection.
    pub const fn pong(&mut self, now: u64, interval: u64) {
        if self.sent {
            *self = Self::new(now, interval);
        }
    }

    /// The instant from which the connection is dead unless a pong comes before.
    pub const fn expires_at(&self, timeout: u64) -> u64 {
        self.ping_at.saturating_add(timeout)
    }

    /// True from exactly the limit on.
    pub const fn expired(&self, now: u64, timeout: u64) -> bool {
        now >= self.expires_at(timeout)
    }

    /// The next instant at which an answer above changes. It lies in the past while a ping is due
    /// and not [`sent`](Self::sent): who cannot write it sleeps until
    /// [`expires_at`](Self::expires_at) instead.
    pub const fn wake_at(&self, timeout: u64) -> u64 {
        if self.sent {
            self.expires_at(timeout)
        } else {
            self.ping_at
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_is_interval_ping_pong_interval() {
        let mut beat = Heartbeat::new(1_000, 300);
        assert!(!beat.due(1_299));
        assert!(beat.due(1_300));
        assert_eq!(beat.wake_at(200), 1_300);
        beat.sent();
        assert!(!beat.due(1_310));
        assert_eq!(beat.wake_at(200), 1_500);
        beat.pong(1_350, 300);
        assert_eq!(beat, Heartbeat::new(1_350, 300));
    }

    #[test]
    fn silence_expires_at_the_limit_even_if_the_ping_was_never_written() {
        let mut beat = Heartbeat::new(0, 300);
        assert!(!beat.expired(499, 200));
        assert!(beat.expired(500, 200));
        beat.sent();
        assert!(!beat.expired(499, 200));
        assert!(beat.expired(500, 200));
    }

    #[test]
    fn a_pong_without_a_ping_postpones_nothing() {
        let mut beat = Heartbeat::new(0, 300);
        beat.pong(299, 300);
        beat.pong(400, 300);
        assert_eq!(beat, Heartbeat::new(0, 300));
        assert!(beat.due(400));
    }

    #[test]
    fn the_end_of_time_does_not_wrap() {
        let beat = Heartbeat::new(u64::MAX - 1, 300);
        assert_eq!(beat.expires_at(200), u64::MAX);
    }
}
