//! The engine endpoints: one request, whatever its method, to the place that serves it.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use hyper::{Method, Request, body::Incoming, header};
use tokio::time::timeout;

use super::{
    App, Mount, Pod,
    answer::{self, Answer},
    auth::login_cookie,
    origin::{self, DENIED, Verdict},
    polling,
    state::Handshake,
    ws::{self, Coming},
};
use crate::{
    model::Sid,
    wire::engine::{Query, Request as EngineRequest, RequestError, Transport, route},
};

/// Longer, a handshake is not held to be counted: a hub in trouble would keep all clients waiting, those
/// too that need nothing else of it yet.
const CHARGE_TIMEOUT: Duration = Duration::from_secs(1);

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
    let method = request.method().as_str();
    let routed = route(method, &query, is_websocket, pod.settings.allow_eio3);
    if pod.draining.is_cancelled() && routed.as_ref().is_ok_and(is_websocket_to_open) {
        pod.hit_limit("draining");
        return answer::unavailable();
    }
    match routed {
        Err(error) => answer::error(&error),
        Ok(EngineRequest::Handshake { transport }) => {
            let handshake = handshake(pod, peer, &query, &request);
            let Ok(arriving) = Arc::clone(&pod.arriving).try_acquire_owned() else {
                pod.hit_limit("arriving");
                return answer::unavailable();
            };
            if let Some(refusal) = counted(pod, &handshake).await {
                if pod.settings.proxies.ignores(peer.ip(), request.headers()) {
                    pod.unlisted_proxy.call_once(warn_of_proxy);
                }
                return refusal;
            }
            match transport {
                Transport::Polling => polling::handshake(pod, mount, handshake).await,
                Transport::Websocket => {
                    let coming = Coming::New(handshake, arriving);
                    ws::accept(pod, mount, request, coming)
                }
            }
        }
        Ok(EngineRequest::Poll { sid, t }) => {
            let revision = query.eio.unwrap_or_default();
            polling::get(pod, mount, Sid::new(sid), t, revision).await
        }
        Ok(EngineRequest::Post { sid, t }) => {
            polling::post(pod, mount, Sid::new(sid), t, request).await
        }
        Ok(EngineRequest::Upgrade { sid }) => {
            ws::accept(pod, mount, request, Coming::Upgrade(Sid::new(sid)))
        }
    }
}

/// What would be here to stay. A polling client goes on by polling, and one that has only this tries again
/// elsewhere.
fn is_websocket_to_open(request: &EngineRequest) -> bool {
    match request {
        EngineRequest::Handshake { transport } => *transport == Transport::Websocket,
        EngineRequest::Upgrade { .. } => true,
        EngineRequest::Poll { .. } | EngineRequest::Post { .. } => false,
    }
}

/// The answer to one connection too many. While the hub does not count, all are let in: what they want
/// next needs the hub as well.
async fn counted<A: App>(pod: &Pod<A>, handshake: &Handshake) -> Option<Answer> {
    let network = handshake.address.network();
    let rate = pod.settings.handshakes.rate("handshakes", &network)?;
    let charged = timeout(CHARGE_TIMEOUT, pod.hub.charge(&rate)).await;
    let Ok(Ok(Some(retry_after_ms))) = charged else {
        return None;
    };
    pod.hit_limit(rate.name());
    let message = "Too many new connections from your network, please wait a moment";
    Some(answer::limited(message, retry_after_ms))
}

fn handshake<A: App>(
    pod: &Pod<A>,
    peer: SocketAddr,
    query: &Query,
    request: &Request<Incoming>,
) -> Handshake {
    let origin = request
        .headers()
        .get(header::ORIGIN)
        .and_then(|origin| origin.to_str().ok());
    let verdict = pod.settings.origins.judge(request.headers());
    let login = login_cookie(request.headers()).filter(|_| verdict.may_send_cookies());
    Handshake {
        address: pod.settings.proxies.client(peer.ip(), request.headers()),
        params: query.params.clone(),
        origin: origin.map(str::to_owned),
        revision: query.eio.unwrap_or_default(),
        b64: query.b64,
        login: login.map(str::to_owned),
    }
}

/// All clients behind it are counted as one.
fn warn_of_proxy() {
    tracing::warn!(
        "an address with too many new connections sends X-Forwarded-For: if that is a proxy of yours, \
         TRUSTED_PROXIES has to list it"
    );
}

fn denied<A: App>(pod: &Pod<A>) -> Answer {
    pod.hit_limit("origin");
    answer::error(&RequestError::Forbidden(DENIED.to_owned()))
}
