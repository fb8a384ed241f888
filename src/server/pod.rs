use std::sync::{
    Arc, Once,
    atomic::{AtomicU64, Ordering},
};

use tokio::sync::{Notify, Semaphore, watch};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    App, Mount, Revocations, Settings, auth::Keyring, deliver::Deliver, lease::Lease, reap::Owed,
};
use crate::{
    hub::{Hub, Persisted},
    metrics::{Metrics, ServerMetrics},
    model::{Clock, Millis, PodId},
};

/// What every request and every socket of a process shares. Nothing in it belongs to a connection,
/// the registrations of parked GETs and open WebSockets in `deliver` excepted.
pub struct Pod<A: App> {
    pub id: PodId,
    pub app: Arc<A>,
    pub hub: Arc<dyn Hub>,
    pub clock: Clock,
    pub settings: Settings,
    /// Signs and verifies pids.
    pub pids: Keyring,
    pub deliver: Deliver<A>,
    pub metrics: ServerMetrics,
    /// That others take it for alive.
    pub lease: Lease,
    pub revocations: Revocations,
    /// Departures that could not be written.
    pub owed: Owed,
    /// The process is ending: polls are sent elsewhere, WebSockets are closed.
    pub draining: CancellationToken,
    /// Connections that are opened and joined at a time.
    pub arriving: Arc<Semaphore>,
    /// Nobody is sent here any more: TCP connections without a request are closed.
    pub closing: CancellationToken,
    /// How many have come, and that another one has while the process is ending.
    requests: AtomicU64,
    request: Notify,
    /// Everything that serves a client.
    pub tasks: TaskTracker,
    /// Told of once.
    pub unlisted_proxy: Once,
}

/// What a pod is made of.
pub struct Parts<A> {
    pub app: Arc<A>,
    pub hub: Arc<dyn Hub>,
    pub clock: Clock,
    pub settings: Settings,
    pub pids: Keyring,
    pub metrics: Metrics,
}

impl<A: App> Pod<A> {
    pub fn new(parts: Parts<A>) -> Self {
        let id = PodId::draw();
        Self {
            deliver: Deliver::new(
                Arc::clone(&parts.app),
                Arc::clone(&parts.hub),
                id.clone(),
                &parts.metrics,
            ),
            arriving: Arc::new(Semaphore::new(parts.settings.arriving_max)),
            id,
            app: parts.app,
            hub: parts.hub,
            clock: parts.clock,
            settings: parts.settings,
            pids: parts.pids,
            metrics: parts.metrics.server,
            lease: Lease::new(),
            revocations: Revocations::default(),
            owed: Owed::default(),
            draining: CancellationToken::new(),
            closing: CancellationToken::new(),
            requests: AtomicU64::new(0),
            request: Notify::new(),
            tasks: TaskTracker::new(),
            unlisted_proxy: Once::new(),
        }
    }

    /// How far the history is, as far as this pod knows.
    pub fn persisted(&self) -> watch::Receiver<Persisted> {
        self.deliver.persisted()
    }

    pub fn now(&self) -> Millis {
        self.clock.now()
    }

    /// The mount that a path belongs to: a prefix, as in the reference, so `/socket.io/x` is served
    /// and `/socket.io` without its slash is not.
    pub fn mount(&self, path: &str) -> Option<&Mount> {
        self.settings
            .mounts
            .iter()
            .find(|mount| path.starts_with(&mount.path))
    }

    /// A request has come, of whoever may be sent elsewhere: probes come whatever they are told.
    pub fn note_request(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
        if self.draining.is_cancelled() {
            self.request.notify_one();
        }
    }

    /// Until no request has come for [`Settings::quiet`]. At once if none ever has: then nobody knows of
    /// this process.
    pub async fn quiet(&self) {
        if self.requests.load(Ordering::Relaxed) == 0 {
            return;
        }
        let quiet = self.settings.quiet;
        while tokio::time::timeout(quiet, self.request.notified())
            .await
            .is_ok()
        {}
    }

    /// Events that were written to a client, the first of them committed at `oldest`.
    pub fn count_delivered(&self, transport: &str, count: u64, oldest: Option<Millis>) {
        let delivered = &self.metrics.delivered;
        delivered.with_label_values(&[transport]).inc_by(count);
        if let Some(committed_at) = oldest {
            let seconds = self.now().saturating_sub(committed_at) as f64 / 1000.0;
            let delivery = &self.metrics.delivery_seconds;
            delivery.with_label_values(&[transport]).observe(seconds);
        }
    }

    pub fn hit_limit(&self, limit: &str) {
        self.metrics.refused.with_label_values(&[limit]).inc();
    }
}
