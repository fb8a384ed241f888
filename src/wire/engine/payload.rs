//! A polling body: packets as text with a separator between them.

use super::packet::{Packet, PacketError};

/// The ASCII record separator. The protocol has no escape for it.
pub const SEPARATOR: char = '\u{1e}';

/// Why a body was refused. The connection it was sent on cannot go on: the packets before the
/// fault are not reported, so none of them has been applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PayloadError {
    #[error("payload is empty")]
    Empty,
    #[error("payload is not UTF-8")]
    NotUtf8,
    #[error("payload holds too many packets")]
    TooManyPackets,
    /// Of revision 3, which announces lengths.
    #[error("payload holds a packet whose length is missing, malformed or another one")]
    Length,
    #[error("payload holds a malformed packet: {0}")]
    Packet(#[from] PacketError),
}

/// Reads a whole body, or nothing of it.
///
/// The caller bounds the bytes when it reads the request; `max_packets` bounds the work behind
/// them, since a packet may be as short as two bytes of body. Reading stops at the first packet
/// over the limit. An empty element, such as a trailing separator leaves, is malformed.
pub fn decode(body: &[u8], max_packets: usize) -> Result<Vec<Packet>, PayloadError> {
    let text = std::str::from_utf8(body).map_err(|_| PayloadError::NotUtf8)?;
    if text.is_empty() {
        return Err(PayloadError::Empty);
    }
    let mut packets = Vec::new();
    for element in text.split(SEPARATOR) {
        if packets.len() == max_packets {
            return Err(PayloadError::TooManyPackets);
        }
        packets.push(Packet::decode_text(element)?);
    }
    Ok(packets)
}

/// Builds a body out of packets that are already text.
///
/// Without packets the body is empty, which a client takes for a failure: send a noop instead.
pub fn join<'a>(packets: impl IntoIterator<Item = &'a str>) -> String {
    let mut body = String::new();
    for (index, packet) in packets.into_iter().enumerate() {
        if index > 0 {
            body.push(SEPARATOR);
        }
        body.push_str(packet);
    }
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_the_last_count_that_passes() {
        assert_eq!(decode(b"2\x1e3", 2).map(|packets| packets.len()), Ok(2));
        assert_eq!(decode(b"2\x1e3", 1), Err(PayloadError::TooManyPackets));
        assert_eq!(decode(b"2", 0), Err(PayloadError::TooManyPackets));
    }

    #[test]
    fn what_is_not_a_payload_is_refused_whole() {
        assert_eq!(decode(b"", 9), Err(PayloadError::Empty));
        assert_eq!(decode(b"4\xff", 9), Err(PayloadError::NotUtf8));
        assert_eq!(
            decode(b"4a\x1e", 9),
            Err(PayloadError::Packet(PacketError::Empty))
        );
        assert_eq!(
            decode(b"4a\x1ex", 9),
            Err(PayloadError::Packet(PacketError::UnknownType))
        );
    }

    #[test]
    fn joining_puts_separators_between_only() {
        assert_eq!(join([]), "");
        assert_eq!(join(["2"]), "2");
        assert_eq!(join(["", "4a", "6"]), "\u{1e}4a\u{1e}6");
    }
}
