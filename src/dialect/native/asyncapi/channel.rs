use serde_json::{Map, Value, json};

use super::schema;
use crate::dialect::{
    Audience,
    native::{
        view::{object, put},
        vocabulary::{Asked, Told, asked_by, told_to},
    },
};

pub(super) fn name(audience: Audience) -> &'static str {
    match audience {
        Audience::Guest => "guests",
        Audience::Operator => "operators",
    }
}

pub(super) fn channel(audience: Audience) -> Value {
    let (address, says) = match audience {
        Audience::Guest => ("/public-portal", "The namespace of guests."),
        Audience::Operator => ("/", "The namespace of operators."),
    };
    let mut messages = Map::new();
    put(&mut messages, "connect", connect(audience));
    put(&mut messages, "connect_error", connect_error());
    for asked in asked_by(audience) {
        put(&mut messages, &key("ask", asked.event), request(asked));
        put(&mut messages, &key("ack", asked.event), ack(asked));
    }
    for told in told_to(audience) {
        put(&mut messages, &key("tell", told.event), event(told));
    }
    json!({ "address": address, "description": says, "messages": messages })
}

/// `receive` and `send` are the relay's.
pub(super) fn operations(audience: Audience) -> Map<String, Value> {
    let channel = name(audience);
    let mut operations = Map::new();
    let connect = asks(channel, "connect", "connect_error", "Joins the namespace.");
    put(&mut operations, &format!("{channel}.connect"), connect);
    for asked in asked_by(audience) {
        let (ask, ack) = (key("ask", asked.event), key("ack", asked.event));
        let operation = asks(channel, &ask, &ack, asked.says);
        put(&mut operations, &format!("{channel}.{ask}"), operation);
    }
    for told in told_to(audience) {
        let tell = key("tell", told.event);
        let operation = json!({
            "action": "send",
            "channel": to_channel(channel),
            "summary": told.says,
            "messages": [to_message(channel, &tell)],
        });
        put(&mut operations, &format!("{channel}.{tell}"), operation);
    }
    operations
}

fn asks(channel: &str, ask: &str, answer: &str, says: &str) -> Value {
    json!({
        "action": "receive",
        "channel": to_channel(channel),
        "summary": says,
        "messages": [to_message(channel, ask)],
        "reply": {
            "channel": to_channel(channel),
            "messages": [to_message(channel, answer)],
        },
    })
}

/// Keys of an AsyncAPI document have no colons.
fn key(kind: &str, event: &str) -> String {
    format!("{kind}.{}", event.replace(':', "_"))
}

fn to_channel(channel: &str) -> Value {
    json!({ "$ref": format!("#/channels/{channel}") })
}

fn to_message(channel: &str, message: &str) -> Value {
    json!({ "$ref": format!("#/channels/{channel}/messages/{message}") })
}

fn request(asked: &Asked) -> Value {
    json!({
        "name": asked.event,
        "summary": asked.says,
        "payload": schema::fields(asked.fields),
    })
}

fn ack(asked: &Asked) -> Value {
    let mut done = object(schema::fields(asked.ack));
    let properties = done.entry("properties").or_insert_with(|| json!({}));
    properties["ok"] = json!({ "type": "boolean", "const": true });
    let required = done.entry("required").or_insert_with(|| json!([]));
    if let Some(required) = required.as_array_mut() {
        required.push("ok".into());
    }
    json!({
        "name": asked.event,
        "title": format!("Acknowledgement of {}", asked.event),
        "payload": { "oneOf": [done, schema::reference("Refused")] },
    })
}

fn event(told: &Told) -> Value {
    json!({
        "name": told.event,
        "summary": told.says,
        "payload": schema::fields(told.fields),
    })
}

/// The `auth` of a client.
fn connect(audience: Audience) -> Value {
    let (name, says) = match audience {
        Audience::Guest => (
            "workspace",
            "Whose site it is; `default` if left out. The query of the URL may have it instead.",
        ),
        Audience::Operator => (
            "token",
            "A JWT of the operator. The query of the URL may have it instead.",
        ),
    };
    json!({
        "name": "connect",
        "title": "CONNECT",
        "summary": "The `auth` of the client: no event, but the packet that joins the namespace.",
        "payload": {
            "type": "object",
            "properties": { name: { "type": "string", "description": says } },
        },
    })
}

fn connect_error() -> Value {
    json!({
        "name": "connect_error",
        "title": "CONNECT_ERROR",
        "summary": "The namespace is refused.",
        "payload": schema::reference("ConnectError"),
    })
}
