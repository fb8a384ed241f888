//! Documents that tell programs what there is: made once, the same for everybody.

use axum::{
    Router,
    body::Bytes,
    http::{
        HeaderMap, StatusCode,
        header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH},
    },
    response::{IntoResponse, Response},
    routing::get,
};
use serde_json::Value;

/// A new release may tell of more; that can wait for so long.
const CACHING: &str = "public, max-age=3600";
const TYPE: &str = "application/json";

/// Holds nothing that a page must not read.
pub fn document(path: &str, document: &Value) -> Router {
    let document = Bytes::from(document.to_string());
    let tag = tag(&document);
    Router::new().route(
        path,
        get(|headers: HeaderMap| async move { answer(document, tag, &headers) }),
    )
}

fn answer(document: Bytes, tag: String, headers: &HeaderMap) -> Response {
    let known = headers.get(IF_NONE_MATCH);
    if known.is_some_and(|known| known.as_bytes() == tag.as_bytes()) {
        let head = [(ETAG, tag), (CACHE_CONTROL, CACHING.to_owned())];
        return (StatusCode::NOT_MODIFIED, head).into_response();
    }
    let head = [
        (CONTENT_TYPE, TYPE.to_owned()),
        (CACHE_CONTROL, CACHING.to_owned()),
        (ETAG, tag),
    ];
    (head, document).into_response()
}

fn tag(document: &[u8]) -> String {
    use sha2::{Digest as _, Sha256};
    let digest = Sha256::digest(document);
    let digest: String = digest
        .iter()
        .take(16)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("\"{digest}\"")
}
