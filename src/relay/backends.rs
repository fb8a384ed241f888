//! Hub and history, opened, and written from the one to the other.

use std::{fmt::Display, sync::Arc, time::Duration};

use object_store::ObjectStore;
use tokio::{task::JoinHandle, time::sleep};
use tokio_util::sync::CancellationToken;

use super::StartError;
use crate::{
    chat::Writer,
    config::{Cluster, Config},
    files,
    history::{
        Accounts, History, keep_indexed,
        postgres::{PostgresFiles, PostgresHistory},
        sqlite::SqliteHistory,
    },
    hub::{
        Hub, Retention,
        memory::MemoryHub,
        redis::{RedisHub, RedisSettings},
    },
    metrics::Metrics,
    model::{Clock, PodId},
};

/// Between two attempts to reach a backend.
const RETRY: Duration = Duration::from_secs(1);
/// Entries whose process died woke nobody: embedded there is no other process, and the hub on Redis
/// says by itself where there are some.
const SCAN: Duration = Duration::from_secs(5);
const SCAN_CLUSTER: Duration = Duration::from_secs(300);

/// What several server objects may share.
pub struct Backends {
    pub hub: Arc<dyn Hub>,
    pub history: Arc<dyn History>,
    pub accounts: Arc<dyn Accounts>,
    pub files: Arc<dyn ObjectStore>,
    pub clock: Clock,
    pub metrics: Metrics,
    writer: JoinHandle<()>,
    indexing: JoinHandle<()>,
    stop: CancellationToken,
}

/// The last: files, where no other place is set.
type Opened = (
    Arc<dyn Hub>,
    Arc<dyn History>,
    Arc<dyn Accounts>,
    Option<Arc<dyn ObjectStore>>,
);

/// Opens hub and history and begins to write the one to the other. Backends of a cluster that cannot
/// be reached are waited for, however long that takes; any other error ends it.
pub async fn prepare(config: &Config) -> Result<Backends, StartError> {
    let clock = Clock::System;
    let metrics = Metrics::new()?;
    let (hub, history, accounts, in_database): Opened = match &config.cluster {
        None => {
            let hub = MemoryHub::new(clock.clone(), retention(config));
            let database = SqliteHistory::open(&config.keys.data_dir, metrics.history.clone())?;
            let database = Arc::new(database);
            (Arc::new(hub), database.clone(), database, None)
        }
        Some(cluster) => {
            let (hub, history) = tokio::try_join!(
                redis(config, cluster, &clock, &metrics),
                postgres(cluster, &metrics)
            )?;
            let history = Arc::new(history);
            let files = Arc::new(PostgresFiles(Arc::clone(&history)));
            (Arc::new(hub), history.clone(), history, Some(files))
        }
    };
    let files = match config.file_store() {
        Some(place) => files::open(&place)?,
        None => in_database.ok_or(StartError::NoFiles)?,
    };
    let scan = if config.cluster.is_some() {
        SCAN_CLUSTER
    } else {
        SCAN
    };
    let mut writer = Writer::new(
        Arc::clone(&hub),
        Arc::clone(&history),
        PodId::draw(),
        clock.clone(),
        metrics.history.clone(),
    )
    .scanning(scan)
    .waiting_for_operators(config.conversation.operator_grace.ms())
    .giving_up_after(config.conversation.waiting_life.ms());
    while let Err(error) = writer.prepare().await {
        if config.cluster.is_none() {
            return Err(StartError::Prepare(Box::new(error)));
        }
        wait("the backends", &error).await;
    }
    metrics.hub.up.set(1);
    let stop = CancellationToken::new();
    let writer = tokio::spawn(writer.run(stop.clone()));
    let indexing = tokio::spawn(keep_indexed(Arc::clone(&history), stop.clone()));
    Ok(Backends {
        hub,
        history,
        accounts,
        files,
        clock,
        metrics,
        writer,
        indexing,
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
        if self.indexing.await.is_err() {
            tracing::error!("indexing the history has failed");
        }
    }
}

async fn redis(
    config: &Config,
    cluster: &Cluster,
    clock: &Clock,
    metrics: &Metrics,
) -> Result<RedisHub, StartError> {
    let settings = RedisSettings {
        url: cluster.redis_url.clone(),
        prefix: config.redis_prefix.clone(),
        hold: config.redis_hold.0,
        poll_hold: config.silence(),
        retention: retention(config),
    };
    loop {
        let opened = RedisHub::connect(settings.clone(), clock.clone(), metrics.hub.clone());
        match opened.await {
            Err(error) if error.is_passing() => wait("Redis", &error).await,
            done => return Ok(done?),
        }
    }
}

async fn postgres(cluster: &Cluster, metrics: &Metrics) -> Result<PostgresHistory, StartError> {
    loop {
        let opened = PostgresHistory::connect(&cluster.database_url, metrics.history.clone());
        match opened.await {
            Err(error) if error.is_passing() => wait("Postgres", &error).await,
            done => return Ok(done?),
        }
    }
}

async fn wait(what: &'static str, error: &impl Display) {
    tracing::warn!(%error, "waiting for {what}");
    sleep(RETRY).await;
}

fn retention(config: &Config) -> Retention {
    let window = config.recovery_window.ms();
    Retention {
        feed_ms: window,
        ended_ms: window,
    }
}
