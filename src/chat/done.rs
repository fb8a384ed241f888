use crate::{
    hub::Mark,
    model::{EntryId, Epoch, Notice, Offset, Partition, Reply, SessionId, WorkspaceId},
};

/// What a command did, for the socket that gave it.
#[derive(Clone, Debug, PartialEq)]
pub struct Done {
    pub reply: Reply,
    /// Said to the same socket, after the reply.
    pub notices: Vec<Told>,
    /// The reply may be said once this is stored; `None` if it rests on nothing new.
    pub mark: Option<Mark>,
    /// The guest's socket replays this session's log from now on.
    pub bound: Option<Bound>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    pub notice: Notice,
    /// Not before this is stored. `None`: together with the reply.
    pub mark: Option<Mark>,
}

/// The log that a guest's socket reads, and where it begins: what was before is its history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bound {
    pub workspace: WorkspaceId,
    pub session: SessionId,
    /// What operators read as the guest's name.
    pub name: String,
    /// The site's own backend has said who the guest is.
    pub verified: bool,
    /// As [`super::GuestActor::since`].
    pub since: u64,
    pub from: Offset,
}

impl Done {
    /// A reply and no more.
    pub fn of(reply: Reply) -> Self {
        Self {
            reply,
            notices: Vec::new(),
            mark: None,
            bound: None,
        }
    }

    pub(super) fn after(self, mark: Option<Mark>) -> Self {
        Self { mark, ..self }
    }
}

impl Told {
    pub(super) fn with_reply(notice: Notice) -> Self {
        Self { notice, mark: None }
    }
}

pub(super) fn mark(workspace: &WorkspaceId, epoch: &Epoch, id: EntryId) -> Mark {
    Mark {
        partition: Partition::of(workspace),
        epoch: epoch.clone(),
        id,
    }
}
