//! The answer to a request that is refused.

use std::fmt;

use serde_json::Value;

/// A refusal, in the six codes official clients know.
///
/// To a client with an open connection each of them is the end of it: it starts again with a new
/// handshake. Trouble that will pass must therefore be answered otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RequestError {
    UnknownTransport,
    /// Never existed, has ended, or has expired: the client cannot tell and need not.
    UnknownSid,
    BadHandshakeMethod,
    BadRequest,
    /// Refused by the product; the sentence is shown to the client.
    Forbidden(String),
    UnsupportedVersion,
}

impl RequestError {
    pub const fn code(&self) -> u8 {
        match self {
            Self::UnknownTransport => 0,
            Self::UnknownSid => 1,
            Self::BadHandshakeMethod => 2,
            Self::BadRequest => 3,
            Self::Forbidden(_) => 4,
            Self::UnsupportedVersion => 5,
        }
    }

    /// The reference server's wording, which people search for; only `Forbidden` may say more.
    pub fn message(&self) -> &str {
        match self {
            Self::UnknownTransport => "Transport unknown",
            Self::UnknownSid => "Session ID unknown",
            Self::BadHandshakeMethod => "Bad handshake method",
            Self::BadRequest => "Bad request",
            Self::Forbidden(reason) if reason.is_empty() => "Forbidden",
            Self::Forbidden(reason) => reason,
            Self::UnsupportedVersion => "Unsupported protocol version",
        }
    }

    /// HTTP status.
    pub const fn status(&self) -> u16 {
        match self {
            Self::Forbidden(_) => 403,
            _ => 400,
        }
    }

    /// The response body, `application/json`.
    pub fn body(&self) -> String {
        let message = Value::from(self.message());
        format!("{{\"code\":{},\"message\":{message}}}", self.code())
    }
}

impl fmt::Display for RequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())
    }
}

impl std::error::Error for RequestError {}
