use std::sync::Arc;

use async_trait::async_trait;

use super::{Deadline, Unavailable};
use crate::model::{
    Entry, EntryId, Epoch, MessageId, Millis, Offset, Operator, Partition, Session, SessionId,
    WorkspaceId,
};

/// Reading of what commits wrote.
#[async_trait]
pub trait Logs {
    /// The session as it is now, with its place in the waiting queue. `None` only says that it is
    /// not here: it may be in the history.
    async fn session(
        &self,
        workspace: &WorkspaceId,
        session: &SessionId,
    ) -> Result<Option<(Session, Option<u64>)>, Unavailable>;

    /// All sessions held here, open and lately ended, in no order, each with its queue position.
    async fn sessions(
        &self,
        workspace: &WorkspaceId,
    ) -> Result<Vec<(Session, Option<u64>)>, Unavailable>;

    /// The entries of a log after an id, ascending, at most `limit`.
    async fn read(&self, log: &Log, after: EntryId, limit: usize) -> Result<LogPage, Unavailable>;

    /// Messages of a session with `seq` below `before_seq`, newest first, at most `limit`, and among
    /// them all reactions that are newer than the last of these. What is missing here is, by the rule
    /// of trimming, already in the history: read this first.
    async fn messages_before(
        &self,
        workspace: &WorkspaceId,
        session: &SessionId,
        before_seq: u64,
        limit: usize,
    ) -> Result<Vec<Arc<Entry>>, Unavailable>;

    /// The number of a message in the part of a session's log that is here, as far back as a look at
    /// [`FIND_LOOK`] entries goes. `None` only says that it is not among these.
    async fn find_message(
        &self,
        workspace: &WorkspaceId,
        session: &SessionId,
        message: MessageId,
    ) -> Result<Option<u64>, Unavailable>;

    /// The newest position of the workspace's partition: a socket that starts here misses nothing
    /// that is committed after this returns.
    async fn top(&self, workspace: &WorkspaceId) -> Result<Offset, Unavailable>;

    /// Operators with at least one connection, in no order.
    async fn operators(&self, workspace: &WorkspaceId) -> Result<Vec<Operator>, Unavailable>;

    /// The waiting sessions in order, at most `limit`.
    async fn queue(
        &self,
        workspace: &WorkspaceId,
        limit: usize,
    ) -> Result<Vec<SessionId>, Unavailable>;

    /// Deadlines of a partition at or before `now`, earliest first. They stay until a commit with
    /// `DeadlineOp::Due` removes them.
    async fn due(
        &self,
        partition: Partition,
        now: Millis,
        limit: usize,
    ) -> Result<Vec<Deadline>, Unavailable>;
}

/// Entries that are looked at for one message.
pub const FIND_LOOK: usize = 2048;

/// A log that a socket can replay; also what its topic is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum Log {
    Session(WorkspaceId, SessionId),
    Feed(WorkspaceId),
}

impl Log {
    pub fn workspace(&self) -> &WorkspaceId {
        match self {
            Self::Session(workspace, _) | Self::Feed(workspace) => workspace,
        }
    }

    pub fn partition(&self) -> Partition {
        Partition::of(self.workspace())
    }

    /// The entry before this one in this log.
    pub fn prev(&self, entry: &Entry) -> EntryId {
        match self {
            Self::Session(..) => entry.prev.session,
            Self::Feed(_) => entry.prev.feed,
        }
    }
}

#[derive(Clone, Debug)]
pub struct LogPage {
    pub epoch: Epoch,
    pub entries: Vec<Arc<Entry>>,
    /// Nothing after the cursor had been trimmed. `false`: load from the history instead.
    pub complete: bool,
    /// The log goes on after the last of `entries`.
    pub more: bool,
}
