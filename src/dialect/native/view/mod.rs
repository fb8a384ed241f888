//! What the events have in common: messages, sessions, times.

mod message;
mod session;

use serde_json::{Map, Value, json};

use crate::{
    dialect::{Audience, Outgoing},
    model::{Agent, Direction, Participant, SessionId},
};

pub(super) use crate::model::timestamp;
pub(super) use message::{said, written};
pub(super) use session::session;

/// How far the reader's own messages have come.
pub(super) fn status(session: &SessionId, seq: u64, status: &str) -> Outgoing {
    Outgoing {
        event: "message:status",
        payload: json!({ "sessionId": session.as_str(), "seq": seq, "status": status }),
    }
}

/// Which way the messages of this side go.
pub(super) fn writes(audience: Audience) -> Direction {
    match audience {
        Audience::Guest => Direction::In,
        Audience::Operator => Direction::Out,
    }
}

pub(super) fn operator(operator: &Agent, away: bool) -> Value {
    let mut fields = object(agent(operator));
    put(&mut fields, "status", if away { "away" } else { "online" });
    Value::Object(fields)
}

/// `guest`, or the id of an operator.
pub(super) fn participant(participant: &Participant) -> &str {
    match participant {
        Participant::Guest => "guest",
        Participant::Operator(id) => id.as_str(),
    }
}

pub(super) fn agent(agent: &Agent) -> Value {
    json!({ "agentId": agent.id.as_str(), "agentName": agent.name })
}

pub(super) fn put(fields: &mut Map<String, Value>, name: &str, value: impl Into<Value>) {
    fields.insert(name.to_owned(), value.into());
}

/// The fields of an object literal.
pub(super) fn object(literal: Value) -> Map<String, Value> {
    match literal {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}
