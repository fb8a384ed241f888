use serde_json::{Map, Value, json};
use time::{OffsetDateTime, format_description::BorrowedFormatItem, macros::format_description};

use crate::{
    dialect::Audience,
    model::{Agent, Direction, Guest, Message, Millis, Preview, Session},
};

const ISO: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");

/// ISO 8601 in UTC with milliseconds. A time beyond the year 9999 is shown as the epoch.
pub(super) fn timestamp(at: Millis) -> String {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(at) * 1_000_000)
        .unwrap_or(OffsetDateTime::UNIX_EPOCH)
        .format(ISO)
        .unwrap_or_default()
}

/// A message as every reader sees it, live and in the history: the one place that says how.
pub(super) fn message(message: &Message) -> Value {
    let mut fields = object(json!({
        "sessionId": message.session.as_str(),
        "messageId": message.id.to_string(),
        "seq": message.seq,
        "message": message.content.text(),
        "type": "text",
        "timestamp": timestamp(message.at),
        "direction": message.direction.as_str(),
    }));
    let sender = &message.sender;
    match message.direction {
        Direction::In => put(&mut fields, "guestName", sender.name.as_str()),
        Direction::Out => {
            put(&mut fields, "agentId", sender.id.as_str());
            put(&mut fields, "agentName", sender.name.as_str());
        }
    }
    Value::Object(fields)
}

/// A session as staff sees it. The guest gets the part that concerns it: not what it may have said
/// of itself on other devices, nor what staff has not read.
pub(super) fn session(audience: Audience, session: &Session, queue_position: Option<u64>) -> Value {
    let mut fields = object(json!({
        "sessionId": session.id.as_str(),
        "status": session.status.as_str(),
        "createdAt": timestamp(session.created_at),
        "lastActivity": timestamp(session.last_activity),
    }));
    if let Some(assigned) = &session.agent {
        put(&mut fields, "agent", agent(assigned));
    }
    if let Some(position) = queue_position {
        put(&mut fields, "queuePosition", position);
    }
    if audience == Audience::Operator {
        put(&mut fields, "guest", guest(&session.guest));
        put(&mut fields, "unread", session.unread);
        if let Some(last) = &session.last_message {
            put(&mut fields, "lastMessage", preview(last));
        }
    }
    Value::Object(fields)
}

pub(super) fn agent(agent: &Agent) -> Value {
    json!({ "agentId": agent.id.as_str(), "agentName": agent.name })
}

fn preview(preview: &Preview) -> Value {
    json!({
        "message": preview.text,
        "direction": preview.direction.as_str(),
        "timestamp": timestamp(preview.at),
    })
}

/// Only what the guest has said of itself.
fn guest(guest: &Guest) -> Value {
    let texts = [
        ("name", &guest.name),
        ("email", &guest.email),
        ("phone", &guest.phone),
        ("page", &guest.page),
    ];
    let mut fields = Map::new();
    for (name, text) in texts {
        if let Some(text) = text {
            put(&mut fields, name, text.as_str());
        }
    }
    if let Some(metadata) = &guest.metadata {
        put(&mut fields, "metadata", metadata.clone());
    }
    Value::Object(fields)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_utc_with_milliseconds() {
        let cases = [
            (0, "1970-01-01T00:00:00.000Z"),
            (1_700_000_000_007, "2023-11-14T22:13:20.007Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (u64::MAX, "1970-01-01T00:00:00.000Z"),
        ];
        for (at, expected) in cases {
            assert_eq!(timestamp(at), expected);
        }
    }
}
