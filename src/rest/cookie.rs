//! The cookie of a login, which no script can read.
//!
//! It is `Secure`, so that it never goes over a network in the clear, except where there is no network: browsers
//! differ in whether they keep a secure cookie of a page at `http://localhost`.

use axum::http::{HeaderMap, HeaderValue, Uri, header::HOST};

use crate::server::auth::LOGIN_COOKIE;
pub use crate::server::auth::login_cookie as token;

/// For `Set-Cookie`.
pub fn set(token: &str, seconds: u64, headers: &HeaderMap) -> Option<HeaderValue> {
    let secure = if is_loopback(headers) { "" } else { "; Secure" };
    // Lax: it comes along when somebody follows a link to the dashboard, and not with what another site's page asks.
    let text = format!(
        "{LOGIN_COOKIE}={token}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}"
    );
    HeaderValue::try_from(text).ok()
}

pub fn clear(headers: &HeaderMap) -> Option<HeaderValue> {
    set("", 0, headers)
}

fn is_loopback(headers: &HeaderMap) -> bool {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let authority = host.and_then(|host| host.parse::<Uri>().ok());
    let host = authority.as_ref().and_then(Uri::host);
    matches!(host, Some("localhost" | "127.0.0.1" | "[::1]"))
}
