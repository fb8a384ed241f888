//! The end of a pod, without a loss for whoever is on it.

use std::{sync::Arc, time::Duration};

use tokio::{task::JoinHandle, time::Instant};
use tokio_util::sync::CancellationToken;

use super::{App, Pod};

/// After the drain, for answers that are on their way.
pub const LAST_ANSWERS: Duration = Duration::from_secs(2);

/// The listener of a pod at work.
pub struct Listening {
    pub stop: CancellationToken,
    pub task: JoinHandle<()>,
}

/// Sends every client elsewhere and waits until they are gone: parked GETs are answered with nothing
/// (their clients just poll again), WebSockets are closed over the drain time.
///
/// What proxies keep open is closed last, and the listener stays until then. One that has not heard of
/// the end sends a POST into a connection that is just being closed, and may not send it again: its client
/// would lose its connection. So each takes one more request, whose answer says `Connection: close`.
pub async fn drain<A: App>(pod: &Arc<Pod<A>>, listening: Listening) {
    pod.metrics.draining.set(1);
    pod.draining.cancel();
    pod.tasks.close();
    let until = Instant::now() + pod.settings.drain;
    let gone = async {
        pod.quiet().await;
        pod.closing.cancel();
        pod.tasks.wait().await;
    };
    // A proxy that does not ask for readiness would send requests for ever.
    let _ = tokio::time::timeout_at(until, gone).await;
    listening.stop.cancel();
    // With what has been accepted by the system, and is served as well.
    let _ = listening.task.await;
    pod.closing.cancel();
    let last = tokio::time::timeout_at(until + LAST_ANSWERS, pod.tasks.wait());
    if last.await.is_err() {
        tracing::warn!(left = pod.tasks.len(), "clients did not leave in time");
    }
}
