use super::{away, grace};
use crate::{
    chat::{GuestActor, OperatorActor},
    hub::{Commit, DeadlineOp, Draft, Edge, Guard, NewChange, Presence, PresenceOp, Subject},
    model::{Agent, DedupId, Millis, OperatorId, SessionId, Sid, WorkspaceId},
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

/// The same where nothing is known of the connection but its presence; `agent`: of an operator's. Until
/// `until` an operator keeps its sessions, and a guest counts as there.
pub(in crate::chat) fn lost(presence: &Presence, agent: Option<Agent>, until: Millis) -> Commit {
    let session = match &presence.subject {
        Subject::Guest(session) => Some(session.clone()),
        Subject::Operator(_) => None,
    };
    let workspace = presence.workspace.clone();
    let mut commit = Commit::new(workspace, session, DedupId::draw(), Guard::Any);
    commit.presence = Some(PresenceOp::Leave(presence.clone()));
    commit.set.left = agent.is_none();
    if let Subject::Guest(session) = &presence.subject {
        commit.deadlines = vec![away::begins(session, until)];
    }
    if let Some(agent) = agent {
        commit.deadlines = vec![grace::begins(&agent.id, until)];
        commit.append = vec![Draft {
            change: NewChange::OperatorOffline { agent },
            origin: None,
            to: None,
            only_on: Some(Edge::Offline),
        }];
    }
    commit
}

/// The deadlines at which somebody looks whether a polling connection is still there.
const PRESENT: &str = "present:";

/// A presence that no pod answers for is looked after, until it goes or becomes a pod's. `None` for a commit
/// that is about no presence.
pub(in crate::chat) fn looked_after(commit: &Commit, at: Millis) -> Option<Commit> {
    let (presence, at) = match commit.presence.as_ref()? {
        PresenceOp::Enter { presence, pod, .. } => (presence, pod.is_none().then_some(at)),
        PresenceOp::Leave(presence) => (presence, None),
    };
    let name = name(presence);
    let op = match at {
        Some(at) => DeadlineOp::Set {
            name,
            at,
            only_on: None,
        },
        None => DeadlineOp::Clear { name },
    };
    let mut commit = commit.clone();
    commit.deadlines.push(op);
    Some(commit)
}

/// The presence that a deadline is about.
pub(in crate::chat) fn polling(workspace: &WorkspaceId, name: &str) -> Option<Presence> {
    let (sid, subject) = name.strip_prefix(PRESENT)?.split_once(':')?;
    let subject = match subject.split_once(':')? {
        ("guest", session) => Subject::Guest(SessionId::new(session)),
        ("operator", id) => Subject::Operator(OperatorId::new(id)),
        _ => return None,
    };
    Some(Presence {
        workspace: workspace.clone(),
        subject,
        sid: Sid::new(sid),
    })
}

/// The next look at it.
pub(in crate::chat) fn still_there(presence: &Presence, at: Millis) -> Commit {
    let workspace = presence.workspace.clone();
    let mut commit = Commit::new(workspace, None, DedupId::draw(), Guard::Any);
    let set = DeadlineOp::Set {
        name: name(presence),
        at,
        only_on: None,
    };
    commit.deadlines = vec![due(presence), set];
    commit
}

/// Nobody has looked after it, nor has it become a pod's.
pub(in crate::chat) fn due(presence: &Presence) -> DeadlineOp {
    let name = name(presence);
    DeadlineOp::Due { name }
}

/// A sid holds no colon.
fn name(presence: &Presence) -> String {
    let sid = &presence.sid;
    match &presence.subject {
        Subject::Guest(session) => format!("{PRESENT}{sid}:guest:{session}"),
        Subject::Operator(id) => format!("{PRESENT}{sid}:operator:{id}"),
    }
}

/// `None` for a guest that has not started yet.
pub(in crate::chat) fn guest_arrived(actor: &GuestActor, dedup: &DedupId) -> Option<Commit> {
    let session = actor.session.as_ref()?;
    let op = enter(actor, &actor.workspace, session);
    let mut commit = in_session(actor, session, op, dedup);
    commit.deadlines = vec![away::ends(session)];
    Some(commit)
}

/// What comes after the last of its connections waits for the guest, who counts as there until `there_until`.
pub(in crate::chat) fn guest_left(
    actor: &GuestActor,
    session: &SessionId,
    there_until: Millis,
    dedup: &DedupId,
) -> Commit {
    let presence = guest(actor, &actor.workspace, session);
    let mut commit = in_session(actor, session, PresenceOp::Leave(presence), dedup);
    commit.set.left = true;
    commit.deadlines = vec![away::begins(session, there_until)];
    commit
}

/// The same where the hub has let go of the session: who leaves does so in any case.
pub(in crate::chat) fn without_session(commit: &Commit) -> Commit {
    Commit {
        session: None,
        // Nobody is told of the guest of a session that is nowhere.
        deadlines: Vec::new(),
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
        let left = guest_left(&someone(Some("s")), &id("other"), 9, &dedup());
        assert!(left.set.left && without_session(&left).session.is_none());
        let Some(PresenceOp::Leave(presence)) = left.presence else {
            panic!("leaves")
        };
        assert_eq!(presence.subject, Subject::Guest(id("other")));
    }
}
