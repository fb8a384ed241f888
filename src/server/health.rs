//! Probes and metrics. Liveness never asks a dependency: restarting a process mends no database.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use axum::{Router, extract::State, http::StatusCode, response::IntoResponse, routing::get};

use crate::metrics::Metrics;

const LIVEZ: &str = "/livez";
const READYZ: &str = "/readyz";
const STARTUPZ: &str = "/startupz";

/// What the probes report; set by whoever starts and ends the process.
#[derive(Clone, Debug, Default)]
pub struct Health(Arc<Flags>);

#[derive(Debug, Default)]
struct Flags {
    started: AtomicBool,
    draining: AtomicBool,
    backends: AtomicBool,
}

impl Health {
    pub fn set_started(&self) {
        self.0.started.store(true, Ordering::Release);
    }

    pub fn set_draining(&self) {
        self.0.draining.store(true, Ordering::Release);
    }

    pub fn set_backends(&self, answer: bool) {
        self.0.backends.store(answer, Ordering::Release);
    }

    fn is_started(&self) -> bool {
        self.0.started.load(Ordering::Acquire)
    }

    fn unready(&self) -> Option<&'static str> {
        if self.0.draining.load(Ordering::Acquire) {
            Some("draining")
        } else if !self.is_started() {
            Some("starting")
        } else if !self.0.backends.load(Ordering::Acquire) {
            Some("hub or history does not answer")
        } else {
            None
        }
    }
}

/// `/livez`, `/readyz`, `/startupz`.
pub fn probes(health: Health) -> Router {
    Router::new()
        .route(LIVEZ, get(|| async { "ok" }))
        .route(READYZ, get(ready))
        .route(STARTUPZ, get(started))
        .with_state(health)
}

pub fn is_probe(path: &str) -> bool {
    [LIVEZ, READYZ, STARTUPZ].contains(&path)
}

/// `/metrics`, for a port of its own: never the public one. And `/livez`: a server that has all the
/// connections it may have turns a probe away on the public one, and is alive.
pub fn metrics(metrics: Metrics) -> Router {
    Router::new()
        .route(LIVEZ, get(|| async { "ok" }))
        .route("/metrics", get(page))
        .with_state(metrics)
}

async fn ready(State(health): State<Health>) -> impl IntoResponse {
    match health.unready() {
        None => (StatusCode::OK, "ok"),
        Some(reason) => (StatusCode::SERVICE_UNAVAILABLE, reason),
    }
}

async fn started(State(health): State<Health>) -> impl IntoResponse {
    if health.is_started() {
        (StatusCode::OK, "ok")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "starting")
    }
}

async fn page(State(metrics): State<Metrics>) -> impl IntoResponse {
    match metrics.render() {
        Ok(page) => (
            StatusCode::OK,
            [("content-type", "text/plain; version=0.0.4")],
            page,
        ),
        Err(_) => (
            StatusCode::INTERNAL_SERVER_ERROR,
            [("content-type", "text/plain")],
            Vec::new(),
        ),
    }
}
