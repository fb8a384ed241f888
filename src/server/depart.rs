//! The end of a connection, said to the application once, by whoever ended it in the hub.

use super::{
    App, Pod,
    app::{Socket, Trouble},
    state::ConnectionState,
};
use crate::{
    hub::{Departed, RecordOp},
    model::{Millis, Sid},
};

/// A polling connection that the caller has ended.
pub async fn polling<A: App>(pod: &Pod<A>, sid: &Sid, departed: Departed, reason: &str) {
    count(pod, reason);
    if let Some(state) = ConnectionState::read(&departed.state) {
        sockets(pod, sid, &state).await;
    }
}

/// A polling connection less.
pub fn count<A: App>(pod: &Pod<A>, reason: &str) {
    let metrics = &pod.metrics;
    metrics.connections.with_label_values(&["polling"]).dec();
    let labels = ["polling", reason];
    metrics.closed.with_label_values(&labels).inc();
}

pub async fn sockets<A: App>(pod: &Pod<A>, sid: &Sid, state: &ConnectionState<A::Socket>) {
    for nsp in state.sockets.keys() {
        if let Some(known) = state.socket(sid, nsp) {
            let _ = socket(pod, &known, pod.settings.recovery_window_ms).await;
        }
    }
}

/// One socket; it can be recovered for `window_ms` more. After trouble its presence is found as owed once its
/// connection is over, and not before: a connection that goes on has to end then.
pub async fn socket<A: App>(
    pod: &Pod<A>,
    socket: &Socket<A::Socket>,
    window_ms: Millis,
) -> Result<(), Trouble> {
    tracing::debug!(nsp = socket.nsp, "gone");
    let is_recoverable = socket.is_recoverable::<A>();
    let leave = is_recoverable.then(|| RecordOp::Leave {
        id: socket.recovery.clone(),
        sid: socket.sid.clone(),
        expires_at: pod.now().saturating_add(window_ms),
    });
    let left = pod.app.gone(socket, leave).await.inspect_err(|_| {
        if socket.pod.is_some() {
            pod.owed.note();
        }
    })?;
    if is_recoverable && !left {
        // If this is lost, the record lives until its own end: longer than promised, which is harmless.
        let _ = pod
            .hub
            .leave_recovery(&socket.recovery, &socket.sid, pod.now(), window_ms)
            .await;
    }
    Ok(())
}
