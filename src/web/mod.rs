//! The pages, built by Vite from this folder and embedded in the binary.
//!
//! A relay that was built without them still relays; its pages then say how to build them.

use axum::{
    Router,
    extract::Path,
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH},
    },
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use rust_embed::{EmbeddedFile, RustEmbed};

#[derive(RustEmbed)]
#[folder = "src/web/dist"]
#[allow_missing = true]
struct Files;

/// Own scripts and styles, own connections, nothing inline: what the pages need and no more.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                      connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const UNBUILT: &str =
    "This relay was built without its pages. `make web` builds them, then build the relay again.";
/// File names of assets hold a hash of what is in them.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
const ASK_AGAIN: &str = "no-cache";

/// `/try` and what it loads; `/` leads there.
pub fn routes() -> Router {
    Router::new()
        .route("/", get(|| async { Redirect::temporary("/try") }))
        .route(
            "/try",
            get(|headers: HeaderMap| async move { page("try/index.html", &headers) }),
        )
        .route("/assets/{name}", get(asset))
}

fn page(path: &str, headers: &HeaderMap) -> Response {
    match Files::get(path) {
        Some(file) => {
            let mut response = file_response(path, file, ASK_AGAIN, headers);
            response
                .headers_mut()
                .insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
            response
        }
        None => (StatusCode::NOT_FOUND, UNBUILT).into_response(),
    }
}

async fn asset(Path(name): Path<String>, headers: HeaderMap) -> Response {
    let path = format!("assets/{name}");
    match Files::get(&path) {
        Some(file) => file_response(&path, file, FOR_EVER, &headers),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn file_response(
    path: &str,
    file: EmbeddedFile,
    caching: &'static str,
    headers: &HeaderMap,
) -> Response {
    let tag = tag(&file);
    if headers
        .get(IF_NONE_MATCH)
        .is_some_and(|known| known.as_bytes() == tag.as_bytes())
    {
        return (StatusCode::NOT_MODIFIED, [(ETAG, tag)]).into_response();
    }
    let kind = mime_guess::from_path(path)
        .first_or_octet_stream()
        .to_string();
    let head = [
        (CONTENT_TYPE, kind),
        (CACHE_CONTROL, caching.to_owned()),
        (ETAG, tag),
    ];
    (head, file.data).into_response()
}

fn tag(file: &EmbeddedFile) -> String {
    let digest: String = file
        .metadata
        .sha256_hash()
        .iter()
        .take(16)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("\"{digest}\"")
}
