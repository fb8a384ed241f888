//! The history of a cluster: a Postgres database that all pods share.
//!
//! A call that returned is committed. Each pod has a few connections for writing and more for reading;
//! which of two pods writes a partition is settled by the row of its cursor.

mod accounts;
mod address;
mod append;
mod cursor;
mod database;
mod failure;
mod files;
mod import;
mod insert;
mod messages;
mod open;
pub mod probe;
mod reactions;
mod read;
mod row;
mod rows;
mod schema;
mod search;
mod sessions;
mod tls;

use async_trait::async_trait;
use tracing::{error, warn};

pub use self::files::PostgresFiles;
pub use self::open::{CONNECTIONS, Cause, OpenError, migrate};

use self::{append::Written, database::Database};
use super::{
    Appended, Batch, History, MessageRow, SessionCursor, StoredMessage, Unavailable, Unread,
    search::Asked,
};
use crate::{
    metrics::HistoryMetrics,
    model::{
        EntryId, Epoch, MessageId, OperatorId, Partition, Session, SessionId, SessionQuery,
        WorkspaceId,
    },
};

#[derive(Debug)]
pub struct PostgresHistory {
    database: Database,
    metrics: HistoryMetrics,
}

impl PostgresHistory {
    /// Brings the schema to this release's, if it is not there; of many pods that try at once, one
    /// does it. An error that [`OpenError::is_passing`] is one to try again after.
    pub async fn connect(url: &str, metrics: HistoryMetrics) -> Result<Self, OpenError> {
        let (writers, readers) = open::open(url).await?;
        metrics.up.set(1);
        Ok(Self {
            database: Database::new(writers, readers, metrics.clone()),
            metrics,
        })
    }

    fn announce(&self, batch: &Batch, written: &Written) {
        let partition = batch.partition.index();
        self.metrics.poisoned.inc_by(written.poisoned);
        if written.orphans > 0 {
            let messages = written.orphans;
            warn!(
                partition,
                messages, "stored messages of sessions that have no row"
            );
        }
        if written.poisoned > 0 {
            let entries = written.poisoned;
            error!(
                partition,
                entries, "entries were refused or their place was taken: kept in table poison"
            );
        }
    }
}

#[async_trait]
impl History for PostgresHistory {
    async fn cursors(&self) -> Result<Vec<(Partition, EntryId)>, Unavailable> {
        let database = &self.database;
        let work = async { cursor::all(&database.reader().await?).await };
        database.read("cursors", work).await
    }

    async fn open_cursor(
        &self,
        partition: Partition,
        epoch: &Epoch,
    ) -> Result<EntryId, Unavailable> {
        let database = &self.database;
        let work = async { cursor::open(&database.writer().await?, partition, epoch).await };
        database.write("open_cursor", work).await
    }

    async fn restored(&self) -> Result<Vec<(Partition, Epoch)>, Unavailable> {
        let database = &self.database;
        let work = async { cursor::restored(&database.reader().await?).await };
        database.read("restored", work).await
    }

    async fn set_restored(
        &self,
        partition: Partition,
        epoch: &Epoch,
        before: Option<&Epoch>,
    ) -> Result<bool, Unavailable> {
        let database = &self.database;
        let work = async {
            let client = database.writer().await?;
            cursor::set_restored(&client, partition, epoch, before).await
        };
        database.write("set_restored", work).await
    }

    async fn forget_restored(&self, partition: Partition) -> Result<(), Unavailable> {
        let database = &self.database;
        let work = async { cursor::forget_restored(&database.writer().await?, partition).await };
        database.write("forget_restored", work).await
    }

    async fn append(&self, batch: Batch) -> Result<Appended, Unavailable> {
        let database = &self.database;
        let work = async { append::append(&mut database.writer().await?, &batch).await };
        let Some(written) = database.write("append", work).await? else {
            return Ok(Appended::Superseded);
        };
        self.announce(&batch, &written);
        Ok(Appended::Stored {
            duplicates: written.duplicates,
        })
    }

