//! Sockets and requests: Engine.IO over WebSocket and long-polling for whatever [`App`] is behind.
//!
//! | file | what |
//! |---|---|
//! | `accept`, `engine` | from a TCP connection to the endpoint that serves the request |
//! | `polling`, `ws` | the two transports |
//! | `receive`, `join`, `recover`, `depart` | what a client says, joins and leaves, the same for both |
//! | `repeats` | what a client sends again by itself |
//! | `deliver` | from the hub's publications to the sockets |
//! | `state` | what a connection is, between requests |
//! | `auth`, `origin`, `address` | who may; whose connection it is |
//! | `document` | what the relay says of itself, for programs |
//! | `serve`, `drain`, `health` | a pod at work, and its end; probes, metrics |
//! | `revoke` | those who may no longer be here |
//! | `lease`, `reap`, `due` | that a pod lives; what dead ones left behind; what is to happen at a time |

mod accept;
mod address;
mod answer;
mod app;
pub mod auth;
mod deliver;
mod depart;
mod document;
mod drain;
mod due;
mod effects;
mod engine;
mod health;
mod join;
mod lease;
mod origin;
mod pod;
mod polling;
mod reap;
mod receive;
mod recover;
mod repeats;
mod revoke;
mod serve;
mod settings;
mod state;
mod ws;

pub use address::{Proxies, ProxiesError};
pub use app::{
    Admission, App, Arrival, Arriving, Back, ConnectRequest, Late, Named, Refusal, Saying, Socket,
    Telling, Topic, Trouble, Turn, Wait, What,
};
pub use document::document;
pub use health::{Health, metrics, probes};
pub use origin::{Guard, Origins, Verdict, guard_origin};
pub use pod::{Parts, Pod};
pub use revoke::Revocations;
pub use serve::Server;
pub use settings::{ARRIVING_MAX, Mount, Settings};
pub use state::Handshake;
