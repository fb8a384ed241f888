use serde::{Deserialize, Serialize};

use super::{Agent, EntryId, Message, RecoveryId, Session, SessionId, WorkspaceId};

/// Version of the stored form of entries. A release reads its own and the one before.
pub const FORMAT: u8 = 1;

/// What is appended to the logs of a workspace, once, with one id.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    pub v: u8,
    pub id: EntryId,
    pub workspace: WorkspaceId,
    /// `None`: concerns the workspace alone and is in no session's log.
    pub session: Option<SessionId>,
    pub prev: Prev,
    /// The socket that caused it; that socket alone is not told, live and in replay.
    pub origin: Option<RecoveryId>,
    pub change: Change,
    /// The session right after this entry, for every change but a message (whose effect on it
    /// readers derive), so that one entry is enough to encode and to store.
    pub after: Option<Box<Session>>,
}

/// The entry before this one in each log it is in; zero for the first. A reader that last saw
/// something older has missed entries, however sparse the ids are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prev {
    pub session: EntryId,
    pub feed: EntryId,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Change {
    Message { message: Message },
    Started,
    Assigned { agent: Agent },
    Ended,
    OperatorOnline { agent: Agent },
    OperatorOffline { agent: Agent },
}

impl Entry {
    pub fn message(&self) -> Option<&Message> {
        match &self.change {
            Change::Message { message } => Some(message),
            _ => None,
        }
    }
}
