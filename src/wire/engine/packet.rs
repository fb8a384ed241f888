//! One Engine.IO packet as text: a type digit, then its data.

use base64::Engine as _;
use base64::alphabet::STANDARD as ALPHABET;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use bytes::Bytes;

/// A packet of either direction.
///
/// A binary WebSocket frame is a `Message(Message::Binary(..))` as it stands and does not pass
/// through this codec.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Packet {
    /// `0`: the server's greeting; the JSON is kept as text because only clients read it.
    Open(String),
    /// `1`: the sender is done with the connection.
    Close,
    /// `2`, with `probe` as its data while an upgrade is tried, empty otherwise.
    Ping(String),
    /// `3`, carrying the data of the ping it answers.
    Pong(String),
    /// `4` as text, or `b` and base64.
    Message(Message),
    /// `5`: the client has moved to the WebSocket for good.
    Upgrade,
    /// `6`: ends a parked poll without saying anything.
    Noop,
}

/// What the layer above sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// Must hold no [`SEPARATOR`](super::payload::SEPARATOR) if it is to travel by polling, which
    /// has no escape for it. JSON never does.
    Text(String),
    Binary(Bytes),
}

/// Why a text is not a packet. Any of them ends the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PacketError {
    #[error("packet is empty")]
    Empty,
    #[error("packet type is unknown")]
    UnknownType,
    #[error("binary packet is not valid base64")]
    Base64,
}

impl Packet {
    /// Reads a WebSocket text frame or one element of a polling payload.
    ///
    /// Data after `1`, `5` and `6` has no meaning and is dropped. Base64 is of the standard
    /// alphabet; the padding may be there or not, because clients outside the browser leave it
    /// out, but bits that encode nothing must be zero, so that bytes have one spelling.
    pub fn decode_text(text: &str) -> Result<Self, PacketError> {
        let mut chars = text.chars();
        let kind = chars.next().ok_or(PacketError::Empty)?;
        let data = chars.as_str();
        Ok(match kind {
            '0' => Self::Open(data.to_owned()),
            '1' => Self::Close,
            '2' => Self::Ping(data.to_owned()),
            '3' => Self::Pong(data.to_owned()),
            '4' => Self::Message(Message::Text(data.to_owned())),
            '5' => Self::Upgrade,
            '6' => Self::Noop,
            'b' => Self::Message(Message::Binary(decode_base64(data)?)),
            _ => return Err(PacketError::UnknownType),
        })
    }

    /// Writes the packet for a text channel; base64 comes out padded, as every client reads it.
    pub fn encode_text(&self) -> String {
        match self {
            Self::Open(json) => format!("0{json}"),
            Self::Close => "1".to_owned(),
            Self::Ping(data) => format!("2{data}"),
            Self::Pong(data) => format!("3{data}"),
            Self::Message(Message::Text(text)) => format!("4{text}"),
            Self::Message(Message::Binary(bytes)) => encode_base64(bytes),
            Self::Upgrade => "5".to_owned(),
            Self::Noop => "6".to_owned(),
        }
    }
}

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &ALPHABET,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

pub(super) fn decode_base64(data: &str) -> Result<Bytes, PacketError> {
    BASE64
        .decode(data)
        .map(Bytes::from)
        .map_err(|_| PacketError::Base64)
}

fn encode_base64(bytes: &[u8]) -> String {
    base64_after("b", bytes)
}

pub(super) fn base64_after(mark: &str, bytes: &[u8]) -> String {
    let mut text = mark.to_owned();
    BASE64.encode_string(bytes, &mut text);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_is_optional_and_stray_bits_are_not() {
        let expected = Ok(Packet::Message(Message::Binary(Bytes::from_static(&[
            1, 2, 3, 4,
        ]))));
        assert_eq!(Packet::decode_text("bAQIDBA=="), expected);
        assert_eq!(Packet::decode_text("bAQIDBA"), expected);
        assert_eq!(Packet::decode_text("bAQIDBB=="), Err(PacketError::Base64));
        assert_eq!(Packet::decode_text("bAQID_A=="), Err(PacketError::Base64));
    }

    #[test]
    fn control_packets_shed_their_data() {
        assert_eq!(Packet::decode_text("1x"), Ok(Packet::Close));
        assert_eq!(Packet::decode_text("5x"), Ok(Packet::Upgrade));
        assert_eq!(Packet::decode_text("6x"), Ok(Packet::Noop));
    }
}
