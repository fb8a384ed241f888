//! HTTP answers of the engine endpoints.

use axum::body::Body;
use bytes::Bytes;
use hyper::{
    Response, StatusCode,
    header::{self, HeaderValue},
};

use serde_json::json;

use crate::{
    model::{Code, Millis},
    wire::engine::RequestError,
};

const TEXT: &str = "text/plain; charset=UTF-8";
const BYTES: &str = "application/octet-stream";

pub type Answer = Response<Body>;

/// The body of a GET: packets.
pub fn payload(body: impl Into<Bytes>) -> Answer {
    with_type(StatusCode::OK, TEXT, body)
}

/// The same as bytes, which only clients of the third revision take.
pub fn payload_of_bytes(body: impl Into<Bytes>) -> Answer {
    with_type(StatusCode::OK, BYTES, body)
}

/// The body of a POST, which no client reads.
pub fn ok() -> Answer {
    with_type(StatusCode::OK, "text/html", "ok")
}

pub fn error(error: &RequestError) -> Answer {
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::BAD_REQUEST);
    with_type(status, "application/json", error.body())
}

/// Passing trouble. Whatever a polling client gets but 200 ends its connection, and it comes back.
pub fn unavailable() -> Answer {
    let mut answer = with_type(
        StatusCode::SERVICE_UNAVAILABLE,
        TEXT,
        "The relay is briefly unavailable, please try again",
    );
    answer
        .headers_mut()
        .insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    answer
}

/// A limit was hit; what was asked for may be asked for again after this.
pub fn limited(message: &str, retry_after_ms: Millis) -> Answer {
    let body = json!({
        "code": Code::RateLimited.as_str(),
        "message": message,
        "retryAfterMs": retry_after_ms,
    });
    let mut answer = with_type(
        StatusCode::TOO_MANY_REQUESTS,
        "application/json",
        body.to_string(),
    );
    let seconds = retry_after_ms.div_ceil(1000);
    answer
        .headers_mut()
        .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    answer
}

pub fn too_large() -> Answer {
    with_type(
        StatusCode::PAYLOAD_TOO_LARGE,
        TEXT,
        "The request is larger than maxPayload",
    )
}

pub fn too_slow() -> Answer {
    let text = "The request's body did not arrive in time";
    with_type(StatusCode::REQUEST_TIMEOUT, TEXT, text)
}

pub fn no_content() -> Answer {
    let mut answer = Answer::new(Body::empty());
    *answer.status_mut() = StatusCode::NO_CONTENT;
    answer
}

fn with_type(status: StatusCode, kind: &'static str, body: impl Into<Bytes>) -> Answer {
    let mut answer = Answer::new(Body::from(body.into()));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}
