//! The embedded history: one SQLite file in a data directory that one process owns.
//!
//! A call that returned is on disk (WAL, `synchronous=FULL`). There is one connection for writing, so
//! batches commit one after the other, and a few for reading, which a running batch does not block.

mod accounts;
mod append;
mod cursor;
mod database;
mod fold;
mod import;
mod open;
pub mod probe;
mod read;
mod row;
mod rows;
mod schema;
mod search;

use std::path::Path;

use async_trait::async_trait;
use rusqlite::Connection;
use tracing::{error, warn};

pub use self::open::{OpenError, migrate};

use self::{
    append::Written,
    database::{Database, Primary},
};
use super::{
    Accounts, Appended, Batch, History, MessageRow, SessionCursor, StoredMessage, Unavailable,
    Unread, search::Asked,
};
use crate::{
    metrics::HistoryMetrics,
    model::{
        EntryId, Epoch, MessageId, OperatorId, Partition, Session, SessionId, SessionQuery,
        WorkspaceId,
    },
};

/// Workspaces and operators of a directory, also of one that a server runs on: for a command of a person.
/// A server that is not of this release is refused as [`OpenError::Behind`]; where none runs, directory
/// and schema are made as needed.
pub fn accounts(dir: &Path, metrics: HistoryMetrics) -> Result<impl Accounts + use<>, OpenError> {
    let (primary, readers) = open::open_beside(dir)?;
    Ok(SqliteHistory::over(primary, readers, metrics))
}

#[derive(Debug)]
pub struct SqliteHistory {
    database: Database,
    metrics: HistoryMetrics,
}

impl SqliteHistory {
    /// Makes the directory and the schema as needed. The directory stays locked until the value and
    /// every call under way on it are gone.
    pub fn open(dir: &Path, metrics: HistoryMetrics) -> Result<Self, OpenError> {
        let (primary, readers) = open::open(dir)?;
        Ok(Self::over(primary, readers, metrics))
    }

    fn over(primary: Primary, readers: Vec<Connection>, metrics: HistoryMetrics) -> Self {
        metrics.up.set(1);
        Self {
            database: Database::new(primary, readers, metrics.clone()),
            metrics,
        }
    }

    fn announce(&self, batch: &Batch, written: Written) {
        let partition = batch.partition.index();
        if written.orphans > 0 {
            let messages = written.orphans;
            warn!(
                partition,
                messages, "stored messages of sessions that have no row"
            );
        }
        self.metrics.poisoned.inc_by(written.poisoned);
        if written.poisoned > 0 {
            let entries = written.poisoned;
            error!(
                partition,
                entries, "the place of an entry was taken: kept in table poison"
            );
        }
    }
}

#[async_trait]
impl History for SqliteHistory {
    async fn cursors(&self) -> Result<Vec<(Partition, EntryId)>, Unavailable> {
        self.database.read("cursors", cursor::all).await
    }

    async fn open_cursor(
        &self,
        partition: Partition,
        epoch: &Epoch,
    ) -> Result<EntryId, Unavailable> {
        let epoch = epoch.clone();
        self.database
            .write("open_cursor", move |connection| {
                cursor::open(connection, partition, &epoch)
            })
            .await
    }

    async fn restored(&self) -> Result<Vec<(Partition, Epoch)>, Unavailable> {
        self.database.read("restored", cursor::restored).await
    }

    async fn set_restored(
        &self,
        partition: Partition,
        epoch: &Epoch,
        before: Option<&Epoch>,
    ) -> Result<bool, Unavailable> {
        let (epoch, before) = (epoch.clone(), before.cloned());
        self.database
            .write("set_restored", move |connection| {
                cursor::set_restored(connection, partition, &epoch, before.as_ref())
            })
            .await
    }

    async fn forget_restored(&self, partition: Partition) -> Result<(), Unavailable> {
        self.database
            .write("forget_restored", move |connection| {
                cursor::forget_restored(connection, partition)
            })
            .await
    }

    async fn append(&self, batch: Batch) -> Result<Appended, Unavailable> {
        let (batch, written) = self
            .database
            .write("append", move |connection| {
                append::append(connection, &batch).map(|written| (batch, written))
            })
            .await?;
        let Some(written) = written else {
            return Ok(Appended::Superseded);
        };
        let duplicates = written.duplicates;
        self.announce(&batch, written);
        Ok(Appended::Stored { duplicates })
    }

    async fn session(
        &self,
        workspace: &WorkspaceId,
        session: &SessionId,
    ) -> Result<Option<Session>, Unavailable> {
        let (workspace, session) = (workspace.clone(), session.clone());
        self.database
            .read("session", move |connection| {
                read::session(connection, &workspace, &session)
            })
            .await
    }

