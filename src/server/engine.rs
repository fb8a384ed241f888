//! The engine endpoints: one request, whatever its method, to the place that serves it.

use std::{net::SocketAddr, sync::Arc};

use hyper::{Method, Request, body::Incoming, header};

use super::{
    App, Mount, Pod,
    answer::{self, Answer},
    origin::{self, DENIED, Verdict},
    polling,
    state::Handshake,
    ws,
};
use crate::{
    model::Sid,
    wire::engine::{Query, Request as EngineRequest, RequestError, Transport, route},
};

/// Serves a request below a mount. CORS headers are on every answer, errors too.
pub async fn serve<A: App>(
    pod: &Arc<Pod<A>>,
    mount: &Mount,
    peer: SocketAddr,
    request: Request<Incoming>,
) -> Answer {
    let verdict = pod.settings.origins.judge(request.headers());
    if request.method() == Method::OPTIONS {
        let mut answer = if verdict == Verdict::Denied {
            denied(pod)
        } else {
            answer::no_content()
        };
        origin::preflight(request.headers(), answer.headers_mut());
        verdict.stamp(answer.headers_mut());
        return answer;
    }
    let mut answer = if verdict == Verdict::Denied {
        denied(pod)
    } else {
        dispatch(pod, mount, peer, request).await
    };
    verdict.stamp(answer.headers_mut());
    answer
}

async fn dispatch<A: App>(
    pod: &Arc<Pod<A>>,
    mount: &Mount,
    peer: SocketAddr,
    request: Request<Incoming>,
) -> Answer {
    let query = Query::parse(request.uri().query().unwrap_or_default());
    let is_websocket = request
        .headers()
        .get(header::UPGRADE)
        .is_some_and(|upgrade| upgrade.as_bytes().eq_ignore_ascii_case(b"websocket"));
    match route(request.method().as_str(), &query, is_websocket) {
        Err(error) => answer::error(&error),
        Ok(EngineRequest::Handshake { transport }) => {
            let handshake = handshake(peer, &query, &request);
            match transport {
                Transport::Polling => polling::handshake(pod, mount, handshake).await,
                Transport::Websocket => ws::accept(pod, mount, request, handshake, None),
            }
        }
        Ok(EngineRequest::Poll { sid, t }) => polling::get(pod, mount, Sid::new(sid), t).await,
        Ok(EngineRequest::Post { sid, t }) => {
            polling::post(pod, mount, Sid::new(sid), t, request.into_body()).await
        }
        Ok(EngineRequest::Upgrade { sid }) => {
            let handshake = handshake(peer, &query, &request);
            ws::accept(pod, mount, request, handshake, Some(Sid::new(sid)))
        }
    }
}

fn handshake(peer: SocketAddr, query: &Query, request: &Request<Incoming>) -> Handshake {
    let origin = request
        .headers()
        .get(header::ORIGIN)
        .and_then(|origin| origin.to_str().ok());
    Handshake {
        address: peer.ip().to_string(),
        params: query.params.clone(),
        origin: origin.map(str::to_owned),
    }
}

fn denied<A: App>(pod: &Pod<A>) -> Answer {
    pod.hit_limit("origin");
    answer::error(&RequestError::Forbidden(DENIED.to_owned()))
}
