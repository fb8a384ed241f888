//! The vocabulary as an AsyncAPI 3.0 document, made of the table.
//!
//! A channel is a namespace, an operation an event of one direction, and an acknowledgement the reply to
//! it. Sizes in bytes are `x-maxBytes`; `maxLength`, which counts characters, can only be as much.

mod channel;
mod errors;
mod schema;

use serde_json::{Map, Value, json};

use super::{
    view::put,
    vocabulary::{RECORDS, asked_by},
};
use crate::dialect::Audience;

const ABOUT: &str = "Live chat between the guests of a site and the operators who answer them, over \
    Socket.IO 4 (protocol 5 over Engine.IO 4), by WebSocket or long-polling.\n\n\
    Every event has one argument, an object. Every request may ask for an acknowledgement: \
    `{ok: true, …}` or `{ok: false, error}`. A field that is `null` counts as left out, fields that \
    are not known are passed over, and no text may hold the character NUL. Expect new fields, and \
    new events.\n\n\
    What is kept in a log is followed by a second argument, a string: the position from which the \
    client recovers. The official clients take care of it.";

pub(in crate::dialect) fn asyncapi(version: &str) -> Value {
    let (mut channels, mut operations) = (Map::new(), Map::new());
    for audience in [Audience::Guest, Audience::Operator] {
        let name = channel::name(audience);
        put(&mut channels, name, channel::channel(audience));
        operations.extend(channel::operations(audience));
    }
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Switchboard",
            "version": version,
            "description": ABOUT,
        },
        "defaultContentType": "application/json",
        "servers": {
            "plain": server("ws", "Where the relay itself listens."),
            "secure": server("wss", "Behind a proxy that ends TLS."),
        },
        "channels": channels,
        "operations": operations,
        "components": { "schemas": schemas() },
    })
}

/// Of what events have in common.
pub(in crate::dialect) fn schemas() -> Map<String, Value> {
    let mut schemas: Map<_, _> = RECORDS
        .iter()
        .map(|record| (record.name.to_owned(), schema::record(record)))
        .collect();
    schemas.extend(errors::schemas());
    schemas
}

/// Of a request, and of what its acknowledgement holds beside `ok`.
pub(in crate::dialect) fn asked(audience: Audience, event: &str) -> Option<(Value, Value)> {
    let mut known = asked_by(audience).iter();
    let asked = known.find(|asked| asked.event == event)?;
    Some((schema::fields(asked.fields), schema::fields(asked.ack)))
}

fn server(protocol: &str, says: &str) -> Value {
    json!({
        "host": "{host}",
        "pathname": "/socket.io/",
        "protocol": protocol,
        "protocolVersion": "Socket.IO 5, Engine.IO 4",
        "description": format!("{says} The same path serves long-polling."),
        "variables": { "host": { "default": "localhost:3001" } },
    })
}
