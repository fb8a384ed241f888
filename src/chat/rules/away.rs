//! A guest without a connection is told of as gone after a while. Its session goes on.

use crate::{
    hub::{Commit, DeadlineOp, Draft, Edge, Guard, NewChange},
    model::{DedupId, Millis, Session, SessionId, WorkspaceId},
};

/// The deadline after which a guest counts as gone.
pub(in crate::chat) const AWAY: &str = "away:";

/// Runs from when its last connection is gone.
pub(super) fn begins(session: &SessionId, at: Millis) -> DeadlineOp {
    DeadlineOp::Set {
        name: name(session),
        at,
        only_on: Some(Edge::Offline),
    }
}

/// Whoever is back in time was never gone.
pub(super) fn ends(session: &SessionId) -> DeadlineOp {
    let name = name(session);
    DeadlineOp::Clear { name }
}

/// Staff is told, once, unless the session is over or the hub has let go of it: then there is nothing to tell.
pub(in crate::chat) fn over(
    workspace: &WorkspaceId,
    id: &SessionId,
    session: Option<&Session>,
) -> Commit {
    let open = session.filter(|session| session.status.is_open());
    let (of, guard) = match open {
        Some(session) => (Some(session.id.clone()), Guard::Open),
        None => (None, Guard::Any),
    };
    let mut commit = Commit::new(workspace.clone(), of, DedupId::draw(), guard);
    commit.deadlines = vec![DeadlineOp::Due { name: name(id) }];
    commit.append = open
        .map(|_| Draft {
            change: NewChange::GuestLeft,
            origin: None,
            to: None,
            only_on: None,
        })
        .into_iter()
        .collect();
    commit
}

fn name(session: &SessionId) -> String {
    format!("{AWAY}{session}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        chat::rules::cases::{id, session},
        model::Status,
    };

    #[test]
    fn staff_is_told_of_an_open_session_only() {
        let workspace = WorkspaceId::new("default");
        let told = |session: Option<&Session>| {
            let commit = over(&workspace, &id("s"), session);
            let due = DeadlineOp::Due {
                name: "away:s".into(),
            };
            assert_eq!(commit.deadlines, [due]);
            (commit.append.len(), commit.session)
        };
        for status in [Status::Waiting, Status::Active] {
            assert_eq!(told(Some(&session(status))), (1, Some(id("s"))));
        }
        assert_eq!(told(Some(&session(Status::Ended))), (0, None));
        assert_eq!(told(None), (0, None));
    }
}
