use axum::{extract::FromRequestParts, http::request::Parts};

use super::{caller::Caller, problem::Problem};
use crate::model::{DedupId, Reject, limits};

const HEADER: &str = "Idempotency-Key";

/// By which the same request is known, if its sender sends it again: of a message it is the client's own id, as
/// in `clientMessageId` of a socket.
pub struct Key(pub Option<String>);

impl<S: Send + Sync> FromRequestParts<S> for Key {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let mut lines = parts.headers.get_all(HEADER).iter();
        let Some(line) = lines.next() else {
            return Ok(Self(None));
        };
        let text = line.to_str().unwrap_or_default();
        let is_plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
        if !is_plain || text.len() > limits::ID_BYTES || lines.next().is_some() {
            let says = format!(
                "{HEADER} is one text of 1 to {} letters without blanks",
                limits::ID_BYTES
            );
            return Err(Reject::field(HEADER, says).into());
        }
        Ok(Self(Some(text.to_owned())))
    }
}

impl Key {
    /// Names a request. Keys of one operator mean nothing to another.
    pub fn dedup(&self, caller: &Caller, event: &str) -> DedupId {
        let Some(key) = &self.0 else {
            return DedupId::draw();
        };
        let operator = caller.id.as_str();
        DedupId::new(format!("rest:{event}:{}:{operator}:{key}", operator.len()))
    }
}
