//! Durable history: the projection of every entry, and the reads that outlive the hot state.
//!
//! Two backends keep this contract, and one suite (`tests/it/contract/history`) runs on both.

mod accounts;
mod import;
mod indexing;
mod migrations;
pub mod postgres;
mod reactions;
mod search;
pub mod sqlite;
mod words;

use std::sync::Arc;

use async_trait::async_trait;

pub use accounts::{AccountChange, Accounts};
pub use import::{Clash, Imported, Imports};
pub use indexing::keep_indexed;
pub use migrations::Migrations;

use crate::model::{
    Entry, EntryId, Epoch, Message, MessageId, Millis, OperatorId, Participant, Partition, Session,
    SessionId, SessionQuery, WorkspaceId,
};

#[async_trait]
pub trait History: Send + Sync + 'static {
    /// Where each partition's writing stands; one that was never written is left out.
    async fn cursors(&self) -> Result<Vec<(Partition, EntryId)>, Unavailable>;

    /// Binds a partition's cursor to an epoch and returns its position. The position survives a
    /// change of epoch, so that ids go on above it.
    async fn open_cursor(
        &self,
        partition: Partition,
        epoch: &Epoch,
    ) -> Result<EntryId, Unavailable>;

    /// The epoch of each partition whose hot state has all open sessions of the history; a partition
    /// that is bound to another one, or left out, is to be given them.
    async fn restored(&self) -> Result<Vec<(Partition, Epoch)>, Unavailable>;

    /// Says that the hot state of this epoch has all open sessions of the partition, if its cursor is
    /// bound to that epoch, and nothing else was said since whoever put them back has begun: then
    /// [`History::restored`] told `before`. `false`: others may have been added, it is to be done again.
    async fn set_restored(
        &self,
        partition: Partition,
        epoch: &Epoch,
        before: Option<&Epoch>,
    ) -> Result<bool, Unavailable>;

    /// Says that open sessions have to be put back (again).
    async fn forget_restored(&self, partition: Partition) -> Result<(), Unavailable>;

    /// Stores a batch in one transaction: messages (one that is there already, by uuid, is passed
    /// over and counted), the newest word on each reaction, when something was read that was not, session rows where the stored `last_entry` is smaller, and the cursor from
    /// `batch.from` to `batch.to`. [`Appended::Superseded`] and nothing stored if the cursor is not
    /// at `from` in this epoch: someone else writes.
    ///
    /// No single entry makes it fail: a message without a session row is stored without one, and one
    /// whose place another message has is kept aside.
    async fn append(&self, batch: Batch) -> Result<Appended, Unavailable>;

    async fn session(
        &self,
        workspace: &WorkspaceId,
        session: &SessionId,
    ) -> Result<Option<Session>, Unavailable>;

    /// The session that a message was said in, and its number there.
    async fn session_of(
        &self,
        workspace: &WorkspaceId,
        message: MessageId,
    ) -> Result<Option<(SessionId, u64)>, Unavailable>;

    /// Waiting and active sessions of all workspaces by (workspace, id), those strictly after `after`
    /// in that order, at most `limit`.
    async fn open_sessions(
        &self,
        after: Option<&(WorkspaceId, SessionId)>,
        limit: usize,
    ) -> Result<Vec<Session>, Unavailable>;

    /// Messages with `seq` below `before_seq`, newest (by entry id) first, at most `limit`. Each with
    /// up to twice [`REACTIONS_SHOWN`](crate::model::limits::REACTIONS_SHOWN) words on reactions to it:
    /// of more, those that are there before those that were taken away.
    async fn messages_before(
        &self,
        workspace: &WorkspaceId,
        session: &SessionId,
        before_seq: u64,
        limit: usize,
    ) -> Result<Vec<StoredMessage>, Unavailable>;

    /// Sessions that match the query (`mine` and `cursor` aside), most lately active first, those
    /// strictly after `after` in that order, at most `query.limit`.
    async fn sessions(
        &self,
        workspace: &WorkspaceId,
        query: &SessionQuery,
        after: Option<&SessionCursor>,
    ) -> Result<Vec<Session>, Unavailable>;

    /// Messages of the workspace with all words of the text, newest (by entry id) first, those strictly before
    /// `before`, at most `limit`; without reactions. A word is a run of letters and digits, in any case, and
    /// of the last one the beginning is enough. Nothing else in the text has a meaning: none are found for
    /// one without a word.
    async fn search(
        &self,
        workspace: &WorkspaceId,
        text: &str,
        before: Option<EntryId>,
        limit: usize,
    ) -> Result<Vec<StoredMessage>, Unavailable>;

    /// Makes messages that a release before has written known to [`History::search`], at most `limit`, and
    /// returns how many they were: 0 if there are none left. [`keep_indexed`] calls it.
    async fn index_older(&self, limit: usize) -> Result<usize, Unavailable>;

    /// What an operator has said, in all sessions, in the order of [`History::search`].
    async fn messages_of(
        &self,
        workspace: &WorkspaceId,
        operator: &OperatorId,
        before: Option<EntryId>,
        limit: usize,
    ) -> Result<Vec<StoredMessage>, Unavailable>;

    async fn unread(&self, workspace: &WorkspaceId) -> Result<Unread, Unavailable>;

    /// What front ends that keep rows know of these messages; one that is not stored yet, or of another workspace, is
    /// left out.
    async fn message_rows(
        &self,
        workspace: &WorkspaceId,
        messages: &[MessageId],
    ) -> Result<Vec<MessageRow>, Unavailable>;

    /// The numbers of sessions, which have to be of the workspace: whoever has none is given one, for good. It is no
    /// other session's, in any workspace.
    async fn session_numbers(
        &self,
        workspace: &WorkspaceId,
        sessions: &[SessionId],
    ) -> Result<Vec<(SessionId, u64)>, Unavailable>;

    /// The session of the workspace with that number.
    async fn session_numbered(
        &self,
        workspace: &WorkspaceId,
        number: u64,
    ) -> Result<Option<SessionId>, Unavailable>;

    /// Answers if the database does.
    async fn ping(&self) -> Result<(), Unavailable>;
}

