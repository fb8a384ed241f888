//! Vocabularies of clients: pure decoding to [`Command`]s, pure encoding of what goes back.
//!
//! The one place where strings of the wire meet the closed types inside. A dialect decides shapes
//! and names, never what may happen: whoever asks is known from elsewhere, and no field of a payload
//! says so.

mod fields;
mod native;

use serde_json::{Map, Value};

use crate::model::{Aside, Command, Entry, Message, Notice, Reject, Reply};

/// The closed set of vocabularies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    Native,
}

/// Which side of the conversation a socket is on: what it may ask, and what it may see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Audience {
    Guest,
    Operator,
}

/// An event for a client.
#[derive(Clone, Debug, PartialEq)]
pub struct Outgoing {
    pub event: &'static str,
    pub payload: Value,
}

/// Names of events, in the order of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Events {
    /// What this side may ask.
    pub asked: Vec<&'static str>,
    /// What this side is told.
    pub told: Vec<&'static str>,
}

/// What a client asks for. The refusal names the field that is missing, of the wrong type or out of
/// its range; unknown fields are passed over, so that clients of a later release are understood.
pub fn decode(
    dialect: Dialect,
    audience: Audience,
    event: &str,
    payload: Option<&Value>,
) -> Result<Command, Reject> {
    match dialect {
        Dialect::Native => native::decode(audience, event, payload),
    }
}

/// Whether an event asks for pages that may take their time, and changes nothing.
pub fn is_query(dialect: Dialect, event: &str) -> bool {
    match dialect {
        Dialect::Native => native::is_query(event),
    }
}

/// The acknowledgement of a command. `token` brings a guest back; it is part of the reply to a start.
pub fn encode_reply(
    dialect: Dialect,
    audience: Audience,
    reply: &Reply,
    token: Option<&str>,
) -> Value {
    match dialect {
        Dialect::Native => native::encode_reply(audience, reply, token),
    }
}

/// The acknowledgement of a refused command, the same in every dialect that acknowledges.
pub fn encode_reject(reject: &Reject) -> Value {
    native::encode_reject(reject)
}

/// The same for a client that asked for no acknowledgement, as an event.
pub fn encode_error(dialect: Dialect, event: &str, reject: &Reject) -> Outgoing {
    match dialect {
        Dialect::Native => native::encode_error(event, reject),
    }
}

/// What a reader of a log is told of an entry: nothing, if it is not for this side.
pub fn encode_entry(dialect: Dialect, audience: Audience, entry: &Entry) -> Vec<Outgoing> {
    match dialect {
        Dialect::Native => native::encode_entry(audience, entry),
    }
}

/// What a reader of a log is told beside it.
pub fn encode_aside(dialect: Dialect, audience: Audience, aside: &Aside) -> Option<Outgoing> {
    match dialect {
        Dialect::Native => native::encode_aside(audience, aside),
    }
}

/// `token` as for [`encode_reply`].
pub fn encode_notice(
    dialect: Dialect,
    audience: Audience,
    notice: &Notice,
    token: Option<&str>,
) -> Vec<Outgoing> {
    match dialect {
        Dialect::Native => native::encode_notice(audience, notice, token),
    }
}

/// The native vocabulary of one side.
pub fn native_events(audience: Audience) -> Events {
    native::events(audience)
}

/// The schemas of what events have in common, by name, as JSON Schema that refers to `#/components/schemas`.
pub fn schemas() -> Map<String, Value> {
    native::schemas()
}

/// The schemas of a request and of what its acknowledgement holds beside `ok`.
pub fn asked(audience: Audience, event: &str) -> Option<(Value, Value)> {
    native::asked(audience, event)
}

/// A message as staff reads it in a list.
pub fn encode_message(dialect: Dialect, message: &Message) -> Value {
    match dialect {
        Dialect::Native => native::encode_message(message),
    }
}

/// The native vocabulary as an AsyncAPI 3.0 document. `version` is that of the relay.
pub fn asyncapi(version: &str) -> Value {
    native::asyncapi(version)
}
