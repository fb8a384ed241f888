use std::sync::Arc;

use async_trait::async_trait;

use super::Unavailable;
use crate::model::{Entry, Partition, SessionId};

/// Conversations that were held elsewhere. Kept by the same databases as the history; one suite
/// (`tests/it/contract/history/import.rs`) runs on both.
#[async_trait]
pub trait Imports: Send + Sync + 'static {
    /// Stores entries, all of the partition and in the order of their ids, in one transaction, as
    /// [`History::append`](super::History::append) does: what is there already is passed over, so repeating is safe.
    /// But nothing is set aside: what has another's place or id is named, and nothing of the call is stored.
    ///
    /// Nobody who writes the partition notices: what it has written is where it was. The next writer that starts finds
    /// that open sessions have to be put (back) into the hot state, and one that is doing so begins again.
    async fn import(
        &self,
        partition: Partition,
        entries: Vec<Arc<Entry>>,
    ) -> Result<Imported, Unavailable>;
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Imported {
    Stored {
        /// Messages that were there.
        known: u64,
    },
    Refused(Clash),
}

/// Why entries are not stored.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Clash {
    #[error("there is another session {0}, created at another time")]
    Session(SessionId),
    /// What is new would have a number that another message has.
    #[error(
        "session {0} has gone on here since it was imported, or rows of it were taken away there"
    )]
    GoneOn(SessionId),
    /// Most likely this was imported before, into another workspace.
    #[error("a message of session {0} is there already, in another session or workspace")]
    Message(SessionId),
    #[error("the database does not take an entry of session {0}")]
    Refused(SessionId),
}

impl Clash {
    pub fn session(&self) -> &SessionId {
        match self {
            Self::Session(id) | Self::GoneOn(id) | Self::Message(id) | Self::Refused(id) => id,
        }
    }
}
