//! A polling body: packets with their lengths in front, as text or, if there are bytes among them
//! and the peer takes these, as bytes.
//!
//! As text: the length in digits, a colon, the packet. Lengths are counted as JavaScript counts
//! them, in units of UTF-16. As bytes: 0 for a text or 1 for bytes, the digits of the length as
//! numbers, 255, the packet. There lengths are in bytes.

use super::packet::{decode_bytes, decode_text, encode_base64, encode_bytes};
use crate::wire::engine::{Packet, PayloadError};

/// Digits of a length: more than any request is long.
const MAX_DIGITS: usize = 10;
const TEXT: u8 = 0;
const BYTES: u8 = 1;
/// Between a length and its packet, in a body of bytes.
const END: u8 = 255;

/// Reads a whole body, or nothing of it. `is_binary` is what its content type says: the first byte
/// of a text could be that of bytes.
///
/// The caller bounds the bytes; `max_packets` bounds the work behind them.
pub fn decode(
    body: &[u8],
    is_binary: bool,
    max_packets: usize,
) -> Result<Vec<Packet>, PayloadError> {
    if body.is_empty() {
        return Err(PayloadError::Empty);
    }
    let mut packets = Vec::new();
    let mut take = |packet| {
        if packets.len() == max_packets {
            return Err(PayloadError::TooManyPackets);
        }
        packets.push(packet);
        Ok(())
    };
    if is_binary {
        let mut rest = body;
        while !rest.is_empty() {
            take(next_of_bytes(&mut rest)?)?;
        }
    } else {
        let mut rest = std::str::from_utf8(body).map_err(|_| PayloadError::NotUtf8)?;
        while !rest.is_empty() {
            take(next_of_text(&mut rest)?)?;
        }
    }
    Ok(packets)
}

/// Something that is to be sent in a body.
#[derive(Debug, Clone, Copy)]
pub enum Part<'a> {
    /// A packet, ready as it is.
    Text(&'a str),
    /// A message, without its type.
    Message(&'a [u8]),
}

/// What goes out, each with a content type of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    Text(String),
    Bytes(Vec<u8>),
}

/// Builds a body. It is one of bytes only if there are any in it and the peer takes them.
pub fn join(parts: &[Part<'_>], takes_bytes: bool) -> Body {
    let has_bytes = parts.iter().any(|part| matches!(part, Part::Message(_)));
    if has_bytes && takes_bytes {
        return Body::Bytes(join_bytes(parts));
    }
    let mut body = String::new();
    for part in parts {
        match part {
            Part::Text(text) => push_text(&mut body, text),
            Part::Message(message) => push_text(&mut body, &encode_base64(message)),
        }
    }
    Body::Text(body)
}

fn next_of_text(body: &mut &str) -> Result<Packet, PayloadError> {
    let (digits, rest) = body.split_once(':').ok_or(PayloadError::Length)?;
    let length = number(digits.bytes().map(|digit| digit.wrapping_sub(b'0')))?;
    let (packet, rest) = split_units(rest, length).ok_or(PayloadError::Length)?;
    *body = rest;
    Ok(decode_text(packet)?)
}

fn next_of_bytes(body: &mut &[u8]) -> Result<Packet, PayloadError> {
    let (kind, rest) = body.split_first().ok_or(PayloadError::Length)?;
    let mut head = rest.iter().take(MAX_DIGITS + 1);
    let end = head.position(|byte| *byte == END);
    let end = end.ok_or(PayloadError::Length)?;
    let length = number(rest[..end].iter().copied())?;
    let whole = rest[end + 1..].split_at_checked(length);
    let (packet, rest) = whole.ok_or(PayloadError::Length)?;
    *body = rest;
    match *kind {
        TEXT => {
            let text = std::str::from_utf8(packet).map_err(|_| PayloadError::NotUtf8)?;
            Ok(decode_text(text)?)
        }
        BYTES => Ok(decode_bytes(packet)?),
        _ => Err(PayloadError::Length),
    }
}

fn number(digits: impl ExactSizeIterator<Item = u8>) -> Result<usize, PayloadError> {
    if digits.len() == 0 || digits.len() > MAX_DIGITS {
        return Err(PayloadError::Length);
    }
    let mut number = 0_usize;
    for digit in digits {
        if digit > 9 {
            return Err(PayloadError::Length);
        }
        number = number.saturating_mul(10).saturating_add(digit.into());
    }
    Ok(number)
}

/// So many units of UTF-16 from the front; `None` where they end within a character.
fn split_units(text: &str, mut units: usize) -> Option<(&str, &str)> {
    let mut chars = text.chars();
    while units > 0 {
        units = units.checked_sub(chars.next()?.len_utf16())?;
    }
    text.split_at_checked(text.len() - chars.as_str().len())
}

fn push_text(body: &mut String, packet: &str) {
    let units = packet.chars().map(char::len_utf16).sum::<usize>();
    body.push_str(&units.to_string());
    body.push(':');
    body.push_str(packet);
}

fn join_bytes(parts: &[Part<'_>]) -> Vec<u8> {
    let mut body = Vec::new();
    for part in parts {
        match part {
            Part::Text(text) => push_bytes(&mut body, TEXT, text.as_bytes()),
            Part::Message(message) => push_bytes(&mut body, BYTES, &encode_bytes(message)),
        }
    }
    body
}

fn push_bytes(body: &mut Vec<u8>, kind: u8, packet: &[u8]) {
    body.push(kind);
    body.extend(packet.len().to_string().bytes().map(|digit| digit - b'0'));
    body.push(END);
    body.extend_from_slice(packet);
}
