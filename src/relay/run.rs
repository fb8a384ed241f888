use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::Router;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use super::Relay;
use crate::{
    chat::{Chat, ChatSettings, Writer},
    config::{Config, ConfigError, Secrets, SecretsError},
    history::{
        History,
        sqlite::{OpenError, SqliteHistory},
    },
    hub::{
        Hub,
        memory::{MemoryHub, Retention},
    },
    metrics::Metrics,
    model::{Clock, PodId, WorkspaceId},
    server::{Health, Parts, Pod, Server, metrics, probes},
    web,
};

/// How often the history is asked whether it answers.
const HEALTH_EVERY: Duration = Duration::from_secs(5);

/// What several server objects may share.
pub struct Backends {
    pub hub: Arc<dyn Hub>,
    pub history: Arc<dyn History>,
    pub clock: Clock,
    pub metrics: Metrics,
    writer: JoinHandle<()>,
    stop: CancellationToken,
}

#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    #[error(transparent)]
    History(#[from] OpenError),
    #[error("cannot prepare the history")]
    Prepare(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("metrics")]
    Metrics(#[from] prometheus::Error),
    #[error("the hub is unavailable")]
    Hub(#[from] crate::hub::Unavailable),
    #[error("cannot listen")]
    Listen(#[from] std::io::Error),
}

/// Opens hub and history and begins to write the one to the other.
pub async fn prepare(config: &Config) -> Result<Backends, StartError> {
    let clock = Clock::System;
    let metrics = Metrics::new()?;
    let window = config.recovery_window.ms();
    let hub: Arc<dyn Hub> = Arc::new(MemoryHub::new(
        clock.clone(),
        Retention {
            feed_ms: window,
            ended_ms: window,
        },
    ));
    let history: Arc<dyn History> = Arc::new(SqliteHistory::open(
        &config.keys.data_dir,
        metrics.history.clone(),
    )?);
    let mut writer = Writer::new(
        Arc::clone(&hub),
        Arc::clone(&history),
        PodId::draw(),
        clock.clone(),
        metrics.history.clone(),
    );
    writer
        .prepare()
        .await
        .map_err(|error| StartError::Prepare(Box::new(error)))?;
    metrics.hub.up.set(1);
    let stop = CancellationToken::new();
    let writer = tokio::spawn(writer.run(stop.clone()));
    Ok(Backends {
        hub,
        history,
        clock,
        metrics,
        writer,
        stop,
    })
}

impl Backends {
    /// Writes what is left, and ends.
    pub async fn close(self) {
        self.stop.cancel();
        if self.writer.await.is_err() {
            tracing::error!("the history's writer has failed");
        }
    }
}

/// A server object at work.
pub struct Running {
    server: Server<Relay>,
    health: Health,
    helpers: CancellationToken,
    pub address: SocketAddr,
}

/// Serves on the listener; metrics, if a listener is given for them, on theirs.
pub async fn start(
    config: &Config,
    backends: &Backends,
    listener: TcpListener,
    metrics_listener: Option<TcpListener>,
) -> Result<Running, StartError> {
    let settings = config.settings()?;
    let Secrets { jwt, signing } = Secrets::load(&config.keys.data_dir)?;
    let chat = Chat::new(
        Arc::clone(&backends.hub),
        Arc::clone(&backends.history),
        backends.clock.clone(),
        ChatSettings {
            max_text: config.max_text,
            workspaces: config.workspaces.iter().map(WorkspaceId::new).collect(),
        },
        backends.metrics.chat.clone(),
    );
    let chat = Arc::new(chat);
    let helpers = CancellationToken::new();
    let (teller, stop) = (Arc::clone(&chat), helpers.clone());
    tokio::spawn(async move { stop.run_until_cancelled(teller.tell_queue()).await });
    let relay = Relay {
        chat,
        clock: backends.clock.clone(),
        jwt,
        signing: signing.clone(),
    };
    let pod = Pod::new(Parts {
        app: Arc::new(relay),
        hub: Arc::clone(&backends.hub),
        clock: backends.clock.clone(),
        settings,
        pids: signing,
        metrics: backends.metrics.clone(),
    });
    let health = Health::default();
    let address = listener.local_addr()?;
    let routes = Router::new()
        .merge(probes(health.clone()))
        .merge(web::routes());
    let server = Server::start(pod, listener, routes).await?;
    if let Some(listener) = metrics_listener {
        let (router, stop) = (metrics(backends.metrics.clone()), helpers.clone());
        tokio::spawn(async move {
            let serving =
                axum::serve(listener, router).with_graceful_shutdown(stop.cancelled_owned());
            if let Err(error) = serving.await {
                tracing::error!(%error, "metrics are not served any more");
            }
        });
    }
    let watched = Watched {
        hub: Arc::clone(&backends.hub),
        history: Arc::clone(&backends.history),
        metrics: backends.metrics.clone(),
    };
    tokio::spawn(watch(watched, health.clone(), helpers.clone()));
    Ok(Running {
        server,
        health,
        helpers,
        address,
    })
}

impl Running {
    /// Not ready any more, then every client sent away, then the end.
    pub async fn drain(self) {
        self.health.set_draining();
        self.server.drain().await;
        self.helpers.cancel();
    }
}

/// Keeps readiness and the health of the backends true.
async fn watch(backends: Watched, health: Health, stop: CancellationToken) {
    let Watched {
        hub,
        history,
        metrics,
    } = backends;
    let mut every = tokio::time::interval(HEALTH_EVERY);
    loop {
        tokio::select! {
            _ = every.tick() => {}
            () = stop.cancelled() => return,
        }
        let hub_answers = hub.persisted().await.is_ok();
        metrics.hub.up.set(i64::from(hub_answers));
        if !hub_answers {
            metrics.hub.errors.with_label_values(&["probe"]).inc();
        }
        let history_answers = history.ping().await.is_ok();
        metrics.history.up.set(i64::from(history_answers));
        health.set_backends(hub_answers && history_answers);
        health.set_started();
    }
}

struct Watched {
    hub: Arc<dyn Hub>,
    history: Arc<dyn History>,
    metrics: Metrics,
}
