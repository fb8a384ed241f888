//! What the server is told once, at start.

use std::time::Duration;

use super::{address::Proxies, origin::Origins};
use crate::{hub::Limit, model::Millis};

#[derive(Clone, Debug)]
pub struct Settings {
    pub mounts: Vec<Mount>,
    /// Clients of Socket.IO 2, which speak Engine.IO v3, are let in.
    pub allow_eio3: bool,
    pub origins: Origins,
    /// That tell whom they speak for.
    pub proxies: Proxies,
    /// New connections of one network.
    pub handshakes: Limit,
    /// TCP connections at a time.
    pub max_connections: usize,
    /// Connections that are on their way in at a time: opened, and not joined yet.
    pub arriving_max: usize,
    /// Until a first namespace must be joined.
    pub connect_timeout_ms: Millis,
    /// An ack that waits for storage is answered `pending` after this.
    pub ack_timeout_ms: Millis,
    /// A WebSocket that takes nothing for so long is closed.
    pub slow_timeout: Duration,
    pub recovery_window_ms: Millis,
    /// Over which WebSockets are closed when the process ends.
    pub drain: Duration,
    /// When the process ends: whoever sends requests here has heard of it once none has come for so long.
    pub quiet: Duration,
    pub pod_lease_ms: Millis,
    /// Over which every partition is looked at once for connections whose time has run out.
    pub sweep: Duration,
}

impl Settings {
    /// How long a connection lives of which nothing is heard, at most.
    pub fn silence_ms(&self) -> Millis {
        let mounts = self.mounts.iter();
        let silences = mounts.map(|mount| mount.ping_interval_ms + mount.ping_timeout_ms);
        silences.max().unwrap_or_default()
    }
}

/// A path prefix that speaks Engine.IO.
#[derive(Clone, Debug)]
pub struct Mount {
    /// With leading and trailing slash; a prefix, as in the reference.
    pub path: String,
    pub ping_interval_ms: Millis,
    pub ping_timeout_ms: Millis,
    pub upgrade_timeout_ms: Millis,
    /// Bytes of one POST, one WebSocket message, and what the handshake announces.
    pub max_payload: usize,
    /// No Socket.IO on top: messages go to [`super::App::raw`].
    pub raw: bool,
}

/// How long a GET that arrives during an upgrade waits for it: a client that has not read `3probe`
/// yet would otherwise spin.
pub const UPGRADE_HOLD: Duration = Duration::from_millis(100);
/// How long a GET that comes to an ending process waits for data: who is sent here again and again by a
/// proxy that does not ask for readiness would otherwise spin.
pub const DRAIN_HOLD: Duration = Duration::from_millis(250);
/// A request's body must be there within this.
pub const BODY_TIMEOUT: Duration = Duration::from_secs(30);
/// A pod that works on a POST is believed to be at it for so long.
pub const POST_LEASE_MS: Millis = 10_000;
/// Between two looks at a POST that runs elsewhere.
pub const POST_POLL: Duration = Duration::from_millis(25);
/// Of [`Settings::arriving_max`]. So many are taken in within seconds, and whoever comes beyond is told at once
/// to try again: waiting in line it would be given up by its client, which would come once more.
pub const ARRIVING_MAX: usize = 1000;
/// A client that has opened a WebSocket and says nothing is not on its way in any more.
pub const ARRIVING_MS: Millis = 5_000;
/// Packets in one polling payload.
pub const MAX_PACKETS: usize = 4096;
/// Over which connections are closed whose partition has begun a new life: their clients come back with
/// nothing to be recovered from, and all of them read the history.
pub const NEW_LIFE: Duration = Duration::from_secs(2);
/// Entries read from a log at once.
pub const READ_LIMIT: usize = 300;
/// Bytes of events in one GET response, about; the rest follows with the next.
pub const BATCH_BYTES: usize = 512 * 1024;
/// Publications that wait for one WebSocket; beyond that it is behind and reads the log.
pub const MAILBOX: usize = 256;
/// Publications that wait for the pod; beyond that everything is read again.
pub const PUBLICATIONS: usize = 65_536;
/// How long a recovery record outlives the last that was heard of a connection that never ended.
pub const RECOVERY_TTL_MS: Millis = 24 * 60 * 60 * 1000;
