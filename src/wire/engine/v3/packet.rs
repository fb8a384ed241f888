//! One packet: as v4 has it, but for bytes, which have their packet's type in front.

use bytes::{BufMut, Bytes, BytesMut};

use crate::wire::engine::{
    Message, Packet, PacketError,
    packet::{base64_after, decode_base64},
};

/// The type of a message in front of bytes, which is a number and not its digit.
const MESSAGE: u8 = 4;
/// And in front of base64.
const MESSAGE_BASE64: &str = "b4";

/// Reads a WebSocket text frame or one text of a polling payload.
pub fn decode_text(text: &str) -> Result<Packet, PacketError> {
    match text.strip_prefix('b') {
        None => Packet::decode_text(text),
        Some(typed) => {
            let data = typed.strip_prefix('4').ok_or(PacketError::UnknownType)?;
            decode_base64(data).map(|bytes| Packet::Message(Message::Binary(bytes)))
        }
    }
}

/// Reads a binary WebSocket frame or one element of bytes of a polling payload. Only messages are
/// sent as bytes.
pub fn decode_bytes(typed: &[u8]) -> Result<Packet, PacketError> {
    match typed.split_first() {
        Some((&MESSAGE, data)) => {
            let data = Bytes::copy_from_slice(data);
            Ok(Packet::Message(Message::Binary(data)))
        }
        Some(_) => Err(PacketError::UnknownType),
        None => Err(PacketError::Empty),
    }
}

/// A message of bytes, for a peer that takes them.
pub fn encode_bytes(message: &[u8]) -> Bytes {
    let mut typed = BytesMut::with_capacity(message.len() + 1);
    typed.put_u8(MESSAGE);
    typed.put_slice(message);
    typed.freeze()
}

/// A message of bytes, for a peer that only takes text.
pub fn encode_base64(message: &[u8]) -> String {
    base64_after(MESSAGE_BASE64, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_have_their_type_in_front() {
        let message = Ok(Packet::Message(Message::Binary(Bytes::from_static(&[
            1, 2, 3,
        ]))));
        assert_eq!(decode_text("b4AQID"), message);
        assert_eq!(decode_bytes(&[4, 1, 2, 3]), message);
        assert_eq!(encode_base64(&[1, 2, 3]), "b4AQID");
        assert_eq!(encode_bytes(&[1, 2, 3]), Bytes::from_static(&[4, 1, 2, 3]));
        for wrong in ["b", "bAQID", "b2AQID"] {
            assert_eq!(decode_text(wrong), Err(PacketError::UnknownType), "{wrong}");
        }
        assert_eq!(decode_text("b4A"), Err(PacketError::Base64));
        assert_eq!(decode_bytes(&[]), Err(PacketError::Empty));
        for wrong in [[2, 1], [b'4', 1]] {
            assert_eq!(decode_bytes(&wrong), Err(PacketError::UnknownType));
        }
    }
}