/// The database did not do it, or did not say so in time; its own error has been logged. Repeating
/// is safe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the history is unavailable")]
pub struct Unavailable;

#[derive(Clone, Debug)]
pub struct Batch {
    pub partition: Partition,
    pub epoch: Epoch,
    pub from: EntryId,
    /// Id of the last of `entries`, or `from` if that is above it: entries before the cursor may be
    /// given again.
    pub to: EntryId,
    /// Ascending. Kinds that this release does not know cannot be in it.
    pub entries: Vec<Arc<Entry>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appended {
    Stored { duplicates: u64 },
    Superseded,
}

/// A message with the id of its entry, which is its order.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredMessage {
    pub entry: EntryId,
    pub message: Message,
    /// The newest word on each participant's emoji at it, in the order of the entries.
    pub reactions: Vec<StoredReaction>,
}

/// A reaction with the id of its entry: the newest of two for the same emoji holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredReaction {
    pub entry: EntryId,
    pub by: Participant,
    pub emoji: String,
    /// `false`: it was taken away.
    pub on: bool,
}

/// A message as a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageRow {
    pub id: MessageId,
    /// Never reused; no other message's, in any workspace.
    pub num: u64,
    /// When the other side had read it; `None`: it has not, or that was told to a release before.
    pub read_at: Option<Millis>,
}

/// What waits for staff in the open sessions of a workspace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unread {
    /// Those with at least one unread message.
    pub sessions: u64,
    pub messages: u64,
}

/// A place in a list of sessions: (last activity, id), both descending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionCursor {
    pub last_activity: u64,
    pub id: SessionId,
}
