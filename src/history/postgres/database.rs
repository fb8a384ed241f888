use std::{fmt, future::Future, time::Duration};

use deadpool_postgres::{Client, Manager, ManagerConfig, Pool, RecyclingMethod, Runtime, Timeouts};
use tokio_postgres::Config;
use tokio_postgres_rustls::MakeRustlsConnect;
use tracing::error;

use super::{failure::Failure, open::OpenError};
use crate::{history::Unavailable, metrics::HistoryMetrics};

/// A call takes no longer, waiting for a connection included; its work may still be done after it.
const CALL_LIMIT: Duration = Duration::from_secs(10);
const TIMEOUTS: Timeouts = Timeouts {
    wait: Some(Duration::from_secs(1)),
    create: Some(Duration::from_secs(3)),
    recycle: Some(Duration::from_secs(1)),
};

/// The connections, and the one way to use them: measured, a failure logged once. Writing has its own,
/// so that readers cannot keep it waiting.
pub struct Database {
    writers: Pool,
    readers: Pool,
    metrics: HistoryMetrics,
}

impl Database {
    pub fn new(writers: Pool, readers: Pool, metrics: HistoryMetrics) -> Self {
        Self {
            writers,
            readers,
            metrics,
        }
    }

    pub async fn writer(&self) -> Result<Client, Failure> {
        Ok(self.writers.get().await?)
    }

    pub async fn reader(&self) -> Result<Client, Failure> {
        Ok(self.readers.get().await?)
    }

    /// Work on a writer. Tells `up` what came of it.
    pub async fn write<T>(
        &self,
        query: &'static str,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Unavailable> {
        let answer = self.call(&self.writers, query, work).await;
        self.metrics.up.set(i64::from(answer.is_ok()));
        answer
    }

    /// Work on a reader.
    pub async fn read<T>(
        &self,
        query: &'static str,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Unavailable> {
        self.call(&self.readers, query, work).await
    }

    async fn call<T>(
        &self,
        pool: &Pool,
        query: &'static str,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Unavailable> {
        let _timer = self
            .metrics
            .query_seconds
            .with_label_values(&[query])
            .start_timer();
        let answer = tokio::time::timeout(CALL_LIMIT, work).await;
        answer.unwrap_or(Err(Failure::Late)).map_err(|failure| {
            // What broke one connection broke those beside it: the next call begins with a new one
            // instead of finding out about each.
            if failure.ends_connections() {
                pool.retain(|_, _| false);
            }
            error!(query, error = %failure, "the history failed");
            Unavailable
        })
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Database").finish_non_exhaustive()
    }
}

/// Of a pool.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    pub connections: usize,
    /// For one of them, unless the limit of a call ends it before.
    pub wait: Option<Duration>,
}

impl Size {
    pub const ONE: Self = Self {
        connections: 1,
        wait: None,
    };
}

/// A connection is asked before it is lent: one that a firewall forgot costs a second once, not the
/// limit of a call. The question is one round trip.
pub fn pool(config: Config, tls: MakeRustlsConnect, size: Size) -> Result<Pool, OpenError> {
    let asked = ManagerConfig {
        recycling_method: RecyclingMethod::Verified,
    };
    let pool = Pool::builder(Manager::from_config(config, tls, asked))
        .max_size(size.connections)
        .timeouts(Timeouts {
            wait: size.wait.or(TIMEOUTS.wait),
            ..TIMEOUTS
        })
        .runtime(Runtime::Tokio1)
        .build()?;
    Ok(pool)
}
