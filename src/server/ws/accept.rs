use std::sync::Arc;

use axum::body::Body;
use hyper::{
    Request, Response, StatusCode,
    body::Incoming,
    header::{self, HeaderMap, HeaderValue},
    upgrade::Upgraded,
};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, sync::OwnedSemaphorePermit};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        handshake::derive_accept_key,
        protocol::{Role, WebSocketConfig},
    },
};

use super::{
    counted::Counted,
    link::{Link, Socket},
    open, upgrade,
};
use crate::{
    model::Sid,
    server::{
        App, Mount, Pod,
        accept::Permit,
        answer::{self, Answer},
        state::Handshake,
    },
    wire::engine::{Query, RequestError},
};

/// Small, since most sockets are quiet most of the time: this is what an idle one costs.
const READ_BUFFER: usize = 2 * 1024;
const WRITE_BUFFER: usize = 4 * 1024;
/// The codec takes no frame larger than this: more than the largest page of history or sessions,
/// with every character escaped. What is behind it waits with the caller, who flushes each batch.
const WRITE_BUFFER_MAX: usize = 16 * 1024 * 1024;

/// Who comes by a WebSocket.
pub enum Coming {
    /// With its place among those on their way in.
    New(Handshake, OwnedSemaphorePermit),
    /// A polling connection.
    Upgrade(Sid),
}

/// Answers 101 and serves the socket in a task of its own.
pub fn accept<A: App>(
    pod: &Arc<Pod<A>>,
    mount: &Mount,
    request: Request<Incoming>,
    coming: Coming,
) -> Answer {
    let Some(accept) = accept_key(request.headers()) else {
        return answer::error(&RequestError::BadRequest);
    };
    let (task_pod, task_mount) = (Arc::clone(pod), mount.clone());
    let b64 = Query::parse(request.uri().query().unwrap_or_default()).b64;
    let permit = request.extensions().get::<Permit>().cloned();
    pod.tasks.spawn(async move {
        let Ok(upgraded) = hyper::upgrade::on(request).await else {
            return;
        };
        let Some(socket) = socket(upgraded, task_mount.max_payload).await else {
            return;
        };
        let link = Link::new(socket, task_pod.settings.slow_timeout, b64);
        match coming {
            Coming::New(handshake, arriving) => {
                open(task_pod, task_mount, (handshake, arriving), link).await;
            }
            Coming::Upgrade(sid) => upgrade(task_pod, task_mount, sid, link).await,
        }
        drop(permit);
    });
    switching(accept)
}

/// The request as the protocol wants it, or nothing.
fn accept_key(headers: &HeaderMap) -> Option<HeaderValue> {
    if headers.get(header::SEC_WEBSOCKET_VERSION)?.as_bytes() != b"13" {
        return None;
    }
    let key = headers.get(header::SEC_WEBSOCKET_KEY)?;
    HeaderValue::from_str(&derive_accept_key(key.as_bytes())).ok()
}

fn switching(accept: HeaderValue) -> Answer {
    let mut answer = Response::new(Body::empty());
    *answer.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = answer.headers_mut();
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    answer
}

/// Takes the TCP stream out of hyper: its buffers would otherwise live as long as the socket.
async fn socket(upgraded: Upgraded, max_payload: usize) -> Option<Socket> {
    let parts = upgraded.downcast::<TokioIo<TcpStream>>().ok()?;
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER)
        .max_write_buffer_size(WRITE_BUFFER_MAX)
        .max_message_size(Some(max_payload))
        .max_frame_size(Some(max_payload));
    let early = parts.read_buf.to_vec();
    drop(parts.read_buf);
    let stream = Counted::new(parts.io.into_inner());
    Some(WebSocketStream::from_partially_read(stream, early, Role::Server, Some(config)).await)
}
