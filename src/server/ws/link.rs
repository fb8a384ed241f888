use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use futures_util::{SinkExt, StreamExt};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        self, Message as WsMessage, Utf8Bytes,
        error::ProtocolError,
        protocol::{CloseFrame, frame::coding::CloseCode},
    },
};

use super::counted::Counted;
use crate::{
    model::Frame,
    wire::engine::{Message, Packet, Revision, v3},
};

pub type Socket = WebSocketStream<Counted>;

/// A WebSocket that speaks Engine.IO packets.
pub struct Link {
    socket: Socket,
    taken: Arc<AtomicU64>,
    /// Without any progress for so long the peer counts as gone.
    slow: Duration,
    /// The peer takes no binary frames: what is binary is sent as `b` and base64.
    b64: bool,
    revision: Revision,
}

/// Why nothing more comes or goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkError {
    /// The peer closed it, or the network did.
    Gone,
    /// Not a packet.
    Malformed,
    NotUtf8,
    TooLarge,
    /// The peer takes nothing.
    Slow,
}

impl LinkError {
    pub fn label(self) -> &'static str {
        match self {
            Self::Gone => "transport close",
            Self::Malformed | Self::NotUtf8 => "parse error",
            Self::TooLarge => "payload",
            Self::Slow => "slow",
        }
    }
}

impl Link {
    pub fn new(socket: Socket, slow: Duration, b64: bool) -> Self {
        Self {
            taken: socket.get_ref().taken(),
            socket,
            slow,
            b64,
            revision: Revision::V4,
        }
    }

    /// The protocol that the peer turns out to speak. Without having been told so the same is read and
    /// written for as long as there are no bytes: a probe has none.
    pub fn speak(&mut self, revision: Revision) {
        self.revision = revision;
    }

    /// The next packet. Can be dropped and called again without losing one.
    pub async fn next(&mut self) -> Result<Packet, LinkError> {
        loop {
            let message = self.socket.next().await.ok_or(LinkError::Gone)?;
            match message.map_err(|error| read_error(&error))? {
                WsMessage::Text(text) => {
                    let packet = match self.revision {
                        Revision::V4 => Packet::decode_text(&text),
                        Revision::V3 => v3::packet::decode_text(&text),
                    };
                    return packet.map_err(|_| LinkError::Malformed);
                }
                WsMessage::Binary(bytes) => {
                    let packet = match self.revision {
                        // A slice of the read buffer would keep all of it alive.
                        Revision::V4 => {
                            let bytes = bytes::Bytes::copy_from_slice(&bytes);
                            Ok(Packet::Message(Message::Binary(bytes)))
                        }
                        Revision::V3 => v3::packet::decode_bytes(&bytes),
                    };
                    return packet.map_err(|_| LinkError::Malformed);
                }
                WsMessage::Close(_) => return Err(LinkError::Gone),
                WsMessage::Ping(_) | WsMessage::Pong(_) | WsMessage::Frame(_) => {}
            }
        }
    }

    /// Writes a batch with one flush.
    pub async fn send<'a>(
        &mut self,
        frames: impl IntoIterator<Item = &'a Frame>,
    ) -> Result<(), LinkError> {
        for frame in frames {
            let message = match frame {
                Frame::Text(text) => {
                    let text = Utf8Bytes::try_from(text.as_bytes().clone())
                        .map_err(|_| LinkError::Malformed)?;
                    WsMessage::Text(text)
                }
                Frame::Binary(bytes) => match (self.revision, self.b64) {
                    (Revision::V4, false) => WsMessage::Binary(bytes.clone()),
                    (Revision::V4, true) => {
                        let packet = Packet::Message(Message::Binary(bytes.clone()));
                        WsMessage::text(packet.encode_text())
                    }
                    (Revision::V3, false) => WsMessage::Binary(v3::packet::encode_bytes(bytes)),
                    (Revision::V3, true) => WsMessage::text(v3::packet::encode_base64(bytes)),
                },
            };
            self.timed(Step::Feed(message)).await?;
        }
        self.timed(Step::Flush).await
    }

    pub async fn send_text(&mut self, text: &'static str) -> Result<(), LinkError> {
        self.send(&[Frame::text(text)]).await
    }

    /// Says why, as far as the peer listens, and closes.
    pub async fn close(mut self, code: CloseCode) {
        let frame = CloseFrame {
            code,
            reason: Utf8Bytes::from_static(""),
        };
        let _ = tokio::time::timeout(Duration::from_secs(1), self.socket.close(Some(frame))).await;
    }

    async fn timed(&mut self, step: Step) -> Result<(), LinkError> {
        let write = async {
            match step {
                Step::Feed(message) => self.socket.feed(message).await,
                Step::Flush => self.socket.flush().await,
            }
        };
        let mut write = std::pin::pin!(write);
        loop {
            let before = self.taken.load(Ordering::Relaxed);
            match tokio::time::timeout(self.slow, &mut write).await {
                Ok(written) => return written.map_err(|_| LinkError::Gone),
                // Slow, but not stuck.
                Err(_) if self.taken.load(Ordering::Relaxed) > before => {}
                Err(_) => return Err(LinkError::Slow),
            }
        }
    }
}

enum Step {
    Feed(WsMessage),
    Flush,
}

fn read_error(error: &tungstenite::Error) -> LinkError {
    match error {
        tungstenite::Error::Capacity(_) => LinkError::TooLarge,
        // A peer that just vanishes breaks no protocol.
        tungstenite::Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => {
            LinkError::Gone
        }
        tungstenite::Error::Utf8(_) => LinkError::NotUtf8,
        tungstenite::Error::Protocol(_) => LinkError::Malformed,
        _ => LinkError::Gone,
    }
}
