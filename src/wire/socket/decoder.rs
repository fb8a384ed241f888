//! Text and binary messages put together into whole packets.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::packet::{Ack, Event, Kind, Packet};
use super::parse::{ParseError, Parsed, parse};

/// Waits for the attachments of a binary packet, if one has begun.
///
/// A client may end one POST between the text of a binary packet and its attachments, and its
/// next POST may reach another pod. So this is a value that serialises (`null` inside while idle):
/// load it, feed it the messages of one request, and save it with them. The text is kept as it
/// came and read again at the end, so that the saved form is the protocol's own and survives a
/// change of release.
///
/// After an error the decoder is idle; the connection is to be closed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Decoder {
    pending: Option<Pending>,
}

/// Why a message cannot follow the one before. Any of them ends the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    #[error("malformed packet: {0}")]
    Parse(#[from] ParseError),
    #[error("text came while attachments were outstanding")]
    TextWhilePending,
    #[error("binary came that no packet announced")]
    UnexpectedBinary,
    #[error("packet with its attachments is too large")]
    TooLarge,
}

impl Decoder {
    /// Whether no packet has begun: nothing needs to be saved.
    pub const fn is_idle(&self) -> bool {
        self.pending.is_none()
    }

    /// Takes a text message, without Engine.IO's `4`. `None`: attachments are to follow.
    ///
    /// The caller bounds its length, as it does for any message.
    pub fn text(&mut self, text: &str) -> Result<Option<Packet>, DecodeError> {
        if self.pending.take().is_some() {
            return Err(DecodeError::TextWhilePending);
        }
        let Parsed { packet, missing } = parse(text)?;
        if missing == 0 {
            return Ok(Some(packet));
        }
        self.pending = Some(Pending {
            text: text.to_owned(),
            missing,
            attachments: Vec::new(),
        });
        Ok(None)
    }

    /// Takes a binary message. `None`: more are to follow.
    ///
    /// `limit` is in bytes and counts the text and all attachments of the packet that is pending.
    /// It comes with each call because it is a setting and not a state: what was saved under one
    /// limit may be resumed under another.
    pub fn binary(&mut self, bytes: Bytes, limit: usize) -> Result<Option<Packet>, DecodeError> {
        let mut pending = self.pending.take().ok_or(DecodeError::UnexpectedBinary)?;
        pending.attachments.push(bytes);
        if pending.size() > limit {
            return Err(DecodeError::TooLarge);
        }
        if pending.attachments.len() < pending.missing {
            self.pending = Some(pending);
            return Ok(None);
        }
        pending.complete().map(Some)
    }
}

/// `missing` counts the announced attachments, those in `attachments` included.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Pending {
    text: String,
    missing: usize,
    #[serde(with = "base64_list")]
    attachments: Vec<Bytes>,
}

impl Pending {
    fn size(&self) -> usize {
        let lengths = self.attachments.iter().map(Bytes::len);
        lengths.fold(self.text.len(), usize::saturating_add)
    }

    fn complete(self) -> Result<Packet, DecodeError> {
        let Parsed { mut packet, .. } = parse(&self.text)?;
        match &mut packet.kind {
            Kind::Event(Event { attachments, .. }) | Kind::Ack(Ack { attachments, .. }) => {
                *attachments = self.attachments;
            }
            Kind::Connect(_) | Kind::Disconnect | Kind::ConnectError { .. } => {}
        }
        Ok(packet)
    }
}

/// Bytes in JSON would be a list of numbers, three times the size of base64.
mod base64_list {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use bytes::Bytes;
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(list: &[Bytes], to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(list.iter().map(|bytes| STANDARD.encode(bytes)))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Bytes>, D::Error> {
        let list = Vec::<String>::deserialize(from)?;
        let decode = |text: &String| STANDARD.decode(text).map(Bytes::from);
        list.iter()
            .map(decode)
            .collect::<Result<_, _>>()
            .map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = r#"52-["m",{"_placeholder":true,"num":1},{"_placeholder":true,"num":0}]"#;

    #[test]
    fn messages_out_of_turn_end_it_and_leave_it_idle() {
        let mut decoder = Decoder::default();
        assert_eq!(
            decoder.binary(Bytes::new(), 99),
            Err(DecodeError::UnexpectedBinary)
        );
        assert_eq!(decoder.text(HEADER), Ok(None));
        assert_eq!(decoder.text("1"), Err(DecodeError::TextWhilePending));
        assert!(decoder.is_idle());
    }

    #[test]
    fn the_limit_counts_text_and_attachments() {
        let limit = HEADER.len() + 4;
        let mut decoder = Decoder::default();
        assert_eq!(decoder.text(HEADER), Ok(None));
        assert_eq!(decoder.binary(Bytes::from_static(b"ab"), limit), Ok(None));
        let mut over = decoder.clone();
        assert_eq!(
            over.binary(Bytes::from_static(b"abc"), limit),
            Err(DecodeError::TooLarge)
        );
        assert!(over.is_idle());
        assert!(
            decoder
                .binary(Bytes::from_static(b"ab"), limit)
                .is_ok_and(|p| p.is_some())
        );
    }
}
