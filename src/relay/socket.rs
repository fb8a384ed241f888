use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::rooms::Rooms;
use crate::{
    chat::{Actor, Bound, GuestActor, OperatorActor},
    dialect::{Audience, Dialect},
    hub::Subject,
    model::{Millis, OperatorId, Resume, SessionId, WorkspaceId},
    server::{Socket, auth::Verified},
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
        #[serde(default)]
        dialect: Dialect,
        #[serde(default)]
        shown: Shown,
        /// Until when it has to say who it is, if it has shown nothing of that. A release before keeps nothing of it, and
        /// its sockets may wait.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        join_by: Option<Millis>,
    },
    Operator {
        workspace: WorkspaceId,
        id: OperatorId,
        name: String,
        /// When its token was issued, in seconds.
        #[serde(default)]
        issued: u64,
        /// From when on it is refused, in seconds. A release before keeps nothing of that, and its sockets do not end.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ends: Option<u64>,
        #[serde(default)]
        dialect: Dialect,
        /// `None`: it is told of everything.
        #[serde(default)]
        rooms: Option<Rooms>,
    },
    /// It claimed to be somebody whom it could not show to be, and has to leave.
    Refused { workspace: WorkspaceId },
}

/// What a connection has shown already, to be used once its socket says which side it is on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Shown {
    #[default]
    Nothing,
    /// By the cookie of a login.
    Operator(Box<Verified>),
    /// By the id of its conversation, or none yet.
    Page {
        visitor: Option<Uuid>,
        /// It has shown this one, which does not go on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        over: Option<Uuid>,
    },
    /// By the token of a session.
    Guest {
        workspace: WorkspaceId,
        session: SessionId,
        since: u64,
    },
}

impl Shown {
    /// The session that a guest may go on with.
    pub fn resume(&self) -> Option<Resume> {
        match self {
            Self::Guest {
                workspace,
                session,
                since,
            } => Some(Resume {
                workspace: workspace.clone(),
                session: session.clone(),
                since: *since,
            }),
            Self::Nothing | Self::Operator(_) | Self::Page { .. } => None,
        }
    }
}

impl RelaySocket {
    /// One that is nobody yet.
    pub fn newcomer(workspace: WorkspaceId, dialect: Dialect, shown: Shown) -> Self {
        Self::Guest {
            workspace,
            session: None,
            name: None,
            since: 0,
            dialect,
            shown,
            join_by: None,
        }
    }

    /// It has to say by then who it is.
    #[must_use]
    pub fn joining_by(mut self, at: Millis) -> Self {
        if let Self::Guest { join_by, .. } = &mut self {
            *join_by = Some(at);
        }
        self
    }

    /// `None` for one that is somebody, or need not be.
    pub fn joins_by(&self) -> Option<Millis> {
        match self {
            Self::Guest { join_by, .. } => *join_by,
            Self::Operator { .. } | Self::Refused { .. } => None,
        }
    }

    /// One that is back and still nobody has as much time as if it were new, and has shown what it shows now: its client
    /// says who it is once it has connected, and somebody else may have logged in since.
    #[must_use]
    pub fn waited_for_as(mut self, now: &Self) -> Self {
        if let (
            Self::Guest {
                session: None,
                shown,
                join_by,
                ..
            },
            Self::Guest {
                shown: shown_now,
                join_by: join_by_now,
                ..
            },
        ) = (&mut self, now)
        {
            (*shown, *join_by) = (shown_now.clone(), *join_by_now);
        }
        self
    }

    /// A guest's socket once it has a session.
    pub fn bound(bound: &Bound, dialect: Dialect) -> Self {
        Self::Guest {
            workspace: bound.workspace.clone(),
            session: Some(bound.session.clone()),
            name: Some(bound.name.clone()),
            since: bound.since,
            dialect,
            shown: Shown::Nothing,
            join_by: None,
        }
    }

    /// The same in another vocabulary. An inbox is told of what it asks for only.
    pub fn speaking(mut self, spoken: Dialect) -> Self {
        match &mut self {
            Self::Guest { dialect, .. } => *dialect = spoken,
            Self::Operator { dialect, rooms, .. } => {
                *dialect = spoken;
                *rooms = (spoken == Dialect::Livechat).then(|| rooms.take().unwrap_or_default());
            }
            Self::Refused { .. } => {}
        }
        self
    }

    /// Of a page of the widget.
    pub fn visitor(&self) -> Option<Uuid> {
        match self {
            Self::Guest {
                shown: Shown::Page { visitor, .. },
                ..
            } => *visitor,
            _ => None,
        }
    }

    /// A page has come with another conversation than this socket hears.
    pub fn is_left_by(&self, page: &Self) -> bool {
        let both = self.visitor().zip(page.visitor());
        both.is_some_and(|(heard, shown)| heard != shown)
    }

