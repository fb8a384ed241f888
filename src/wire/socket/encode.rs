//! Packets as Engine.IO text, leading `4` included: what comes out is ready to be sent.
//!
//! A namespace given here is one that was parsed or one of the product's own: it starts with `/`
//! and holds neither `,` nor `?`.

use std::fmt::Write as _;

use bytes::Bytes;
use serde::Serialize;
use serde::ser::Error as _;
use serde_json::{Map, Value};

use super::packet::{Ack, Event, Kind, Packet, ROOT};

/// A packet and the binary messages that must follow it directly, in order: the client takes any
/// text between them for an error, so no other packet may come in between.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encoded {
    pub text: String,
    pub attachments: Vec<Bytes>,
}

/// Writes an event from anything that serialises, with no tree of values in between: each
/// delivery comes through here.
///
/// `offset` becomes the last argument, where a recovering client looks for it. A client stores
/// any text that is the last argument, so an event without an offset must not end in text.
/// Fails only if `payload` does.
pub fn event<T: Serialize + ?Sized>(
    nsp: &str,
    id: Option<u64>,
    name: &str,
    payload: Option<&T>,
    offset: Option<&str>,
) -> Result<String, serde_json::Error> {
    let mut buf = head('2', 0, nsp, id).into_bytes();
    buf.push(b'[');
    serde_json::to_writer(&mut buf, name)?;
    if let Some(payload) = payload {
        buf.push(b',');
        serde_json::to_writer(&mut buf, payload)?;
    }
    if let Some(offset) = offset {
        buf.push(b',');
        serde_json::to_writer(&mut buf, offset)?;
    }
    buf.push(b']');
    into_text(buf)
}

/// Answers an event with one argument. Fails only if `payload` does.
pub fn ack<T: Serialize + ?Sized>(
    nsp: &str,
    id: u64,
    payload: &T,
) -> Result<String, serde_json::Error> {
    let mut buf = head('3', 0, nsp, Some(id)).into_bytes();
    buf.push(b'[');
    serde_json::to_writer(&mut buf, payload)?;
    buf.push(b']');
    into_text(buf)
}

/// Lets a client into a namespace. With a `pid` the client will try to recover; without one it
/// forgets any it had.
pub fn connect(nsp: &str, sid: &str, pid: Option<&str>) -> String {
    let mut text = head('0', 0, nsp, None);
    push(&mut text, format_args!("{{\"sid\":{}", Value::from(sid)));
    if let Some(pid) = pid {
        push(&mut text, format_args!(",\"pid\":{}", Value::from(pid)));
    }
    text.push('}');
    text
}

/// Refuses a CONNECT. The client does not try again by itself: not for trouble that will pass.
pub fn connect_error(nsp: &str, message: &str, data: Option<&Value>) -> String {
    let mut text = head('4', 0, nsp, None);
    push(
        &mut text,
        format_args!("{{\"message\":{}", Value::from(message)),
    );
    if let Some(data) = data {
        push(&mut text, format_args!(",\"data\":{data}"));
    }
    text.push('}');
    text
}

/// Ends a namespace and leaves the connection open. The client does not come back by itself.
pub fn disconnect(nsp: &str) -> String {
    head('1', 0, nsp, None)
}

/// Writes any packet. With attachments an event or acknowledgement is of the binary type, which
/// clients take up to [`MAX_ATTACHMENTS`](super::MAX_ATTACHMENTS) of.
pub fn packet(packet: &Packet) -> Encoded {
    let nsp = packet.nsp.as_str();
    match &packet.kind {
        Kind::Connect(auth) => text_only(client_connect(nsp, auth.as_ref())),
        Kind::Disconnect => text_only(disconnect(nsp)),
        Kind::ConnectError { message, data } => {
            text_only(connect_error(nsp, message, data.as_ref()))
        }
        Kind::Event(event) => full_event(nsp, event),
        Kind::Ack(ack) => full_ack(nsp, ack),
    }
}

fn client_connect(nsp: &str, auth: Option<&Map<String, Value>>) -> String {
    let mut text = head('0', 0, nsp, None);
    if let Some(auth) = auth {
        push(&mut text, format_args!("{}", Value::Object(auth.clone())));
    }
    text
}

fn full_event(nsp: &str, event: &Event) -> Encoded {
    let Event {
        name,
        args,
        id,
        attachments,
        // What stands there is written.
        replaced: _,
    } = event;
    let tag = if attachments.is_empty() { '2' } else { '5' };
    let mut text = head(tag, attachments.len(), nsp, *id);
    push(&mut text, format_args!("[{name}"));
    for arg in args {
        push(&mut text, format_args!(",{arg}"));
    }
    text.push(']');
    Encoded {
        text,
        attachments: attachments.clone(),
    }
}

fn full_ack(nsp: &str, ack: &Ack) -> Encoded {
    let Ack {
        id,
        args,
        attachments,
    } = ack;
    let tag = if attachments.is_empty() { '3' } else { '6' };
    let mut text = head(tag, attachments.len(), nsp, Some(*id));
    for (index, arg) in args.iter().enumerate() {
        push(
            &mut text,
            format_args!("{}{arg}", if index == 0 { "[" } else { "," }),
        );
    }
    text.push_str(if args.is_empty() { "[]" } else { "]" });
    Encoded {
        text,
        attachments: attachments.clone(),
    }
}

fn text_only(text: String) -> Encoded {
    Encoded {
        text,
        attachments: Vec::new(),
    }
}

/// Everything before the JSON.
pub(super) fn head(tag: char, attachments: usize, nsp: &str, id: Option<u64>) -> String {
    let mut text = String::with_capacity(128);
    text.push('4');
    text.push(tag);
    if attachments > 0 {
        push(&mut text, format_args!("{attachments}-"));
    }
    if nsp != ROOT {
        push(&mut text, format_args!("{nsp},"));
    }
    if let Some(id) = id {
        push(&mut text, format_args!("{id}"));
    }
    text
}

/// Writing to a `String` cannot fail, though its signature says so.
fn push(text: &mut String, args: std::fmt::Arguments<'_>) {
    let _ = text.write_fmt(args);
}

fn into_text(json: Vec<u8>) -> Result<String, serde_json::Error> {
    String::from_utf8(json).map_err(serde_json::Error::custom)
}
