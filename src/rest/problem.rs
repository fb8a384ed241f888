use axum::{
    Json,
    http::{
        HeaderValue, StatusCode,
        header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE},
    },
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::model::{Code, Reject};

const TYPE: &str = "application/problem+json";

/// A refusal as an answer.
#[derive(Clone, Debug)]
pub struct Problem {
    status: StatusCode,
    reject: Reject,
}

/// Why a request was refused, as RFC 9457 has it. `detail` can be shown to a person; `code` and `field` are for
/// programs, and the same as in acknowledgements.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Shown {
    /// Always `about:blank`: `code` says what it is.
    r#type: &'static str,
    /// The status in words.
    title: &'static str,
    status: u16,
    detail: String,
    #[schema(value_type = Object, schema_with = code)]
    code: &'static str,
    /// The offending field, parameter or header of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'static str>,
    /// When the same request may be made again.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_ms: Option<u64>,
}

fn code() -> utoipa::openapi::Ref {
    utoipa::openapi::Ref::from_schema_name("ErrorCode")
}

impl From<Reject> for Problem {
    fn from(reject: Reject) -> Self {
        let status = match reject.code {
            Code::Invalid => StatusCode::BAD_REQUEST,
            Code::Unauthorized => StatusCode::UNAUTHORIZED,
            Code::Forbidden => StatusCode::FORBIDDEN,
            Code::NotFound => StatusCode::NOT_FOUND,
            Code::Taken | Code::Ended | Code::Conflict => StatusCode::CONFLICT,
            Code::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Code::RateLimited => StatusCode::TOO_MANY_REQUESTS,
            Code::Unavailable | Code::Pending => StatusCode::SERVICE_UNAVAILABLE,
        };
        Self { status, reject }
    }
}

impl Problem {
    /// Refused by HTTP, for which the closed set of codes has no word of its own.
    pub fn of_status(status: StatusCode, reject: Reject) -> Self {
        Self { status, reject }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Self { status, reject } = self;
        let shown = Shown {
            r#type: "about:blank",
            title: status.canonical_reason().unwrap_or_default(),
            status: status.as_u16(),
            detail: reject.message,
            code: reject.code.as_str(),
            field: reject.field,
            retry_after_ms: reject.retry_after_ms,
        };
        let mut response = (status, Json(shown)).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(TYPE));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(ms) = reject.retry_after_ms {
            headers.insert(RETRY_AFTER, HeaderValue::from(ms.div_ceil(1000)));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

pub async fn no_such_path() -> Problem {
    Reject::new(
        Code::NotFound,
        "No such path; GET /api/v1/openapi.json tells of all",
    )
    .into()
}

/// What a layer below has ended without a word.
pub async fn in_words(response: Response) -> Response {
    if response.status() != StatusCode::REQUEST_TIMEOUT {
        return response;
    }
    let reject = Reject::new(
        Code::Pending,
        "It took too long; it may have been done, so look first",
    );
    Problem::of_status(StatusCode::REQUEST_TIMEOUT, reject).into_response()
}

/// Of a site that CORS_ORIGIN does not list.
pub fn foreign_page(says: &str) -> Response {
    Problem::from(Reject::new(Code::Forbidden, says)).into_response()
}

/// The router adds which methods there are.
pub async fn method_not_allowed() -> Problem {
    let reject = Reject::new(Code::Invalid, "This path does not know that method");
    Problem::of_status(StatusCode::METHOD_NOT_ALLOWED, reject)
}
