//! What a connection is: carried from request to request by the hub, or held by its WebSocket.

use std::fmt;

use bytes::Bytes;
use indexmap::IndexMap;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{app::Socket, repeats::Asked, settings::Mount};
use crate::{
    hub::{Beat, Log, Subject},
    model::{
        Address, FORMAT, Frame, Millis, Offset, PodId, RecoveryId, Sid, SocketId, WorkspaceId,
    },
    wire::{
        engine::{Heartbeat, Open, Revision, encode_open, v3},
        socket::{Decoder, v2},
    },
};

/// A connection's state apart from what the hub itself has to understand.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct ConnectionState<S: Serialize + DeserializeOwned> {
    pub v: u8,
    /// Name of the mount it was opened on; its requests come on that one only.
    pub mount: String,
    pub handshake: Handshake,
    pub decoder: Decoder,
    /// By namespace.
    pub sockets: IndexMap<String, SocketState<S>>,
    /// Until when a first namespace must be joined; `None` once one was.
    pub join_by: Option<Millis>,
    /// When its sockets' recovery records were last written, all of them.
    pub remembered_at: Millis,
    /// The pod that holds it, once it is a WebSocket; a polling connection is nobody's.
    #[serde(skip)]
    pub pod: Option<PodId>,
}

/// Namespaces that one connection may join.
pub const SOCKETS_MAX: usize = 16;

/// The request that opened a connection, as applications see it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handshake {
    pub address: Address,
    /// Query parameters that are not the protocol's own.
    pub params: Vec<(String, String)>,
    pub origin: Option<String>,
    /// Of the protocol, which all its requests are in.
    #[serde(default, skip_serializing_if = "Revision::is_newest")]
    pub revision: Revision,
    /// Polling, it takes bytes only as text. Of the third revision: in others it never takes them otherwise.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub b64: bool,
    /// The token in the cookie of a login, from a page that may send one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login: Option<String>,
}

impl Handshake {
    /// How a connection begins to live that is opened now.
    pub fn heartbeat(&self, now: Millis, mount: &Mount) -> Heartbeat {
        match self.revision {
            Revision::V4 => Heartbeat::new(now, mount.ping_interval_ms),
            Revision::V3 => v3::awaiting_ping(now, mount.ping_interval_ms),
        }
    }

    /// The packet that opens it.
    pub fn open(&self, sid: &Sid, mount: &Mount, upgrades: &[&str]) -> String {
        let open = Open {
            sid: sid.as_str(),
            upgrades,
            ping_interval: mount.ping_interval_ms,
            ping_timeout: mount.ping_timeout_ms,
            max_payload: mount.max_payload as u64,
        };
        match self.revision {
            Revision::V4 => encode_open(&open),
            Revision::V3 => v3::encode_open(&open),
        }
    }
}

impl fmt::Debug for Handshake {
    /// The values of parameters may be tokens.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.params.iter().map(|(name, _)| name.as_str()).collect();
        let mut shown = f.debug_struct("Handshake");
        shown
            .field("address", &self.address)
            .field("params", &names);
        shown.field("origin", &self.origin).finish()
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct SocketState<S: Serialize + DeserializeOwned> {
    pub id: SocketId,
    pub recovery: RecoveryId,
    pub state: S,
    pub workspace: WorkspaceId,
    /// Where it came in; a socket without a log is recovered from there.
    pub start: Offset,
    pub replay: Option<Replay>,
    #[serde(default)]
    pub asked: Asked,
    /// Something that it asked for was refused by trouble that passes. Of this connection alone: who is back says it again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_put_off: bool,
}

/// What a socket replays; where it is in it is the transport's to know.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Replay {
    pub log: Log,
    pub start: Offset,
    pub subject: Subject,
}

impl<S: Serialize + DeserializeOwned + Clone> ConnectionState<S> {
    pub fn new(mount: &str, handshake: Handshake, join_by: Option<Millis>) -> Self {
        Self {
            v: FORMAT,
            mount: mount.to_owned(),
            handshake,
            decoder: Decoder::default(),
            sockets: IndexMap::new(),
            join_by,
            remembered_at: 0,
            pod: None,
        }
    }

    /// `None` for a state that this release cannot read: the connection counts as unknown.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes)
            .ok()
            .filter(|state: &Self| state.v == FORMAT)
    }

    /// The state of a connection that was opened on this mount; on another one it is unknown.
    pub fn of_mount(bytes: &[u8], mount: &Mount) -> Option<Self> {
        Self::read(bytes).filter(|state| state.mount == mount.path)
    }

    pub fn write(&self) -> Bytes {
        serde_json::to_vec(self)
            .map(Bytes::from)
            .unwrap_or_default()
    }

    pub fn socket(&self, sid: &Sid, nsp: &str) -> Option<Socket<S>> {
        let socket = self.sockets.get(nsp)?;
        Some(Socket {
            id: socket.id.clone(),
            nsp: nsp.to_owned(),
            recovery: socket.recovery.clone(),
            sid: sid.clone(),
            pod: self.pod.clone(),
            address: self.handshake.address,
            revision: self.handshake.revision,
            state: socket.state.clone(),
        })
    }

    /// What is not said any more: the client of a third revision has joined another namespace meanwhile, and
    /// the refusal of the root namespace, which it never asked for, would be told to all of its sockets.
    pub fn is_moot(&self, frame: &Frame) -> bool {
        self.handshake.revision == Revision::V3
            && !self.sockets.is_empty()
            && matches!(frame, Frame::Text(text) if v2::is_root_error(text))
    }

    /// Liveness as the hub keeps it.
    pub fn beat(&self, heartbeat: &Heartbeat, timeout: Millis) -> Beat {
        let expires_at = heartbeat.expires_at(timeout);
        Beat {
            ping_at: heartbeat.ping_at(),
            sent: heartbeat.is_sent(),
            expires_at: self
                .join_by
                .map_or(expires_at, |join_by| join_by.min(expires_at)),
        }
    }
}
