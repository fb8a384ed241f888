use std::sync::Arc;

use axum::{
    body::Body,
    extract::{Path, State},
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{
            CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_SECURITY_POLICY,
            CONTENT_TYPE, ETAG, HeaderName, IF_NONE_MATCH, X_CONTENT_TYPE_OPTIONS,
        },
    },
    response::{IntoResponse as _, Response},
};

use crate::{
    files::FileClaims,
    rest::{
        Rest,
        problem::{Problem, Shown},
    },
};

/// Nothing of a file is run, whatever a browser takes it for.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; sandbox";
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// A file, by the address that messages tell: whoever has it may read it until it ends. Load the message again for
/// another one.
#[utoipa::path(
    get, path = "/api/v1/files/{signed}", tag = "Messages", security(()),
    params(("signed" = String, Path, description = "As `url` of an attachment has it", min_length = 1, max_length = 4096, pattern = "^[A-Za-z0-9_.-]+$")),
    responses(
        (status = 200, description = "The file", content_type = "*/*"),
        (status = 304, description = "The same that the browser has"),
        (status = "default", description = "Refused", body = Shown, content_type = "application/problem+json"),
    ),
)]
pub async fn open(
    State(rest): State<Arc<Rest>>,
    Path(signed): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let files = &rest.parts.files;
    let claims = files.claims(&signed)?;
    let tag = format!(
        "\"{}{}\"",
        claims.id,
        if claims.thumbnail { "-t" } else { "" }
    );
    let left = claims.exp.saturating_sub(rest.parts.clock.now() / 1000);
    let kept = (CACHE_CONTROL, format!("private, max-age={left}, immutable"));
    // Of the same bytes, which are not read for it.
    let known = headers.get(IF_NONE_MATCH);
    if known.is_some_and(|known| known.as_bytes() == tag.as_bytes()) {
        return Ok((StatusCode::NOT_MODIFIED, [(ETAG, tag), kept]).into_response());
    }
    let opened = files.open(claims).await?;
    let claims = &opened.claims;
    let head = [
        (ETAG, tag),
        (CONTENT_TYPE, content_type(&opened.mime)),
        (CONTENT_LENGTH, opened.size.to_string()),
        (CONTENT_DISPOSITION, disposition(claims)),
        kept,
    ];
    let safe = [
        (CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        // Pages of other sites show it: they have its address.
        (RESOURCE_POLICY, HeaderValue::from_static("cross-origin")),
    ];
    let body = Body::from_stream(opened.bytes);
    Ok((head, safe, body).into_response())
}

fn content_type(mime: &str) -> String {
    match mime {
        "text/plain" => "text/plain; charset=utf-8".to_owned(),
        mime => mime.to_owned(),
    }
}

/// Only pictures are shown in their place.
fn disposition(claims: &FileClaims) -> String {
    let shown = if claims.mime.starts_with("image/") {
        "inline"
    } else {
        "attachment"
    };
    let name: String = form_urlencoded::byte_serialize(claims.name.as_bytes()).collect();
    let name = name.replace('+', "%20");
    format!("{shown}; filename*=UTF-8''{name}")
}
