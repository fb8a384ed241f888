//! Which pages may talk to us. CORS stops a foreign page from reading answers, but not from opening
//! a WebSocket, so every handshake is checked here as well.

use axum::{
    body::Body,
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use hyper::{
    HeaderMap, Method, StatusCode,
    header::{self, HeaderValue},
};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origins {
    /// The page's own host only; and pages of this machine, if `loopback`.
    Own { loopback: bool },
    /// These, as `scheme://host[:port]`.
    Listed(Vec<String>),
    /// Any, without credentials.
    Any,
}

/// What to answer a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// No page: a program, which sends no origin.
    NoPage,
    Allowed(HeaderValue),
    /// Allowed, but may send no cookies.
    AllowedAny,
    Denied,
}

/// Said to a page that may not.
pub const DENIED: &str =
    "This page's origin is not allowed; add it to the setting CORS_ORIGIN of the relay";

impl Origins {
    pub fn judge(&self, headers: &HeaderMap) -> Verdict {
        let Some(origin) = headers.get(header::ORIGIN) else {
            return Verdict::NoPage;
        };
        let Ok(text) = origin.to_str() else {
            return Verdict::Denied;
        };
        let allowed = match self {
            Self::Any => return Verdict::AllowedAny,
            Self::Listed(list) => list.iter().any(|known| known.eq_ignore_ascii_case(text)),
            Self::Own { loopback } => is_own(text, headers) || (*loopback && is_loopback(text)),
        };
        if allowed {
            Verdict::Allowed(origin.clone())
        } else {
            Verdict::Denied
        }
    }
}

impl Verdict {
    /// Whether what the browser adds by itself may say who asks.
    pub fn may_send_cookies(&self) -> bool {
        match self {
            Self::NoPage | Self::Allowed(_) => true,
            Self::AllowedAny | Self::Denied => false,
        }
    }

    /// On every answer, errors too: without them the page sees a CORS error instead of the answer.
    pub fn stamp(&self, headers: &mut HeaderMap) {
        match self {
            Self::NoPage | Self::Denied => {}
            Self::Allowed(origin) => {
                headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
                headers.insert(
                    header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
                    HeaderValue::from_static("true"),
                );
                headers.insert(header::VARY, HeaderValue::from_static("Origin"));
            }
            Self::AllowedAny => {
                headers.insert(
                    header::ACCESS_CONTROL_ALLOW_ORIGIN,
                    HeaderValue::from_static("*"),
                );
            }
        }
    }
}

/// The headers that a preflight asks for, on top of [`Verdict::stamp`].
pub fn preflight(request: &HeaderMap, answer: &mut HeaderMap) {
    answer.insert(
        header::ACCESS_CONTROL_ALLOW_METHODS,
        HeaderValue::from_static("GET, POST, OPTIONS"),
    );
    if let Some(asked) = request.get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
        answer.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, asked.clone());
    }
    answer.insert(
        header::ACCESS_CONTROL_MAX_AGE,
        HeaderValue::from_static("600"),
    );
}

/// For routes beside the engine's.
#[derive(Clone)]
pub struct Guard {
    pub origins: Origins,
    /// What a foreign page is answered, which is told [`DENIED`].
    pub denied: fn(&str) -> Response,
}

/// Refuses foreign pages, answers preflights, and tells the rest what was found.
pub async fn guard_origin(
    State(guard): State<Guard>,
    mut request: Request,
    next: Next,
) -> Response {
    let verdict = guard.origins.judge(request.headers());
    let mut answer = if verdict == Verdict::Denied {
        (guard.denied)(DENIED)
    } else if request.method() == Method::OPTIONS {
        let mut answer = Response::new(Body::empty());
        *answer.status_mut() = StatusCode::NO_CONTENT;
        preflight(request.headers(), answer.headers_mut());
        answer
    } else {
        request.extensions_mut().insert(verdict.clone());
        next.run(request).await
    };
    verdict.stamp(answer.headers_mut());
    answer
}

fn is_own(origin: &str, headers: &HeaderMap) -> bool {
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let page = origin.split_once("://").map(|(_, host)| host);
    matches!((host, page), (Some(host), Some(page)) if host.eq_ignore_ascii_case(page))
}

fn is_loopback(origin: &str) -> bool {
    let Ok(uri) = origin.parse::<hyper::Uri>() else {
        return false;
    };
    matches!(uri.host(), Some("localhost" | "127.0.0.1" | "[::1]"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(origins: &Origins, origin: &'static str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_static("chat.example:3001"));
        headers.insert(header::ORIGIN, HeaderValue::from_static(origin));
        origins.judge(&headers) != Verdict::Denied
    }

    #[test]
    fn own_pages_may_others_may_not() {
        let own = Origins::Own { loopback: false };
        assert!(judge(&own, "https://chat.example:3001"));
        for foreign in [
            "https://evil.example",
            "http://localhost:3001",
            "null",
            "https://chat.example",
            "",
        ] {
            assert!(!judge(&own, foreign), "{foreign}");
        }
        let embedded = Origins::Own { loopback: true };
        assert!(judge(&embedded, "http://localhost:5173"));
        assert!(judge(&embedded, "http://127.0.0.1:3001"));
        assert!(!judge(&embedded, "http://localhost.evil.example"));
    }

    #[test]
    fn a_list_is_a_list() {
        let listed = Origins::Listed(vec!["https://shop.example".into()]);
        assert!(judge(&listed, "https://shop.example"));
        assert!(!judge(&listed, "https://shop.example.evil"));
        assert!(!judge(&listed, "https://chat.example:3001"));
    }
}
