use super::grace;
use crate::{
    chat::{GuestActor, OperatorActor},
    hub::{Commit, Draft, Edge, Guard, NewChange, Presence, PresenceOp, Subject},
    model::{DedupId, Millis, SessionId, WorkspaceId},
};

/// The colleagues are told when the first of an operator's connections comes. Its sessions stay with it.
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
    let mut commit = operator(actor, dedup, enter, change, Edge::Online);
    commit.deadlines = vec![grace::ends(&actor.id)];
    commit
}

/// ... and when the last one is gone: its sessions are kept for it until then.
pub(in crate::chat) fn operator_left(
    actor: &OperatorActor,
    keep_until: Millis,
    dedup: &DedupId,
) -> Commit {
    let change = NewChange::OperatorOffline {
        agent: actor.agent(),
    };
    let mut commit = operator(actor, dedup, PresenceOp::Leave, change, Edge::Offline);
    commit.deadlines = vec![grace::begins(&actor.id, keep_until)];
    commit
}

/// `None` for a guest that has not started yet.
pub(in crate::chat) fn guest_arrived(actor: &GuestActor, dedup: &DedupId) -> Option<Commit> {
    let session = actor.session.as_ref()?;
    let op = enter(actor, &actor.workspace, session);
    Some(in_session(actor, session, op, dedup))
}

/// What comes after the last of its connections waits for the guest.
pub(in crate::chat) fn guest_left(
    actor: &GuestActor,
    session: &SessionId,
    dedup: &DedupId,
) -> Commit {
    let presence = guest(actor, &actor.workspace, session);
    let mut commit = in_session(actor, session, PresenceOp::Leave(presence), dedup);
    commit.set.left = true;
    commit
}

/// The same where the hub has let go of the session: who leaves does so in any case.
pub(in crate::chat) fn without_session(commit: &Commit) -> Commit {
    Commit {
        session: None,
        ..commit.clone()
    }
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
    let workspace = presence.workspace.clone();
    let mut commit = Commit::new(workspace, None, dedup.clone(), Guard::Any);
    commit.presence = Some(op(presence));
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

/// Ended or not.
fn in_session(actor: &GuestActor, session: &SessionId, op: PresenceOp, dedup: &DedupId) -> Commit {
    let (workspace, session) = (actor.workspace.clone(), Some(session.clone()));
    let mut commit = Commit::new(workspace, session, dedup.clone(), Guard::Any);
    commit.presence = Some(op);
    commit
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::rules::cases::{ann, dedup, guest as someone, id};

    #[test]
    fn an_operator_is_announced_on_the_edge_only() {
        let arrived = operator_arrived(&ann(), &dedup());
        let left = operator_left(&ann(), 9, &dedup());
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
        assert!(commit.append.is_empty() && commit.session == Some(id("s")));
        let Some(PresenceOp::Enter { presence, .. }) = commit.presence else {
            panic!("enters")
        };
        assert_eq!(presence.subject, Subject::Guest(id("s")));
        assert_eq!(presence.sid, someone(None).sid);
        let left = guest_left(&someone(Some("s")), &id("other"), &dedup());
        assert!(left.set.left && without_session(&left).session.is_none());
        let Some(PresenceOp::Leave(presence)) = left.presence else {
            panic!("leaves")
        };
        assert_eq!(presence.subject, Subject::Guest(id("other")));
    }
}
