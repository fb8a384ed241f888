//! Who takes part. Everybody behaves as an honest application does: a message has an id of its own and is
//! said again, with the same id, until it is acknowledged; who is not recovered reads the history, up to
//! what it had before.
//!
//! | file | |
//! |---|---|
//! | `link` | Engine.IO over WebSocket or long-polling |
//! | `client` | Socket.IO of one namespace, and how it comes back |
//! | `plant` | what a relay with a bug would do |
//! | `talk` | what guests and operators have in common |
//! | `guest`, `operator` | what each of them does |
//! | `node` | the official client, in processes of its own |

pub mod client;
pub mod guest;
mod link;
pub mod node;
pub mod operator;
pub mod plant;
mod talk;

/// What everybody is told from outside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Orders {
    pub phase: Phase,
    /// Leave the connection, and come back, when this grows.
    pub kicks: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    #[default]
    Talk,
    /// Nothing new; what was said is said until it is acknowledged.
    Stop,
    /// Read everything, and go.
    Leave,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    WebSocket,
    Polling,
    /// The official client's own way: polling, then WebSocket.
    Both,
}
