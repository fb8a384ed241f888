//! Whether this pod may go on to answer for its WebSockets.
//!
//! A pod that cannot say that it lives is taken for dead by the others, who give its operators' sessions
//! back. So it closes its WebSockets before they may do that: no client is served by a pod for which
//! its connection is gone. Polling connections are no pod's, and need nothing.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{sync::watch, time::Instant};
use tokio_util::sync::CancellationToken;

use super::{App, Pod};
use crate::hub::LeaseState;

/// Kept by renewals; lost when they fail for too long.
#[derive(Debug)]
pub struct Lease {
    /// By this pod's clock, which runs on while the process is stopped. `None` before it began.
    until: Mutex<Option<Instant>>,
    /// How often it was lost.
    losses: watch::Sender<u64>,
}

impl Lease {
    pub fn new() -> Self {
        Self {
            until: Mutex::default(),
            losses: watch::Sender::new(0),
        }
    }

    /// Nothing new may be answered for.
    pub fn is_lost(&self) -> bool {
        self.until().is_some_and(|until| until <= Instant::now())
    }

    /// Changes when whatever WebSocket is open by then has to close.
    pub fn losses(&self) -> watch::Receiver<u64> {
        self.losses.subscribe()
    }

    fn until(&self) -> Option<Instant> {
        *self.until.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn extend(&self, until: Instant) {
        *self.until.lock().unwrap_or_else(PoisonError::into_inner) = Some(until);
    }

    fn lose(&self) {
        self.losses.send_modify(|losses| *losses += 1);
    }
}

/// Renews until `stop`.
pub async fn keep<A: App>(pod: Arc<Pod<A>>, stop: CancellationToken) {
    let ttl = Duration::from_millis(pod.settings.pod_lease_ms);
    // The rest of it is for the sockets to close in.
    let safe = ttl * 2 / 3;
    pod.lease.extend(Instant::now() + safe);
    let mut closed = false;
    loop {
        let asked = Instant::now();
        let over = pod.lease.until().filter(|_| !closed).unwrap_or(asked + ttl);
        let renewed = tokio::select! {
            renewed = pod.hub.renew_pod(&pod.id, pod.settings.pod_lease_ms) => renewed.ok(),
            () = tokio::time::sleep_until(over) => None,
            () = stop.cancelled() => return,
        };
        // What was open when the lease ran out has to go, also if the answer came after all.
        if !closed && (renewed == Some(LeaseState::Lost) || pod.lease.is_lost()) {
            tracing::warn!("the pod's lease is lost: its WebSockets are closed");
            pod.metrics.leases_lost.inc();
            pod.lease.lose();
            closed = true;
        }
        if renewed.is_some() {
            if std::mem::take(&mut closed) {
                // Who has got in meanwhile is gone for the others as well.
                pod.lease.lose();
            }
            pod.lease.extend(asked + safe);
            // Asked for before the process was stopped.
            if pod.lease.is_lost() {
                continue;
            }
        }
        let again = asked + ttl / 3;
        let over = pod.lease.until().filter(|_| !closed).unwrap_or(again);
        tokio::select! {
            () = tokio::time::sleep_until(again.min(over)) => {}
            () = stop.cancelled() => return,
        }
    }
}