    /// A page has come with the conversation that this socket hears, and that is over.
    pub fn is_over_for(&self, page: &Self) -> bool {
        match page {
            Self::Guest {
                shown: Shown::Page { over, .. },
                ..
            } => over.is_some() && *over == self.visitor(),
            _ => false,
        }
    }

    /// An operator who is back: whom it has shown to be now, with the vocabulary and the rooms that it had.
    pub fn as_before(mut self, kept: Self) -> Self {
        if let (
            Self::Operator { dialect, rooms, .. },
            Self::Operator {
                dialect: spoken,
                rooms: joined,
                ..
            },
        ) = (&mut self, kept)
        {
            (*dialect, *rooms) = (spoken, joined);
        }
        self
    }

    /// Whether a token is of this operator.
    pub fn is_shown_by(&self, verified: &Verified) -> bool {
        let claims = &verified.claims;
        match self {
            Self::Operator { workspace, id, .. } => {
                *workspace == claims.workspace && *id == claims.sub
            }
            Self::Guest { .. } | Self::Refused { .. } => false,
        }
    }

    /// Whether a token of this operator is a later one than that by which it is here.
    pub fn yields_to(&self, verified: &Verified) -> bool {
        match self {
            Self::Operator { issued, ends, .. } => {
                *issued < verified.claims.iat || ends.is_some_and(|ends| ends < verified.ends())
            }
            Self::Guest { .. } | Self::Refused { .. } => false,
        }
    }

    pub fn dialect(&self) -> Dialect {
        match self {
            Self::Guest { dialect, .. } | Self::Operator { dialect, .. } => *dialect,
            Self::Refused { .. } => Dialect::Native,
        }
    }

    pub fn workspace(&self) -> &WorkspaceId {
        match self {
            Self::Guest { workspace, .. }
            | Self::Operator { workspace, .. }
            | Self::Refused { workspace } => workspace,
        }
    }

    /// Who is present by this socket; a guest is nobody before its session starts.
    pub fn subject(&self) -> Option<Subject> {
        match self {
            Self::Guest { session, .. } => session.clone().map(Subject::Guest),
            Self::Operator { id, .. } => Some(Subject::Operator(id.clone())),
            Self::Refused { .. } => None,
        }
    }

    pub fn audience(&self) -> Audience {
        match self {
            Self::Guest { .. } | Self::Refused { .. } => Audience::Guest,
            Self::Operator { .. } => Audience::Operator,
        }
    }

    pub fn actor(&self, socket: &Socket<Self>) -> Actor {
        let (recovery, sid) = (socket.recovery.clone(), socket.sid.clone());
        let (pod, address) = (socket.pod.clone(), socket.address);
        let (workspace, session, name, since) = match self.clone() {
            Self::Operator {
                workspace,
                id,
                name,
                ..
            } => {
                return Actor::Operator(OperatorActor {
                    workspace,
                    id,
                    name,
                    recovery,
                    sid,
                    pod,
                });
            }
            Self::Guest {
                workspace,
                session,
                name,
                since,
                ..
            } => (workspace, session, name, since),
            Self::Refused { workspace } => (workspace, None, None, 0),
        };
        Actor::Guest(GuestActor {
            workspace,
            session,
            name,
            since,
            recovery,
            sid,
            pod,
            address,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// As the release before wrote them, and reads them: what it does not know it passes over.
    #[test]
    fn an_end_is_optional_in_what_is_saved() {
        let claims = json!({ "sub": "7", "name": "Ada", "workspace": "default", "role": "agent", "iat": 1, "exp": 9 });
        let before = json!({ "Operator": {
            "workspace": "default", "id": "7", "name": "Ada", "issued": 1, "dialect": "native", "rooms": null,
        } });
        let shown = json!({ "Guest": {
            "workspace": "default", "session": null, "name": null, "since": 0, "dialect": "operator-a",
            "shown": { "Operator": claims },
        } });
        let read = |saved: &Value| serde_json::from_value::<RelaySocket>(saved.clone()).unwrap();
        assert!(matches!(
            read(&before),
            RelaySocket::Operator { ends: None, .. }
        ));
        assert_eq!(serde_json::to_value(read(&before)).unwrap(), before);
        let RelaySocket::Guest {
            shown: Shown::Operator(verified),
            ..
        } = read(&shown)
        else {
            panic!("it has shown who it is");
        };
        assert_eq!(verified.ends(), 10, "as long as its token says");
        let saved = serde_json::to_value(&*verified).unwrap();
        for (name, value) in claims.as_object().unwrap() {
            assert_eq!(saved[name], *value);
        }
    }
}
