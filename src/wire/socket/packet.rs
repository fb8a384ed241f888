//! The packets of Socket.IO, whole: attachments are beside the arguments that refer to them.

use std::fmt;

use bytes::Bytes;
use serde_json::{Map, Number, Value};

/// The namespace that is never written on the wire.
pub const ROOT: &str = "/";

/// Binary attachments of one packet. Official clients close the connection over an eleventh, so
/// who emits must keep to it as well.
pub const MAX_ATTACHMENTS: usize = 10;

/// A packet of either direction, in its namespace.
#[derive(Debug, Clone, PartialEq)]
pub struct Packet {
    /// Starts with `/`, holds neither `,` nor `?`.
    pub nsp: String,
    pub kind: Kind,
}

/// What a packet says.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// From a client: the auth object. From a server: `sid` and perhaps `pid`.
    Connect(Option<Map<String, Value>>),
    Disconnect,
    Event(Event),
    Ack(Ack),
    /// Only a server sends it; to the client it is final, it will not try again by itself.
    ConnectError {
        message: String,
        data: Option<Value>,
    },
}

/// A named event. Where an argument was binary, `args` holds `{"_placeholder":true,"num":n}` and
/// `attachments` the bytes under index `n`. Without attachments such an object is plain data.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    pub name: EventName,
    /// Without the name.
    pub args: Vec<Value>,
    /// Set when the sender wants an [`Ack`] with the same id.
    pub id: Option<u64>,
    pub attachments: Vec<Bytes>,
    /// Something in it was half a surrogate pair, which JavaScript can write and UTF-8 cannot;
    /// U+FFFD stands in its place.
    pub replaced: bool,
}

/// The answer to an event that carried an id, once per id. Binary arguments as in [`Event`].
#[derive(Debug, Clone, PartialEq)]
pub struct Ack {
    pub id: u64,
    pub args: Vec<Value>,
    pub attachments: Vec<Bytes>,
}

/// Clients may name an event by a number, and `1` is not the same event as `"1"`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventName {
    Text(String),
    Number(Number),
}

impl EventName {
    /// The name, if it is one of the kind that people give.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(name) => Some(name),
            Self::Number(_) => None,
        }
    }
}

impl From<&str> for EventName {
    fn from(name: &str) -> Self {
        Self::Text(name.to_owned())
    }
}

/// As JSON, which is how it stands on the wire.
impl fmt::Display for EventName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(name) => Value::from(name.as_str()).fmt(f),
            Self::Number(number) => number.fmt(f),
        }
    }
}
