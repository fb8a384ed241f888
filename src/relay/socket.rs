use serde::{Deserialize, Serialize};

use crate::{
    chat::{Actor, Bound, GuestActor, OperatorActor},
    dialect::Audience,
    hub::Subject,
    model::{OperatorId, SessionId, WorkspaceId},
    server::Socket,
};

/// Who a socket is. Saved with its connection and for its recovery; never told to a client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RelaySocket {
    Guest {
        workspace: WorkspaceId,
        session: Option<SessionId>,
        /// What operators read as its name, once it has a session.
        name: Option<String>,
        /// Messages up to this number are not for it.
        #[serde(default)]
        since: u64,
    },
    Operator {
        workspace: WorkspaceId,
        id: OperatorId,
        name: String,
        /// When its token was issued, in seconds.
        #[serde(default)]
        issued: u64,
    },
}

impl RelaySocket {
    /// A guest's socket once it has a session.
    pub fn bound(bound: &Bound) -> Self {
        Self::Guest {
            workspace: bound.workspace.clone(),
            session: Some(bound.session.clone()),
            name: Some(bound.name.clone()),
            since: bound.since,
        }
    }

    pub fn workspace(&self) -> &WorkspaceId {
        match self {
            Self::Guest { workspace, .. } | Self::Operator { workspace, .. } => workspace,
        }
    }

    /// Who is present by this socket; a guest is nobody before its session starts.
    pub fn subject(&self) -> Option<Subject> {
        match self {
            Self::Guest { session, .. } => session.clone().map(Subject::Guest),
            Self::Operator { id, .. } => Some(Subject::Operator(id.clone())),
        }
    }

    pub fn audience(&self) -> Audience {
        match self {
            Self::Guest { .. } => Audience::Guest,
            Self::Operator { .. } => Audience::Operator,
        }
    }

    pub fn actor(&self, socket: &Socket<Self>) -> Actor {
        let (recovery, sid) = (socket.recovery.clone(), socket.sid.clone());
        let (pod, address) = (socket.pod.clone(), socket.address);
        match self.clone() {
            Self::Guest {
                workspace,
                session,
                name,
                since,
            } => Actor::Guest(GuestActor {
                workspace,
                session,
                name,
                since,
                recovery,
                sid,
                pod,
                address,
            }),
            Self::Operator {
                workspace,
                id,
                name,
                issued: _,
            } => Actor::Operator(OperatorActor {
                workspace,
                id,
                name,
                recovery,
                sid,
                pod,
            }),
        }
    }
}