    async fn session(
        &self,
        workspace: &WorkspaceId,
        session: &SessionId,
    ) -> Result<Option<Session>, Unavailable> {
        let database = &self.database;
        let work = async { read::session(&database.reader().await?, workspace, session).await };
        database.read("session", work).await
    }

    async fn session_of(
        &self,
        workspace: &WorkspaceId,
        message: MessageId,
    ) -> Result<Option<(SessionId, u64)>, Unavailable> {
        let database = &self.database;
        let work = async { read::session_of(&database.reader().await?, workspace, message).await };
        database.read("session_of", work).await
    }

    async fn open_sessions(
        &self,
        after: Option<&(WorkspaceId, SessionId)>,
        limit: usize,
    ) -> Result<Vec<Session>, Unavailable> {
        let database = &self.database;
        let work = async { read::open_sessions(&database.reader().await?, after, limit).await };
        database.read("open_sessions", work).await
    }

    async fn messages_before(
        &self,
        workspace: &WorkspaceId,
        session: &SessionId,
        before_seq: u64,
        limit: usize,
    ) -> Result<Vec<StoredMessage>, Unavailable> {
        let database = &self.database;
        let work = async {
            let client = database.reader().await?;
            read::messages_before(&client, workspace, session, before_seq, limit).await
        };
        database.read("messages_before", work).await
    }

    async fn sessions(
        &self,
        workspace: &WorkspaceId,
        query: &SessionQuery,
        after: Option<&SessionCursor>,
    ) -> Result<Vec<Session>, Unavailable> {
        let database = &self.database;
        let work =
            async { read::sessions(&database.reader().await?, workspace, query, after).await };
        database.read("sessions", work).await
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
        let database = &self.database;
        let work = async {
            let client = database.reader().await?;
            search::messages(&client, workspace, &asked, before, limit).await
        };
        database.read("search", work).await
    }

    async fn index_older(&self, limit: usize) -> Result<usize, Unavailable> {
        let database = &self.database;
        let work = async { search::index_older(&database.writer().await?, limit).await };
        database.write("index_older", work).await
    }

    async fn messages_of(
        &self,
        workspace: &WorkspaceId,
        operator: &OperatorId,
        before: Option<EntryId>,
        limit: usize,
    ) -> Result<Vec<StoredMessage>, Unavailable> {
        let database = &self.database;
        let work = async {
            let client = database.reader().await?;
            read::messages_of(&client, workspace, operator, before, limit).await
        };
        database.read("messages_of", work).await
    }

    async fn unread(&self, workspace: &WorkspaceId) -> Result<Unread, Unavailable> {
        let database = &self.database;
        let work = async { read::unread(&database.reader().await?, workspace).await };
        database.read("unread", work).await
    }

    async fn message_rows(
        &self,
        workspace: &WorkspaceId,
        messages: &[MessageId],
    ) -> Result<Vec<MessageRow>, Unavailable> {
        let database = &self.database;
        let work =
            async { rows::of_messages(&database.reader().await?, workspace, messages).await };
        database.read("message_rows", work).await
    }

    async fn session_numbers(
        &self,
        workspace: &WorkspaceId,
        sessions: &[SessionId],
    ) -> Result<Vec<(SessionId, u64)>, Unavailable> {
        let database = &self.database;
        let work = async { rows::numbers(&database.reader().await?, workspace, sessions).await };
        let known = database.read("session_numbers", work).await?;
        if known.len() >= sessions.len() {
            return Ok(known);
        }
        let work = async {
            let client = database.writer().await?;
            rows::number(&client, workspace, sessions).await?;
            rows::numbers(&client, workspace, sessions).await
        };
        database.write("number_sessions", work).await
    }

    async fn session_numbered(
        &self,
        workspace: &WorkspaceId,
        number: u64,
    ) -> Result<Option<SessionId>, Unavailable> {
        let database = &self.database;
        let work = async { rows::numbered(&database.reader().await?, workspace, number).await };
        database.read("session_numbered", work).await
    }

    /// A lent connection has just been asked, but one that is new has not.
    async fn ping(&self) -> Result<(), Unavailable> {
        let database = &self.database;
        let work = async { Ok(database.reader().await?.batch_execute("SELECT 1").await?) };
        database.read("ping", work).await
    }
}
