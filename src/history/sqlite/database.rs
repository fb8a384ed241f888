use std::{fmt, future::Future, sync::Arc, time::Duration};

use rusqlite::Connection;
use tokio::sync::{Mutex, OwnedMutexGuard, OwnedSemaphorePermit, Semaphore};
use tracing::error;

use crate::{history::Unavailable, metrics::HistoryMetrics};

/// A call takes no longer, waiting for a connection included; its work may still be done after it.
const CALL_LIMIT: Duration = Duration::from_secs(10);

/// The connections, and the one way to use them: on a thread that may block, measured, its failure
/// logged once.
pub struct Database {
    // Readers are closed first: the last connection to close folds the write-ahead log into the file.
    readers: Readers,
    primary: Arc<Mutex<Primary>>,
    metrics: HistoryMetrics,
}

impl Database {
    pub fn new(primary: Primary, readers: Vec<Connection>, metrics: HistoryMetrics) -> Self {
        Self {
            readers: Readers::new(readers),
            primary: Arc::new(Mutex::new(primary)),
            metrics,
        }
    }

    /// Writes in the order of the calls. Tells `up` what came of it.
    pub async fn write<T: Send + 'static>(
        &self,
        query: &'static str,
        work: impl FnOnce(&mut Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, Unavailable> {
        let primary = Arc::clone(&self.primary);
        let answer = self
            .call(query, async move {
                let mut primary = primary.lock_owned().await;
                blocking(move || work(&mut primary.connection)).await
            })
            .await;
        self.metrics.up.set(i64::from(answer.is_ok()));
        answer
    }

    pub async fn read<T: Send + 'static>(
        &self,
        query: &'static str,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, Unavailable> {
        self.call(query, async move {
            let reader = self.readers.borrow().await.ok_or(Failure::Aborted)?;
            blocking(move || {
                let reader = reader;
                work(&reader.connection)
            })
            .await
        })
        .await
    }

    async fn call<T>(
        &self,
        query: &'static str,
        answer: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Unavailable> {
        let _timer = self
            .metrics
            .query_seconds
            .with_label_values(&[query])
            .start_timer();
        let answer = tokio::time::timeout(CALL_LIMIT, answer).await;
        answer.unwrap_or(Err(Failure::Late)).map_err(|failure| {
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

/// The connection for writing. Whoever has the server's also keeps the directory locked: a transaction that
/// outlives its caller is over before another process may open the file.
pub struct Primary {
    connection: Connection,
    _lock: Option<std::fs::File>,
}

impl Primary {
    pub fn new(connection: Connection, lock: Option<std::fs::File>) -> Self {
        Self {
            connection,
            _lock: lock,
        }
    }
}

struct Readers {
    /// As many permits as connections: whoever holds one finds a connection unlocked.
    free: Arc<Semaphore>,
    all: Vec<Arc<Mutex<Connection>>>,
}

impl Readers {
    fn new(connections: Vec<Connection>) -> Self {
        let all: Vec<_> = connections
            .into_iter()
            .map(|connection| Arc::new(Mutex::new(connection)))
            .collect();
        Self {
            free: Arc::new(Semaphore::new(all.len())),
            all,
        }
    }

    async fn borrow(&self) -> Option<Reader> {
        let permit = Arc::clone(&self.free).acquire_owned().await.ok()?;
        let connection = self
            .all
            .iter()
            .find_map(|connection| Arc::clone(connection).try_lock_owned().ok())?;
        Some(Reader {
            connection,
            _permit: permit,
        })
    }
}

/// Dropped in this order: the connection is free before the permit is.
struct Reader {
    connection: OwnedMutexGuard<Connection>,
    _permit: OwnedSemaphorePermit,
}

#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    #[error("no answer in time")]
    Late,
    #[error("the call was given up")]
    Aborted,
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> rusqlite::Result<T> + Send + 'static,
) -> Result<T, Failure> {
    let answer = tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| Failure::Aborted)?;
    Ok(answer?)
}
