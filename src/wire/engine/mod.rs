//! Engine.IO v4, and v3 where it differs: a connection of ordered messages over WebSocket or HTTP
//! long-polling.
//!
//! | file | answers |
//! |---|---|
//! | `query` | what did the URL say? |
//! | `route` | which of the four requests is this? |
//! | `error` | what does a refused request get back? |
//! | `handshake` | the packet that opens a connection |
//! | `packet` | one packet as text |
//! | `payload` | many packets as one polling body |
//! | `heartbeat` | when to ping, when to give up |
//! | `upgrade` | may this WebSocket take over from polling? |
//! | `v3` | all of this, where clients of Socket.IO 2 say it otherwise |
//!
//! Packets of both directions are read and written, so a client can be built on the same code.

mod error;
mod handshake;
mod heartbeat;
mod packet;
pub mod payload;
mod query;
mod route;
mod upgrade;
pub mod v3;

pub use error::RequestError;
pub use handshake::{Open, encode_open};
pub use heartbeat::Heartbeat;
pub use packet::{Message, Packet, PacketError};
pub use payload::PayloadError;
pub use query::{Query, Revision, Transport};
pub use route::{Request, route};
pub use upgrade::{Probe, ProbeStep};
