use crate::model::{
    Address, Agent, Code, OperatorId, PodId, RecoveryId, Reject, SessionId, Sid, WorkspaceId,
};

/// Who asks, as its verified token says and its socket remembers; never as a payload says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    Guest(GuestActor),
    Operator(OperatorActor),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuestActor {
    /// Of the session; before there is one, of the page that the guest is on.
    pub workspace: WorkspaceId,
    /// What the last start of this socket returned as [`Bound`](super::Bound).
    pub session: Option<SessionId>,
    /// What operators read as its name, as the last start returned it.
    pub name: Option<String>,
    /// Messages up to this number are not for it: it came back without a proof that they were.
    pub since: u64,
    pub recovery: RecoveryId,
    pub sid: Sid,
    /// That holds its connection, if it is a WebSocket.
    pub pod: Option<PodId>,
    /// That its connection was opened from.
    pub address: Address,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperatorActor {
    pub workspace: WorkspaceId,
    pub id: OperatorId,
    pub name: String,
    pub recovery: RecoveryId,
    pub sid: Sid,
    /// That holds its connection, if it is a WebSocket.
    pub pod: Option<PodId>,
}

impl Actor {
    pub fn workspace(&self) -> &WorkspaceId {
        match self {
            Self::Guest(guest) => &guest.workspace,
            Self::Operator(operator) => &operator.workspace,
        }
    }

    /// As a metric's label.
    pub(super) fn role(&self) -> &'static str {
        match self {
            Self::Guest(_) => "guest",
            Self::Operator(_) => "operator",
        }
    }
}

impl GuestActor {
    pub(super) fn bound(&self) -> Result<&SessionId, Reject> {
        self.session
            .as_ref()
            .ok_or_else(|| Reject::new(Code::Conflict, "Start a session first"))
    }
}

impl OperatorActor {
    pub(super) fn agent(&self) -> Agent {
        Agent {
            id: self.id.clone(),
            name: self.name.clone(),
        }
    }
}
