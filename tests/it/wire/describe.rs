//! Packets as JSON in the notation of `tests/fixtures/wire`.

use serde_json::{Value, json};
use switchboard::wire::engine::{Message, Packet as EnginePacket};
use switchboard::wire::socket::{Ack, Event, EventName, Kind, Packet};

pub fn engine(packet: &EnginePacket) -> Value {
    match packet {
        EnginePacket::Open(data) => json!({ "open": data }),
        EnginePacket::Close => json!("close"),
        EnginePacket::Ping(data) => json!({ "ping": data }),
        EnginePacket::Pong(data) => json!({ "pong": data }),
        EnginePacket::Message(Message::Text(text)) => json!({ "text": text }),
        EnginePacket::Message(Message::Binary(bytes)) => json!({ "binary": bytes }),
        EnginePacket::Upgrade => json!("upgrade"),
        EnginePacket::Noop => json!("noop"),
    }
}

pub fn socket(packet: &Packet) -> Value {
    let nsp = &packet.nsp;
    match &packet.kind {
        Kind::Connect(auth) => json!({ "nsp": nsp, "connect": auth }),
        Kind::Disconnect => json!({ "nsp": nsp, "disconnect": true }),
        Kind::Event(Event {
            name,
            args,
            id,
            attachments,
            replaced,
        }) => {
            let name = match name {
                EventName::Text(name) => json!(name),
                EventName::Number(number) => json!(number),
            };
            let mut event = json!({
                "nsp": nsp, "event": name, "args": args, "id": id, "attachments": attachments,
            });
            if *replaced {
                event["replaced"] = true.into();
            }
            event
        }
        Kind::Ack(Ack {
            id,
            args,
            attachments,
        }) => {
            json!({ "nsp": nsp, "ack": id, "args": args, "attachments": attachments })
        }
        Kind::ConnectError { message, data } => {
            json!({ "nsp": nsp, "connect_error": message, "data": data })
        }
    }
}
