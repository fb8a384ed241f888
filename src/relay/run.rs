use std::{net::SocketAddr, os::fd::AsFd as _, sync::Arc, time::Duration};

use axum::{Router, http::StatusCode};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::{Backends, Relay};
use crate::{
    chat::{Chat, ChatParts, ChatSettings, Directory},
    config::{Config, ConfigError, Secrets, SecretsError},
    dialect,
    files::{self, FileParts, Files},
    history::{self, History},
    hub::{self, Hub},
    metrics::Metrics,
    model::WorkspaceId,
    rest,
    server::{Health, Parts, Pod, Server, Settings, auth::Verifier, document, metrics, probes},
    web,
};

/// How often the history is asked whether it answers.
const HEALTH_EVERY: Duration = Duration::from_secs(5);
/// Lives of a silent connection between two looks at whether a polling one is still there. Rarely anything
/// is found: that takes a pod which dies between ending a connection and saying so.
const PRESENCE_LOOKS: u64 = 10;

#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    #[error(transparent)]
    Sqlite(#[from] history::sqlite::OpenError),
    #[error(transparent)]
    Postgres(#[from] history::postgres::OpenError),
    #[error(transparent)]
    Redis(#[from] hub::redis::OpenError),
    #[error("the history is unavailable")]
    History(#[from] crate::history::Unavailable),
    #[error("cannot prepare the history")]
    Prepare(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error(transparent)]
    Files(#[from] files::StoreError),
    #[error("nowhere to put files: set FILES")]
    NoFiles,
    #[error("metrics")]
    Metrics(#[from] prometheus::Error),
    #[error("the hub is unavailable")]
    Hub(#[from] crate::hub::Unavailable),
    #[error("cannot listen")]
    Listen(#[from] std::io::Error),
}

/// A server object at work.
pub struct Running {
    server: Server<Relay>,
    health: Health,
    helpers: CancellationToken,
    pub address: SocketAddr,
}

/// As long as a start takes by itself. A request that comes this early waits for it: a proxy that has found
/// the port of a pod that was replaced does not ask for readiness, and a polling client that is told of a
/// start loses its connection.
const START_HOLD: Duration = Duration::from_secs(3);

/// Answers the probes on both listeners, the public one first, for as long as `work` takes: a pod that waits
/// for its backends lives, and is not ready.
pub async fn waiting<T>(
    listeners: [&TcpListener; 2],
    health: &Health,
    work: impl Future<Output = T>,
) -> std::io::Result<T> {
    let stop = CancellationToken::new();
    // However it ends.
    let _stop = stop.clone().drop_guard();
    for (listener, hold) in listeners.into_iter().zip([START_HOLD, Duration::ZERO]) {
        // Another handle of the same socket, so that nobody is turned away when it is let go.
        let copy = std::net::TcpListener::from(listener.as_fd().try_clone_to_owned()?);
        let copy = TcpListener::from_std(copy)?;
        let starting = || async { (StatusCode::SERVICE_UNAVAILABLE, "starting") };
        let routes = probes(health.clone()).fallback(starting);
        let stopped = stop.clone().cancelled_owned();
        let stop = stop.clone();
        tokio::spawn(async move {
            if stop
                .run_until_cancelled(tokio::time::sleep(hold))
                .await
                .is_none()
            {
                return Ok(());
            }
            let serving = axum::serve(copy, routes).with_graceful_shutdown(stopped);
            serving.await
        });
    }
    Ok(work.await)
}

/// Serves on the listener; metrics, if a listener is given for them, on theirs.
pub async fn start(
    config: &Config,
    backends: &Backends,
    listener: TcpListener,
    metrics_listener: Option<TcpListener>,
    health: Health,
) -> Result<Running, StartError> {
    let settings = config.settings()?;
    let secrets = config.secrets()?;
    let configured = config.workspaces.iter().map(WorkspaceId::new).collect();
    let accounts = Arc::clone(&backends.accounts);
    let chat_metrics = backends.metrics.chat.clone();
    let (directory, noted) = Directory::new(accounts, configured, chat_metrics);
    // Nobody is let in before it is known who is sent away.
    directory.refresh().await?;
    let directory = Arc::new(directory);
    tell_unknown(config, &directory);
    let chat = chat(config, backends, Arc::clone(&directory), &settings);
    let helpers = CancellationToken::new();
    tell(Arc::clone(&chat), helpers.clone());
    let operators = Arc::new(operators(&secrets, &backends.metrics));
    let files = Arc::new(files(config, backends, &secrets));
    let relay = Relay {
        files: Arc::clone(&files),
        chat: Arc::clone(&chat),
        directory: Arc::clone(&directory),
        clock: backends.clock.clone(),
        operators: Arc::clone(&operators),
        signing: secrets.signing.clone(),
        ack: config.ack()?,
        vocabularies: config.conversation.vocabularies(),
        namespaces: config.conversation.namespaces()?,
        strict: config.conversation.strict_events(),
        join_timeout_ms: config.join_timeout.ms(),
    };
    let signing = secrets.signing.clone();
    let pod = Pod::new(Parts {
        app: Arc::new(relay),
        hub: Arc::clone(&backends.hub),
        clock: backends.clock.clone(),
        settings,
        pids: secrets.signing.clone(),
        metrics: backends.metrics.clone(),
    });
    let (revocations, stop) = (pod.revocations.clone(), helpers.clone());
    let keeper = Arc::clone(&directory);
    tokio::spawn(async move { keeper.run(noted, stop, || revocations.tell()).await });
    let rest = rest::Parts {
        chat,
        files,
        directory,
        accounts: Arc::clone(&backends.accounts),
        hub: Arc::clone(&backends.hub),
        clock: backends.clock.clone(),
        operators,
        jwt: secrets.jwt,
        signing,
        persisted: pod.persisted(),
        origins: pod.settings.origins.clone(),
        metrics: backends.metrics.clone(),
    };
    let address = listener.local_addr()?;
    let asyncapi = dialect::asyncapi(env!("CARGO_PKG_VERSION"));
    let routes = Router::new()
        .merge(probes(health.clone()))
        .merge(document("/api/v1/asyncapi.json", &asyncapi))
        .merge(rest::routes(rest, config.rest()?))
        .merge(web::routes());
    let server = Server::start(pod, listener, routes).await?;
    if let Some(listener) = metrics_listener {
        serve_metrics(listener, backends.metrics.clone(), helpers.clone());
    }
    let watched = Watched {
        hub: Arc::clone(&backends.hub),
        history: Arc::clone(&backends.history),
        metrics: backends.metrics.clone(),
        is_alone: config.cluster.is_none(),
    };
    tokio::spawn(watch(watched, health.clone(), helpers.clone()));
    Ok(Running {
        server,
        health,
        helpers,
        address,
    })
}

/// Workspaces may be made later; but most likely their names are others.
fn tell_unknown(config: &Config, directory: &Directory) {
    for (setting, workspace) in config.conversation.workspaces() {
        if !directory.knows(&workspace) {
            tracing::warn!(%workspace, "{setting} names a workspace that is not there");
        }
    }
}

fn chat(
    config: &Config,
    backends: &Backends,
    directory: Arc<Directory>,
    settings: &Settings,
) -> Arc<Chat> {
    Arc::new(Chat::new(ChatParts {
        hub: Arc::clone(&backends.hub),
        history: Arc::clone(&backends.history),
        directory,
        clock: backends.clock.clone(),
        settings: ChatSettings {
            max_text: config.max_text,
            strip_tags: config.conversation.strip_tags(),
            reuse_by_email: config.conversation.reuse_by_email,
            reuse_window_ms: config.conversation.reuse_window.ms(),
            reuse_since: config.conversation.reuse_from.into(),
            operator_grace_ms: config.conversation.operator_grace.ms(),
            guest_grace_ms: config.conversation.guest_grace.ms(),
            presence_look_ms: PRESENCE_LOOKS * settings.silence_ms(),
            transfer_timeout_ms: config.conversation.transfer_timeout.ms(),
            rates: config.limits.rates(),
        },
        metrics: backends.metrics.chat.clone(),
    }))
}

fn files(config: &Config, backends: &Backends, secrets: &Secrets) -> Files {
    Files::new(FileParts {
        store: Arc::clone(&backends.files),
        keys: secrets.signing.clone(),
        clock: backends.clock.clone(),
        settings: config.files.settings(),
        metrics: backends.metrics.files.clone(),
    })
}

/// What is said at its time, beside any request.
fn tell(chat: Arc<Chat>, stop: CancellationToken) {
    tokio::spawn(async move {
        let told =
            async { tokio::join!(chat.tell_queue(), chat.tell_delivered(), chat.end_typing()) };
        stop.run_until_cancelled(told).await
    });
}

fn serve_metrics(listener: TcpListener, measured: Metrics, stop: CancellationToken) {
    let router = metrics(measured);
    tokio::spawn(async move {
        let serving = axum::serve(listener, router).with_graceful_shutdown(stop.cancelled_owned());
        if let Err(error) = serving.await {
            tracing::error!(%error, "metrics are not served any more");
        }
    });
}

/// Who says who an operator is.
fn operators(secrets: &Secrets, metrics: &Metrics) -> Verifier {
    let (own, foreign) = (secrets.jwt.clone(), secrets.foreign.clone());
    Verifier::new(own, foreign, metrics.server.clone())
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
        is_alone,
    } = backends;
    // Any one: what is asked is whether there is an answer.
    let workspace = WorkspaceId::new("default");
    let mut every = tokio::time::interval(HEALTH_EVERY);
    let (mut hub_is, mut history_is) = (Answers::new("the hub"), Answers::new("the history"));
    loop {
        tokio::select! {
            _ = every.tick() => {}
            () = stop.cancelled() => return,
        }
        let hub_answers = hub.top(&workspace).await.is_ok();
        metrics.hub.up.set(i64::from(hub_answers));
        hub_is.note(hub_answers);
        if !hub_answers {
            metrics.hub.errors.with_label_values(&["probe"]).inc();
        }
        let history_answers = history.ping().await.is_ok();
        metrics.history.up.set(i64::from(history_answers));
        history_is.note(history_answers);
        // In a cluster the chat goes on while the history is away: no pod would be left to send it to.
        health.set_backends(hub_answers && (history_answers || !is_alone));
        health.set_started();
    }
}

/// Says once that something has gone, and once that it is back.
struct Answers {
    what: &'static str,
    before: bool,
}

impl Answers {
    fn new(what: &'static str) -> Self {
        Self { what, before: true }
    }

    fn note(&mut self, answers: bool) {
        match (self.before, answers) {
            (true, false) => tracing::warn!("{} does not answer", self.what),
            (false, true) => tracing::info!("{} answers again", self.what),
            _ => {}
        }
        self.before = answers;
    }
}

struct Watched {
    hub: Arc<dyn Hub>,
    history: Arc<dyn History>,
    metrics: Metrics,
    /// One process, whose acks all wait for the history.
    is_alone: bool,
}
