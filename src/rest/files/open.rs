use std::{ops::Range, sync::Arc};

use axum::{
    body::Body,
    extract::{Path, State},
    http::{
        HeaderMap, HeaderValue, Method, StatusCode,
        header::{
            ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE,
            CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HeaderName, IF_NONE_MATCH, IF_RANGE,
            RANGE, X_CONTENT_TYPE_OPTIONS,
        },
    },
    response::{IntoResponse as _, Response},
};
use http_range_header::{ParsedRanges, parse_range_header};

use crate::{
    files::{FileClaims, Opened},
    model::{Code, Reject},
    rest::{
        Rest,
        problem::{Problem, Shown},
    },
};

/// Nothing of a file is run, whatever a browser takes it for.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; sandbox";
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// A file, by the address that messages tell: whoever has it may read it until it ends. Load the message again for
/// another one. One part of it at a time is sent to whoever asks so, as players of sound and video do; the smaller picture
/// only as a whole.
#[utoipa::path(
    get, path = "/api/v1/files/{signed}", tag = "Messages", security(()),
    params(
        ("signed" = String, Path, description = "As `url` of an attachment has it", min_length = 1, max_length = 4096, pattern = "^[A-Za-z0-9_.-]+$"),
        ("Range" = Option<String>, Header, description = "One part, as `bytes=0-99`; several, or what is no range, is answered with the whole file"),
        ("If-Range" = Option<String>, Header, description = "The part only of the file with this `ETag`, else all of it"),
    ),
    responses(
        (status = 200, description = "The file", content_type = "*/*"),
        (status = 206, description = "The part that `Range` asks for", content_type = "*/*", headers(("Content-Range" = String, description = "Which bytes of how many"))),
        (status = 304, description = "The same that the browser has"),
        (status = 416, description = "The file ends before that part", body = Shown, content_type = "application/problem+json", headers(("Content-Range" = String, description = "How many bytes there are"))),
        (status = "default", description = "Refused", body = Shown, content_type = "application/problem+json"),
    ),
)]
pub async fn open(
    State(rest): State<Arc<Rest>>,
    method: Method,
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
    let asked = if claims.thumbnail || method != Method::GET {
        None
    } else {
        one_part(&headers, &tag)
    };
    let part = match asked {
        None => None,
        Some(asked) => {
            let size = files.size(&claims).await?;
            let Some(part) = within(&asked, size) else {
                return Ok(beyond(size));
            };
            Some(part)
        }
    };
    let is_part = part.is_some();
    let opened = files.open(claims, part).await?;
    let head = [
        (ETAG, tag),
        (CONTENT_TYPE, content_type(&opened.mime)),
        (CONTENT_DISPOSITION, disposition(&opened.claims)),
        kept,
    ];
    let (status, parts) = parts(&opened, is_part);
    let safe = [
        (CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        // Pages of other sites show it: they have its address.
        (RESOURCE_POLICY, HeaderValue::from_static("cross-origin")),
    ];
    let body = Body::from_stream(opened.bytes);
    Ok((status, head, parts, safe, body).into_response())
}

/// What `Range` asks for, if that is one part of this very file. Any other is answered with the whole file, as RFC 9110
/// allows.
fn one_part(headers: &HeaderMap, tag: &str) -> Option<ParsedRanges> {
    let range = headers.get(RANGE)?.to_str().ok()?;
    let known = headers.get(IF_RANGE);
    let is_this = known.is_none_or(|known| known.as_bytes() == tag.as_bytes());
    let asked = parse_range_header(range).ok()?;
    (is_this && asked.len() == 1).then_some(asked)
}

/// `None`: there is nothing of it in so many bytes.
fn within(asked: &ParsedRanges, size: u64) -> Option<Range<u64>> {
    let part = asked.validate(size).ok()?.into_iter().next()?;
    Some(*part.start()..part.end() + 1)
}

fn beyond(size: u64) -> Response {
    let says = format!("The file has {size} bytes");
    let reject = Reject {
        field: Some("Range"),
        ..Reject::new(Code::Invalid, says)
    };
    let problem = Problem::of_status(StatusCode::RANGE_NOT_SATISFIABLE, reject);
    ([(CONTENT_RANGE, format!("bytes */{size}"))], problem).into_response()
}

/// How much is sent of how much, and whether parts can be asked for.
fn parts(opened: &Opened, is_part: bool) -> (StatusCode, HeaderMap) {
    let Range { start, end } = opened.range;
    let mut head = HeaderMap::new();
    head.insert(CONTENT_LENGTH, (end - start).into());
    if !opened.claims.thumbnail {
        head.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    }
    if !is_part {
        return (StatusCode::OK, head);
    }
    let range = format!("bytes {start}-{}/{}", end.saturating_sub(1), opened.size);
    if let Ok(range) = HeaderValue::try_from(range) {
        head.insert(CONTENT_RANGE, range);
    }
    (StatusCode::PARTIAL_CONTENT, head)
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
