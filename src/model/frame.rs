use bytes::Bytes;
use bytestring::ByteString;
use serde::{Deserialize, Serialize};

/// One encoded Engine.IO packet, shared by every receiver it goes to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Frame {
    /// With its type digit, as it goes on a WebSocket.
    Text(ByteString),
    /// The bytes alone: a polling payload writes them as `b` and base64.
    Binary(Bytes),
}

impl Frame {
    pub fn text(text: impl Into<ByteString>) -> Self {
        Self::Text(text.into())
    }

    pub fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Binary(bytes) => bytes.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
