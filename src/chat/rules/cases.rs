//! People and sessions that the tables of the rules are about.

use std::net::IpAddr;

use crate::{
    chat::{GuestActor, OperatorActor},
    model::{
        DedupId, Guest, OperatorId, PodId, RecoveryId, Session, SessionId, Sid, Status, WorkspaceId,
    },
};

pub(super) fn dedup() -> DedupId {
    DedupId::new("sid:t:0")
}

pub(super) fn id(session: &str) -> SessionId {
    SessionId::new(session)
}

pub(super) fn ann() -> OperatorActor {
    operator("ann")
}

/// Its name is its id with a capital letter.
pub(super) fn operator(id: &str) -> OperatorActor {
    OperatorActor {
        workspace: WorkspaceId::new("default"),
        id: OperatorId::new(id),
        name: format!("{}{}", id[..1].to_uppercase(), &id[1..]),
        recovery: RecoveryId::new(format!("r-{id}")),
        sid: Sid::new(format!("sid-{id}")),
        pod: Some(PodId::new("pod")),
    }
}

pub(super) fn guest(session: Option<&str>) -> GuestActor {
    GuestActor {
        workspace: WorkspaceId::new("default"),
        session: session.map(id),
        name: None,
        since: 0,
        recovery: RecoveryId::new("r-guest"),
        sid: Sid::new("sid-guest"),
        pod: None,
        address: IpAddr::from([192, 0, 2, 7]).into(),
    }
}

pub(super) fn session(status: Status) -> Session {
    Session {
        status,
        version: 1,
        ..Session::new(id("s"), WorkspaceId::new("default"), Guest::default(), 1000)
    }
}
