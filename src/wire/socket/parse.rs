//! One text message as a packet.
//!
//! Shape, after Engine.IO's `4`: type digit, `n-` on the two binary types, namespace and comma
//! unless it is `/`, acknowledgement id, JSON.

use serde_json::Value;

use super::packet::{Ack, Event, EventName, Kind, MAX_ATTACHMENTS, Packet, ROOT};
use super::placeholder::placeholders_fit;
use super::surrogate::without_halves;

/// Longest namespace in bytes, without a query.
pub const MAX_NAMESPACE: usize = 255;

/// A packet as its text describes it.
#[derive(Debug, Clone, PartialEq)]
pub struct Parsed {
    /// Its `attachments` are still empty.
    pub packet: Packet,
    /// Binary messages that must follow, at most [`MAX_ATTACHMENTS`].
    pub missing: usize,
}

/// Why a text is not a packet. Any of them ends the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    #[error("packet type is missing or unknown")]
    Type,
    #[error("attachment count is missing, malformed or above 10")]
    AttachmentCount,
    #[error("namespace is too long")]
    Namespace,
    #[error("acknowledgement id is missing or out of range")]
    AckId,
    #[error("payload is not valid JSON or nested too deeply")]
    Json,
    #[error("payload does not suit the packet type")]
    Payload,
    #[error("event name is missing or neither text nor number")]
    EventName,
    #[error("event name is reserved")]
    ReservedName,
    #[error("placeholder does not refer to an attachment")]
    Placeholder,
}

/// Reads what follows Engine.IO's `4`.
///
/// Tolerated, since clients in the field do it: a namespace without its comma when nothing
/// follows, and a query after the namespace, which is dropped. Placeholders of a binary packet
/// must be within its attachment count; one may be used twice or never, as the reference permits.
/// JSON nests at most 127 deep (`serde_json`'s own limit), which bounds the recursion here too.
/// Half a surrogate pair is what a client writes that cuts a text within an emoji, again with each
/// repeat: an event with one is marked, for its sender to be told, instead of ending the connection.
pub fn parse(text: &str) -> Result<Parsed, ParseError> {
    let mut chars = text.chars();
    let tag = chars.next().ok_or(ParseError::Type)?;
    let rest = chars.as_str();
    let (missing, rest) = match tag {
        '5' | '6' => attachment_count(rest)?,
        _ => (0, rest),
    };
    let (nsp, rest) = namespace(rest)?;
    let kind = match tag {
        '0' => connect(rest)?,
        '1' => disconnect(rest)?,
        '2' | '5' => event(rest)?,
        '3' | '6' => ack(rest)?,
        '4' => connect_error(rest)?,
        _ => return Err(ParseError::Type),
    };
    if matches!(tag, '5' | '6') && !placeholders_fit(&kind, missing) {
        return Err(ParseError::Placeholder);
    }
    Ok(Parsed {
        packet: Packet {
            nsp: nsp.to_owned(),
            kind,
        },
        missing,
    })
}

fn attachment_count(text: &str) -> Result<(usize, &str), ParseError> {
    let (digits, rest) = leading_digits(text);
    let rest = rest.strip_prefix('-').ok_or(ParseError::AttachmentCount)?;
    match digits.parse() {
        Ok(count) if count <= MAX_ATTACHMENTS => Ok((count, rest)),
        _ => Err(ParseError::AttachmentCount),
    }
}

fn namespace(text: &str) -> Result<(&str, &str), ParseError> {
    if !text.starts_with('/') {
        return Ok((ROOT, text));
    }
    let (full, rest) = text.split_once(',').unwrap_or((text, ""));
    let name = full.split_once('?').map_or(full, |(name, _query)| name);
    if name.len() > MAX_NAMESPACE {
        return Err(ParseError::Namespace);
    }
    Ok((name, rest))
}

fn connect(text: &str) -> Result<Kind, ParseError> {
    if text.is_empty() {
        return Ok(Kind::Connect(None));
    }
    match json(text)?.0 {
        Value::Object(auth) => Ok(Kind::Connect(Some(auth))),
        _ => Err(ParseError::Payload),
    }
}

fn disconnect(text: &str) -> Result<Kind, ParseError> {
    if text.is_empty() {
        Ok(Kind::Disconnect)
    } else {
        Err(ParseError::Payload)
    }
}

fn event(text: &str) -> Result<Kind, ParseError> {
    let (id, text) = ack_id(text)?;
    let (args, replaced) = array(text)?;
    let mut args = args.into_iter();
    let name = match args.next() {
        Some(Value::String(name)) if is_reserved(&name) => return Err(ParseError::ReservedName),
        Some(Value::String(name)) => EventName::Text(name),
        Some(Value::Number(number)) => EventName::Number(number),
        _ => return Err(ParseError::EventName),
    };
    Ok(Kind::Event(Event {
        name,
        args: args.collect(),
        id,
        attachments: Vec::new(),
        replaced,
    }))
}

fn ack(text: &str) -> Result<Kind, ParseError> {
    let (id, text) = ack_id(text)?;
    let id = id.ok_or(ParseError::AckId)?;
    Ok(Kind::Ack(Ack {
        id,
        args: array(text)?.0,
        attachments: Vec::new(),
    }))
}

/// An object with a `message`, or the bare text of older servers.
fn connect_error(text: &str) -> Result<Kind, ParseError> {
    match json(text)?.0 {
        Value::String(message) => Ok(Kind::ConnectError {
            message,
            data: None,
        }),
        Value::Object(mut fields) => match fields.remove("message") {
            Some(Value::String(message)) => Ok(Kind::ConnectError {
                message,
                data: fields.remove("data"),
            }),
            _ => Err(ParseError::Payload),
        },
        _ => Err(ParseError::Payload),
    }
}

fn ack_id(text: &str) -> Result<(Option<u64>, &str), ParseError> {
    match leading_digits(text) {
        ("", rest) => Ok((None, rest)),
        (digits, rest) => match digits.parse() {
            Ok(id) => Ok((Some(id), rest)),
            Err(_) => Err(ParseError::AckId),
        },
    }
}

fn leading_digits(text: &str) -> (&str, &str) {
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
    (text.strip_suffix(rest).unwrap_or_default(), rest)
}

fn array(text: &str) -> Result<(Vec<Value>, bool), ParseError> {
    match json(text)? {
        (Value::Array(items), replaced) => Ok((items, replaced)),
        _ => Err(ParseError::Payload),
    }
}

/// And whether halves of surrogate pairs were replaced in it.
fn json(text: &str) -> Result<(Value, bool), ParseError> {
    if let Ok(value) = serde_json::from_str(text) {
        return Ok((value, false));
    }
    let text = without_halves(text).ok_or(ParseError::Json)?;
    match serde_json::from_str(&text) {
        Ok(value) => Ok((value, true)),
        Err(_) => Err(ParseError::Json),
    }
}

/// Names the client libraries emit to their own application; on the wire they would forge it.
fn is_reserved(name: &str) -> bool {
    matches!(
        name,
        "connect"
            | "connect_error"
            | "disconnect"
            | "disconnecting"
            | "newListener"
            | "removeListener"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_namespace_is_bounded_without_its_query() {
        let longest = format!("/{}", "n".repeat(MAX_NAMESPACE - 1));
        let nsp = |text: String| parse(&text).map(|parsed| parsed.packet.nsp);
        assert_eq!(nsp(format!("0{longest}?a=1,")), Ok(longest.clone()));
        assert_eq!(nsp(format!("0{longest}n,")), Err(ParseError::Namespace));
    }
}
