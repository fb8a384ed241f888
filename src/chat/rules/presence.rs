use crate::{
    chat::{GuestActor, OperatorActor},
    hub::{Commit, Draft, Edge, Guard, NewChange, Presence, PresenceOp, Subject},
    model::{DedupId, SessionId, WorkspaceId},
};

/// The colleagues are told when the first of an operator's connections comes.
pub(in crate::chat) fn operator_arrived(actor: &OperatorActor, dedup: &DedupId) -> Commit {
    let change = NewChange::OperatorOnline {
        agent: actor.agent(),
    };
    let pod = actor.pod.clone();
    let name = Some(actor.name.clone());
    let enter = |presence| PresenceOp::Enter {
        presence,
        pod,
        name,
    };
    operator(actor, dedup, enter, change, Edge::Online)
}

/// ... and when the last one is gone.
pub(in crate::chat) fn operator_left(actor: &OperatorActor, dedup: &DedupId) -> Commit {
    let change = NewChange::OperatorOffline {
        agent: actor.agent(),
    };
    operator(actor, dedup, PresenceOp::Leave, change, Edge::Offline)
}

/// `None` for a guest that has not started yet.
pub(in crate::chat) fn guest_arrived(actor: &GuestActor, dedup: &DedupId) -> Option<Commit> {
    let presence = guest(actor, &actor.workspace, actor.session.as_ref()?);
    let pod = actor.pod.clone();
    Some(of_workspace(presence, dedup, |presence| {
        PresenceOp::Enter {
            presence,
            pod,
            name: None,
        }
    }))
}

pub(in crate::chat) fn guest_left(
    actor: &GuestActor,
    session: &SessionId,
    dedup: &DedupId,
) -> Commit {
    of_workspace(
        guest(actor, &actor.workspace, session),
        dedup,
        PresenceOp::Leave,
    )
}

/// For a start, which is present by the commit that it makes anyway.
pub(super) fn enter(
    actor: &GuestActor,
    workspace: &WorkspaceId,
    session: &SessionId,
) -> PresenceOp {
    PresenceOp::Enter {
        presence: guest(actor, workspace, session),
        pod: actor.pod.clone(),
        name: None,
    }
}

fn operator(
    actor: &OperatorActor,
    dedup: &DedupId,
    op: impl FnOnce(Presence) -> PresenceOp,
    change: NewChange,
    edge: Edge,
) -> Commit {
    let presence = Presence {
        workspace: actor.workspace.clone(),
        subject: Subject::Operator(actor.id.clone()),
        sid: actor.sid.clone(),
    };
    let mut commit = of_workspace(presence, dedup, op);
    let origin = Some(actor.recovery.clone());
    commit.append = vec![Draft {
        change,
        origin,
        to: None,
        only_on: Some(edge),
    }];
    commit
}

fn guest(actor: &GuestActor, workspace: &WorkspaceId, session: &SessionId) -> Presence {
    Presence {
        workspace: workspace.clone(),
        subject: Subject::Guest(session.clone()),
        sid: actor.sid.clone(),
    }
}

/// Without a session, though it may be a guest's: who leaves does so even if the session has ended
/// or the hub has let go of it.
fn of_workspace(
    presence: Presence,
    dedup: &DedupId,
    op: impl FnOnce(Presence) -> PresenceOp,
) -> Commit {
    let mut commit = Commit::new(presence.workspace.clone(), None, dedup.clone(), Guard::Any);
    commit.presence = Some(op(presence));
    commit
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::rules::cases::{ann, dedup, guest as someone, id};

    #[test]
    fn an_operator_is_announced_on_the_edge_only() {
        let arrived = operator_arrived(&ann(), &dedup());
        let left = operator_left(&ann(), &dedup());
        for (commit, edge) in [(&arrived, Edge::Online), (&left, Edge::Offline)] {
            assert_eq!(commit.session, None);
            let [entry] = commit.append.as_slice() else {
                panic!("one entry")
            };
            assert_eq!(entry.only_on, Some(edge));
            assert_eq!(entry.origin, Some(ann().recovery));
        }
        let subject = Subject::Operator(ann().id);
        assert!(
            matches!(&arrived.presence, Some(PresenceOp::Enter { presence, pod, .. }) if presence.subject == subject && *pod == ann().pod)
        );
        assert!(matches!(&left.presence, Some(PresenceOp::Leave(it)) if it.subject == subject));
        assert!(matches!(
            arrived.append[0].change,
            NewChange::OperatorOnline { .. }
        ));
        assert!(matches!(
            left.append[0].change,
            NewChange::OperatorOffline { .. }
        ));
    }

    #[test]
    fn a_guest_is_present_in_its_session() {
        assert!(guest_arrived(&someone(None), &dedup()).is_none());
        let commit = guest_arrived(&someone(Some("s")), &dedup()).unwrap();
        assert!(commit.append.is_empty() && commit.session.is_none());
        let Some(PresenceOp::Enter { presence, .. }) = commit.presence else {
            panic!("enters")
        };
        assert_eq!(presence.subject, Subject::Guest(id("s")));
        assert_eq!(presence.sid, someone(None).sid);
        let left = guest_left(&someone(Some("s")), &id("other"), &dedup());
        let Some(PresenceOp::Leave(presence)) = left.presence else {
            panic!("leaves")
        };
        assert_eq!(presence.subject, Subject::Guest(id("other")));
    }
}