    async fn session_of(
        &self,
        workspace: &WorkspaceId,
        message: MessageId,
    ) -> Result<Option<(SessionId, u64)>, Unavailable> {
        let workspace = workspace.clone();
        self.database
            .read("session_of", move |connection| {
                read::session_of(connection, &workspace, message)
            })
            .await
    }

    async fn open_sessions(
        &self,
        after: Option<&(WorkspaceId, SessionId)>,
        limit: usize,
    ) -> Result<Vec<Session>, Unavailable> {
        let after = after.cloned();
        self.database
            .read("open_sessions", move |connection| {
                read::open_sessions(connection, after.as_ref(), limit)
            })
            .await
    }

    async fn messages_before(
        &self,
        workspace: &WorkspaceId,
        session: &SessionId,
        before_seq: u64,
        limit: usize,
    ) -> Result<Vec<StoredMessage>, Unavailable> {
        let (workspace, session) = (workspace.clone(), session.clone());
        self.database
            .read("messages_before", move |connection| {
                read::messages_before(connection, &workspace, &session, before_seq, limit)
            })
            .await
    }

    async fn sessions(
        &self,
        workspace: &WorkspaceId,
        query: &SessionQuery,
        after: Option<&SessionCursor>,
    ) -> Result<Vec<Session>, Unavailable> {
        let (workspace, query, after) = (workspace.clone(), query.clone(), after.cloned());
        self.database
            .read("sessions", move |connection| {
                read::sessions(connection, &workspace, &query, after.as_ref())
            })
            .await
    }

    async fn search(
        &self,
        workspace: &WorkspaceId,
        text: &str,
        before: Option<EntryId>,
        limit: usize,
    ) -> Result<Vec<StoredMessage>, Unavailable> {
        let Some(asked) = Asked::of(workspace, text) else {
            return Ok(Vec::new());
        };
        let workspace = workspace.clone();
        self.database
            .read("search", move |connection| {
                search::messages(connection, &workspace, &asked, before, limit)
            })
            .await
    }

    async fn index_older(&self, limit: usize) -> Result<usize, Unavailable> {
        self.database
            .write("index_older", move |connection| {
                search::index_older(connection, limit)
            })
            .await
    }

    async fn messages_of(
        &self,
        workspace: &WorkspaceId,
        operator: &OperatorId,
        before: Option<EntryId>,
        limit: usize,
    ) -> Result<Vec<StoredMessage>, Unavailable> {
        let (workspace, operator) = (workspace.clone(), operator.clone());
        self.database
            .read("messages_of", move |connection| {
                read::messages_of(connection, &workspace, &operator, before, limit)
            })
            .await
    }

    async fn unread(&self, workspace: &WorkspaceId) -> Result<Unread, Unavailable> {
        let workspace = workspace.clone();
        self.database
            .read("unread", move |connection| {
                read::unread(connection, &workspace)
            })
            .await
    }

    async fn message_rows(
        &self,
        workspace: &WorkspaceId,
        messages: &[MessageId],
    ) -> Result<Vec<MessageRow>, Unavailable> {
        let (workspace, messages) = (workspace.clone(), messages.to_vec());
        self.database
            .read("message_rows", move |connection| {
                rows::of_messages(connection, &workspace, &messages)
            })
            .await
    }

    async fn session_numbers(
        &self,
        workspace: &WorkspaceId,
        sessions: &[SessionId],
    ) -> Result<Vec<(SessionId, u64)>, Unavailable> {
        let (workspace, sessions) = (workspace.clone(), sessions.to_vec());
        let asked = (workspace.clone(), sessions.clone());
        let known = self
            .database
            .read("session_numbers", move |connection| {
                rows::numbers(connection, &asked.0, &asked.1)
            })
            .await?;
        if known.len() >= sessions.len() {
            return Ok(known);
        }
        self.database
            .write("number_sessions", move |connection| {
                rows::number(connection, &workspace, &sessions)?;
                rows::numbers(connection, &workspace, &sessions)
            })
            .await
    }

    async fn session_numbered(
        &self,
        workspace: &WorkspaceId,
        number: u64,
    ) -> Result<Option<SessionId>, Unavailable> {
        let workspace = workspace.clone();
        self.database
            .read("session_numbered", move |connection| {
                rows::numbered(connection, &workspace, number)
            })
            .await
    }

    async fn ping(&self) -> Result<(), Unavailable> {
        self.database
            .read("ping", |connection| connection.execute_batch("SELECT 1"))
            .await
    }
}
