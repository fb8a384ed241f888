use std::sync::{Arc, atomic::AtomicU64};

use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{App, Mount, Settings, auth::Keyring, deliver::Deliver};
use crate::{
    hub::Hub,
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
    /// The process is ending: polls are sent elsewhere, WebSockets are closed.
    pub draining: CancellationToken,
    /// Everything that serves a client.
    pub tasks: TaskTracker,
    /// WebSockets in service.
    pub websockets: AtomicU64,
}

impl<A: App> Pod<A> {
    pub fn new(
        app: Arc<A>,
        hub: Arc<dyn Hub>,
        clock: Clock,
        settings: Settings,
        pids: Keyring,
        metrics: &Metrics,
    ) -> Self {
        let id = PodId::draw();
        let deliver = Deliver::new(
            Arc::clone(&app),
            Arc::clone(&hub),
            id.clone(),
            &metrics.server,
            metrics.hub.clone(),
        );
        Self {
            id,
            app,
            hub,
            clock,
            settings,
            pids,
            deliver,
            metrics: metrics.server.clone(),
            draining: CancellationToken::new(),
            tasks: TaskTracker::new(),
            websockets: AtomicU64::new(0),
        }
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

    pub fn hit_limit(&self, limit: &str) {
        self.metrics.refused.with_label_values(&[limit]).inc();
    }
}
