//! The cookie of a login, which no script can read.
//!
//! It is `Secure`, so that it never goes over a network in the clear, except where there is no network: browsers
//! differ in whether they keep a secure cookie of a page at `http://localhost`.

use axum::http::{
    HeaderMap, HeaderValue, Uri,
    header::{HOST, HeaderName, ORIGIN},
};

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

/// No proxy is between, which may have another name in front.
fn is_loopback(headers: &HeaderMap) -> bool {
    let forwarded = |name: &HeaderName| {
        name == "forwarded"
            || name == "via"
            || name.as_str().starts_with("x-forwarded-")
            || name == "x-real-ip"
    };
    if headers.keys().any(forwarded) || !is_local(headers.get(ORIGIN)) {
        return false;
    }
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let authority = host.and_then(|host| host.parse::<Uri>().ok());
    let host = authority.as_ref().and_then(Uri::host);
    matches!(host, Some("localhost" | "127.0.0.1" | "[::1]"))
}

/// The page, if there is one.
fn is_local(origin: Option<&HeaderValue>) -> bool {
    let Some(origin) = origin else { return true };
    let page = origin
        .to_str()
        .ok()
        .and_then(|text| text.parse::<Uri>().ok());
    let host = page.as_ref().and_then(Uri::host);
    matches!(host, Some("localhost" | "127.0.0.1" | "[::1]"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p5_only_what_stays_on_this_machine_is_not_secure() {
        let cases: &[(&[(&'static str, &'static str)], bool)] = &[
            (&[("host", "localhost:3001")], false),
            (
                &[
                    ("host", "127.0.0.1:3001"),
                    ("origin", "http://localhost:5173"),
                ],
                false,
            ),
            (&[("host", "[::1]:3001")], false),
            (&[("host", "chat.example")], true),
            (&[], true),
            (
                &[
                    ("host", "127.0.0.1:3001"),
                    ("origin", "https://chat.example"),
                ],
                true,
            ),
            (
                &[("host", "127.0.0.1:3001"), ("x-forwarded-for", "192.0.2.1")],
                true,
            ),
            (&[("host", "localhost"), ("x-real-ip", "192.0.2.1")], true),
        ];
        for (headers, secure) in cases {
            let headers: HeaderMap = headers
                .iter()
                .map(|(name, value)| {
                    (
                        HeaderName::from_static(name),
                        HeaderValue::from_static(value),
                    )
                })
                .collect();
            let cookie = set("t", 1, &headers).unwrap();
            assert_eq!(
                cookie.to_str().unwrap().ends_with("; Secure"),
                *secure,
                "{headers:?}"
            );
        }
    }
}
