//! Vocabularies of clients: pure decoding to [`Command`]s, pure encoding of what goes back.
//!
//! The one place where strings of the wire meet the closed types inside. A dialect decides shapes
//! and names, never what may happen: whoever asks is known from elsewhere, and no field of a payload
//! says so.

pub mod actions;
mod alias;
mod fields;
mod file;
mod livechat;
mod native;
mod operator;
mod strict;
pub mod widget;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::model::{Aside, Attachment, Command, Entry, Message, Notice, Reject, Reply};

pub use fields::Payload;
use operator::Kind;
pub use operator::NAMELESS;
pub use strict::strictly;

/// The closed set of vocabularies. Who speaks another than the native one may ask by the native names as well.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Dialect {
    /// Seed 000, extended: of our own pages, and of whoever shows nothing else.
    #[default]
    Native,
    /// Seed 001.
    Widget,
    /// Seed 002.
    Livechat,
    /// Seed 003.
    OperatorA,
    /// Seed 004.
    OperatorB,
    /// One of the two before, which has not shown which.
    Operator,
}

impl Dialect {
    /// As sites name them, in a connection or in the settings.
    pub const NAMES: &[(&str, Self)] = &[
        ("portal", Self::Native),
        ("widget", Self::Widget),
        ("livechat", Self::Livechat),
        ("operator-a", Self::OperatorA),
        ("operator-b", Self::OperatorB),
    ];

    pub fn named(name: &str) -> Option<Self> {
        let mut names = Self::NAMES.iter();
        names.find(|(known, _)| *known == name).map(|(_, it)| *it)
    }

    /// Everybody is on one namespace, and says by an event which side it is on.
    pub fn joins(self) -> bool {
        self.kind().is_some()
    }

    /// It shows a picture from the event that tells of it.
    pub fn shows_inline(self) -> bool {
        self.kind().is_some_and(Kind::shows_inline)
    }

    fn kind(self) -> Option<Kind> {
        match self {
            Self::OperatorA => Some(Kind::A),
            Self::OperatorB => Some(Kind::B),
            Self::Operator => Some(Kind::Either),
            Self::Native | Self::Widget | Self::Livechat => None,
        }
    }
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

/// What an event shows of the vocabulary of its client, where that is not known yet.
pub fn settle(
    dialect: Dialect,
    audience: Audience,
    event: &str,
    payload: Option<&Value>,
) -> Dialect {
    match dialect {
        Dialect::Native if audience == Audience::Operator && livechat::is_shown_by(event) => {
            Dialect::Livechat
        }
        Dialect::Operator => match operator::is_a(event, payload) {
            Some(true) => Dialect::OperatorA,
            Some(false) => Dialect::OperatorB,
            None => dialect,
        },
        _ => dialect,
    }
}

/// What a client asks for. The refusal names the field that is missing, of the wrong type or out of
/// its range; unknown fields are passed over, so that clients of a later release are understood.
pub fn decode<'a>(
    dialect: Dialect,
    audience: Audience,
    event: &str,
    payload: impl Into<Payload<'a>>,
) -> Result<Command, Reject> {
    let payload = payload.into();
    let own = match dialect {
        // The widget asks by HTTP.
        Dialect::Native | Dialect::Widget => None,
        Dialect::Livechat => livechat::decode(event, payload),
        Dialect::OperatorA | Dialect::OperatorB | Dialect::Operator => {
            operator::decode(audience, event, payload)
        }
    };
    own.unwrap_or_else(|| native::decode(audience, event, payload))
}

/// Whether an event asks for pages that may take their time, and changes nothing.
pub fn is_query(event: &str) -> bool {
    native::is_query(event)
}

/// The acknowledgement of a command, the same in every dialect: front ends that ask for none never see it. `token`
/// brings a guest back; it is part of the reply to a start.
pub fn encode_reply(audience: Audience, reply: &Reply, token: Option<&str>) -> Value {
    native::encode_reply(audience, reply, token)
}

/// What is said beside the acknowledgement, to front ends that listen for an event.
pub fn encode_answer(dialect: Dialect, reply: &Reply) -> Vec<Outgoing> {
    match dialect.kind() {
        Some(_) => operator::encode_answer(reply),
        None => Vec::new(),
    }
}

/// The acknowledgement of a refused command, the same in every dialect that acknowledges.
pub fn encode_reject(reject: &Reject) -> Value {
    native::encode_reject(reject)
}

/// What is said of a refusal as events. `is_acked`: the client is told by an acknowledgement as well.
pub fn encode_refusal(
    (dialect, audience): (Dialect, Audience),
    event: &str,
    reject: &Reject,
    is_acked: bool,
) -> Vec<Outgoing> {
    match dialect.kind() {
        Some(kind) => operator::encode_refusal(kind, audience, event, reject),
        None if is_acked => Vec::new(),
        None => vec![native::encode_error(event, reject)],
    }
}

/// What a reader of a log is told of an entry: nothing, if it is not for this side.
pub fn encode_entry(dialect: Dialect, audience: Audience, entry: &Entry) -> Vec<Outgoing> {
    match (dialect, dialect.kind()) {
        (_, Some(kind)) => operator::encode_entry(kind, audience, entry),
        (Dialect::Livechat, _) => livechat::encode_entry(entry),
        // By the conversation that its reader has: widget::encode_entry.
        (Dialect::Widget, _) => Vec::new(),
        _ => native::encode_entry(audience, entry),
    }
}

/// What a reader of a log is told beside it.
pub fn encode_aside(dialect: Dialect, audience: Audience, aside: &Aside) -> Option<Outgoing> {
    match (dialect, dialect.kind()) {
        (_, Some(_)) => operator::encode_aside(audience, aside),
        // Of the rooms that it has joined it is told of messages.
        (Dialect::Livechat | Dialect::Widget, _) => None,
        _ => native::encode_aside(audience, aside),
    }
}

/// `token` as for [`encode_reply`].
pub fn encode_notice(
    dialect: Dialect,
    audience: Audience,
    notice: &Notice,
    token: Option<&str>,
) -> Vec<Outgoing> {
    match (notice, dialect, dialect.kind()) {
        // By it a page that wants to can go on with its chat after a reload.
        (Notice::Started(_), ..) | (_, Dialect::Native, _) => {
            native::encode_notice(audience, notice, token)
        }
        (Notice::Waited { written, .. }, _, Some(kind)) => {
            operator::encode_message(kind, audience, &written.message)
        }
        (Notice::Waited { workspace, written }, Dialect::Livechat, _) => {
            vec![livechat::encode_message(workspace, &written.message)]
        }
        // These front ends show no marks.
        _ => Vec::new(),
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
pub fn encode_message(message: &Message) -> Value {
    native::encode_message(message)
}

/// A file as its sender reads of it.
pub fn encode_attachment(file: &Attachment) -> Map<String, Value> {
    file::described(file)
}

/// The native vocabulary as an AsyncAPI 3.0 document. `version` is that of the relay.
pub fn asyncapi(version: &str) -> Value {
    native::asyncapi(version)
}
