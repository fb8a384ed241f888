use axum::{
    extract::{FromRequest, Request, rejection::BytesRejection},
    http::{HeaderMap, StatusCode, header::CONTENT_TYPE},
};
use bytes::Bytes;
use serde_json::{Map, Value};

use super::problem::Problem;
use crate::model::{Code, Reject};

/// The body of a request: an object as JSON. That it has to say so keeps forms of foreign pages out, which send
/// cookies and ask nobody.
pub struct Body(pub Map<String, Value>);

impl<S: Send + Sync> FromRequest<S> for Body {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            let reject = Reject {
                field: Some("Content-Type"),
                ..Reject::new(Code::Invalid, "The body must be application/json")
            };
            return Err(Problem::of_status(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                reject,
            ));
        }
        let bytes = Bytes::from_request(request, state).await;
        parse(&bytes.map_err(unreadable)?)
    }
}

fn parse(bytes: &[u8]) -> Result<Body, Problem> {
    match serde_json::from_slice(bytes) {
        Ok(Value::Object(fields)) => Ok(Body(fields)),
        Ok(_) => Err(Reject::field("payload", "The body must be an object").into()),
        // What it says is where, not what.
        Err(error) => {
            let (line, column) = (error.line(), error.column());
            let says = format!("The body is no JSON, from line {line}, column {column}");
            Err(Reject::field("payload", says).into())
        }
    }
}

fn unreadable(rejection: BytesRejection) -> Problem {
    if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return Reject::new(Code::TooLarge, "The body is larger than MAX_PAYLOAD").into();
    }
    Reject::field("payload", "The body could not be read").into()
}

fn is_json(headers: &HeaderMap) -> bool {
    let named = headers.get(CONTENT_TYPE).and_then(|it| it.to_str().ok());
    let kind = named.and_then(|it| it.split(';').next());
    kind.is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}
