use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{Log, NewRecord, Subject, Unavailable};
use crate::model::{Entry, EntryId, Millis, Offset, PodId, RecoveryId, Sid, SocketId, WorkspaceId};

/// What lets a socket come back, on any pod, without the client's help.
#[async_trait]
pub trait Recoveries {
    /// One step for a socket that connects: recovers the one it names, if that can be done without
    /// loss, and fences whichever connection held it (last one wins); else nothing but the top.
    ///
    /// It can be done if the record is there, is of the same `subject` and workspace, is of the same
    /// epoch, the client's offset is not above the top, and no entry after it was trimmed. A missing or foreign offset counts as the
    /// record's start; an older one is raised to it.
    async fn join(&self, join: Join) -> Result<Joined, Unavailable>;

    /// Writes the record of a socket, whole; `false`, and nothing written, if another connection
    /// holds it by now. Called when what it holds is learned or changes, never
    /// only at disconnect: a killed process leaves a good record behind.
    async fn save_recovery(
        &self,
        recovery: Recovery,
        now: Millis,
        ttl_ms: Millis,
    ) -> Result<bool, Unavailable>;

    /// The connection is gone: the record lives for `window_ms` more, unless another connection
    /// holds it by now. Does nothing then.
    async fn leave_recovery(
        &self,
        id: &RecoveryId,
        sid: &Sid,
        now: Millis,
        window_ms: Millis,
    ) -> Result<(), Unavailable>;
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recovery {
    pub id: RecoveryId,
    pub socket: SocketId,
    pub nsp: String,
    pub workspace: WorkspaceId,
    /// `None`, as the log: a guest that has no session yet. There is nothing to miss then.
    pub subject: Option<Subject>,
    pub log: Option<Log>,
    /// The socket was told nothing before this position.
    pub start: Offset,
    /// The application's state of the socket, opaque here.
    pub state: Bytes,
    /// What of its last question has to be known, opaque here.
    #[serde(default)]
    pub asked: Bytes,
    pub holder: Holder,
}

/// The connection that a socket is on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    pub pod: PodId,
    pub sid: Sid,
}

#[derive(Clone, Debug)]
pub struct Join {
    /// Whose partition's top to return when nothing is recovered.
    pub workspace: WorkspaceId,
    pub resume: Option<Resume>,
    /// Written, with the top as its start, if nothing is recovered.
    pub fresh: Option<NewRecord>,
    pub now: Millis,
}

#[derive(Clone, Debug)]
pub struct Resume {
    pub id: RecoveryId,
    pub nsp: String,
    /// The last offset that the client has seen, if it named one that can be read.
    pub offset: Option<Offset>,
    /// Who it must be of, in [`Join::workspace`]. `None` for a guest, who is known by the record.
    pub subject: Option<Subject>,
    pub holder: Holder,
    pub ttl_ms: Millis,
    pub limit: usize,
}

#[derive(Clone, Debug)]
pub struct Joined {
    pub top: Offset,
    pub resumed: Option<Resumed>,
}

#[derive(Clone, Debug)]
pub struct Resumed {
    /// With the new holder.
    pub recovery: Recovery,
    /// The connection that held it until now, if it was another one. It has been told; whoever
    /// recovers also closes it, since it may be a polling one that nobody holds.
    pub fenced: Option<Holder>,
    /// Where the client is.
    pub from: EntryId,
    /// What it missed, ascending; `more` if that was too much for one step.
    pub missed: Vec<Arc<Entry>>,
    pub more: bool,
}
