//! The listener: TCP connections to HTTP requests.

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{Router, body::Body};
use hyper::{
    Request,
    body::Incoming,
    header::{self, HeaderValue},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use super::{App, Pod, answer::Answer, engine, health::is_probe};

/// A request's head must be there within this.
const HEADER_TIMEOUT: Duration = Duration::from_secs(30);
/// What a connection's head and read-ahead may take.
const BUFFER_BYTES: usize = 64 * 1024;
/// After a failed accept (out of descriptors), before the next try.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// Connections that the system lets in before we do.
const BACKLOG: usize = 1024;
/// Said to a connection that is one too many, without reading anything of it.
const FULL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/// One of the connections that may be open. It goes with a request to whatever takes the TCP
/// connection over: hyper's part of a WebSocket ends with the upgrade.
#[derive(Clone, Debug)]
pub struct Permit(#[expect(dead_code, reason = "held, not read")] Arc<OwnedSemaphorePermit>);

/// Accepts until `stop`, and then whoever the system has let in by then. What was accepted goes on.
pub async fn listen<A: App>(
    pod: Arc<Pod<A>>,
    listener: TcpListener,
    routes: Router,
    stop: CancellationToken,
) {
    let door = Door {
        permits: Arc::new(Semaphore::new(pod.settings.max_connections)),
        pod,
        routes,
    };
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => break,
        };
        match accepted {
            Ok((stream, peer)) => door.enter(stream, peer),
            Err(error) => {
                tracing::warn!(%error, "cannot accept");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    // The system is asked, since the runtime may not have heard of the newest yet. To close over them would
    // tell their clients of a broken connection, and not whether what they wrote was read.
    let Ok(listener) = listener.into_std() else {
        return;
    };
    for _ in 0..BACKLOG {
        let Ok((stream, peer)) = listener.accept() else {
            return;
        };
        if stream.set_nonblocking(true).is_ok()
            && let Ok(stream) = TcpStream::from_std(stream)
        {
            door.enter(stream, peer);
        }
    }
}

struct Door<A: App> {
    pod: Arc<Pod<A>>,
    permits: Arc<Semaphore>,
    routes: Router,
}

impl<A: App> Door<A> {
    fn enter(&self, stream: TcpStream, peer: SocketAddr) {
        let Ok(permit) = Arc::clone(&self.permits).try_acquire_owned() else {
            self.pod.hit_limit("connections");
            return refuse(stream);
        };
        let (pod, routes) = (Arc::clone(&self.pod), self.routes.clone());
        self.pod.tasks.spawn(async move {
            let _ = stream.set_nodelay(true);
            let permit = Permit(Arc::new(permit));
            if let Err(error) = serve(pod, stream, (peer, permit), routes).await {
                tracing::debug!(%error, "connection ended");
            }
        });
    }
}

fn refuse(stream: TcpStream) {
    // One write into an empty send buffer: it is taken, or the connection is of no use anyway.
    if let Ok(stream) = stream.into_std() {
        use std::io::Write;
        let _ = (&stream).write(FULL);
    }
}

async fn serve<A: App>(
    pod: Arc<Pod<A>>,
    stream: TcpStream,
    (peer, permit): (SocketAddr, Permit),
    routes: Router,
) -> hyper::Result<()> {
    let (draining, closing) = (pod.draining.clone(), pod.closing.clone());
    let asked = Arc::new(AtomicBool::new(false));
    let (serving, has_asked) = (Arc::clone(&pod), Arc::clone(&asked));
    let service = service_fn(move |mut request: Request<Incoming>| {
        has_asked.store(true, Ordering::Relaxed);
        request.extensions_mut().insert(permit.clone());
        let (pod, routes) = (Arc::clone(&serving), routes.clone());
        async move { Ok::<_, io::Error>(answer(&pod, peer, request, routes).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_buf_size(BUFFER_BYTES)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut connection = std::pin::pin!(connection);
    // It would be closed unread in a drain. Its one answer says `Connection: close`.
    let stays = draining.is_cancelled();
    let ended = tokio::select! {
        // Read first: a request that is there is no longer to be closed over.
        biased;
        ended = connection.as_mut() => ended,
        () = closing.cancelled(), if !stays => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    // One that has asked before is only idle: it is closed for the same, and nothing is wrong with it.
    if ended.as_ref().is_err_and(hyper::Error::is_timeout) && !asked.load(Ordering::Relaxed) {
        pod.hit_limit("head_time");
    }
    ended
}

async fn answer<A: App>(
    pod: &Arc<Pod<A>>,
    peer: SocketAddr,
    request: Request<Incoming>,
    routes: Router,
) -> Answer {
    if !is_probe(request.uri().path()) {
        pod.note_request();
    }
    let mut answer = match pod.mount(request.uri().path()) {
        Some(mount) => engine::serve(pod, mount, peer, request).await,
        None => {
            let client = pod.settings.proxies.client(peer.ip(), request.headers());
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(client);
            match routes.oneshot(request).await {
                Ok(answer) => answer,
                Err(never) => match never {},
            }
        }
    };
    if pod.draining.is_cancelled() {
        // The next request goes to another process.
        answer
            .headers_mut()
            .entry(header::CONNECTION)
            .or_insert(HeaderValue::from_static("close"));
    }
    answer
}
