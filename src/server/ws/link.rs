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
    wire::engine::{Message, Packet},
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
        }
    }

    /// The next packet. Can be dropped and called again without losing one.
    pub async fn next(&mut self) -> Result<Packet, LinkError> {
        loop {
            let message = self.socket.next().await.ok_or(LinkError::Gone)?;
            match message.map_err(|error| read_error(&error))? {
                WsMessage::Text(text) => {
                    return Packet::decode_text(&text).map_err(|_| LinkError::Malformed);
                }
                WsMessage::Binary(bytes) => {
                    // A slice of the read buffer would keep all of it alive.
                    let bytes = bytes::Bytes::copy_from_slice(&bytes);
                    return Ok(Packet::Message(Message::Binary(bytes)));
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
                Frame::Binary(bytes) if self.b64 => {
                    let packet = Packet::Message(Message::Binary(bytes.clone()));
                    WsMessage::text(packet.encode_text())
                }
                Frame::Binary(bytes) => WsMessage::Binary(bytes.clone()),
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
