//! Which of the four Engine.IO requests an HTTP request is.

use super::error::RequestError;
use super::query::{Query, Revision, Transport};

/// A request that makes sense on its own; whether its `sid` is known is for the caller to find.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// Open a connection.
    Handshake { transport: Transport },
    /// Wait for packets.
    Poll { sid: String, t: Option<String> },
    /// Deliver packets.
    Post { sid: String, t: Option<String> },
    /// Try a WebSocket on a connection opened by polling.
    Upgrade { sid: String },
}

const NO_JSONP: &str = "JSONP is not supported, please poll by XMLHttpRequest or use WebSocket";

/// Decides from the request line and headers alone.
///
/// `method` is the HTTP method in upper case; `is_websocket` says that the request is a complete
/// WebSocket upgrade. The checks come in the order of the reference server, because clients show
/// the code of the first that fails: bounds, transport, method, fitting of transport and upgrade,
/// and last the revision. The revision counts on a handshake only, where a missing one is as
/// unsupported as a wrong one; later requests are already tied to it by their `sid`. The third one
/// has to be let in (`accepts_v3`), and then not as JSONP: that is a script for pages which may not
/// read what they fetch, and would let any of them read what is said here.
/// A preflight `OPTIONS` must be answered before it comes here.
pub fn route(
    method: &str,
    query: &Query,
    is_websocket: bool,
    accepts_v3: bool,
) -> Result<Request, RequestError> {
    query.check()?;
    let transport = query.transport.ok_or(RequestError::UnknownTransport)?;
    let revision = query
        .eio
        .filter(|revision| accepts_v3 || *revision == Revision::V4);
    if query.jsonp && revision == Some(Revision::V3) {
        return Err(RequestError::Forbidden(NO_JSONP.to_owned()));
    }
    match &query.sid {
        None => handshake(method, transport, revision, is_websocket),
        Some(sid) => existing(method, transport, sid, query.t.as_deref(), is_websocket),
    }
}

fn handshake(
    method: &str,
    transport: Transport,
    revision: Option<Revision>,
    is_websocket: bool,
) -> Result<Request, RequestError> {
    match (method, transport, is_websocket, revision) {
        ("GET", Transport::Polling, false, Some(_))
        | ("GET", Transport::Websocket, true, Some(_)) => Ok(Request::Handshake { transport }),
        ("GET", Transport::Polling, true, _) | ("GET", Transport::Websocket, false, _) => {
            Err(RequestError::BadRequest)
        }
        ("GET", _, _, None) => Err(RequestError::UnsupportedVersion),
        _ => Err(RequestError::BadHandshakeMethod),
    }
}

fn existing(
    method: &str,
    transport: Transport,
    sid: &str,
    t: Option<&str>,
    is_websocket: bool,
) -> Result<Request, RequestError> {
    let sid = sid.to_owned();
    let t = t.map(str::to_owned);
    match (method, transport, is_websocket) {
        ("GET", Transport::Polling, false) => Ok(Request::Poll { sid, t }),
        ("POST", Transport::Polling, false) => Ok(Request::Post { sid, t }),
        ("GET", Transport::Websocket, true) => Ok(Request::Upgrade { sid }),
        _ => Err(RequestError::BadRequest),
    }
}
