use crate::{
    chat::{GuestActor, OperatorActor},
    hub::{Commit, Draft, Edge, Guard, MarkOp, NewChange},
    model::{
        DedupId, Direction, Participant, Receipt, RecoveryId, Session, SessionId, WorkspaceId,
    },
};

/// The guest has the messages of staff up to a number.
pub(in crate::chat) fn by_guest(
    actor: &GuestActor,
    session: &SessionId,
    receipt: Receipt,
    seq: u64,
    dedup: &DedupId,
) -> Commit {
    let mark = MarkOp {
        by: Participant::Guest,
        receipt,
        seq,
    };
    commit((&actor.workspace, session), mark, &actor.recovery, dedup)
}

/// An operator has the guest's messages up to a number. `None`: it only looks on, so nobody has read.
pub(in crate::chat) fn by_staff(
    actor: &OperatorActor,
    session: &Session,
    receipt: Receipt,
    seq: u64,
    dedup: &DedupId,
) -> Option<Commit> {
    let others = session.agent.as_ref().is_some_and(|it| it.id != actor.id);
    if receipt == Receipt::Read && others {
        return None;
    }
    let mark = MarkOp {
        by: Participant::Operator(actor.id.clone()),
        receipt,
        seq,
    };
    Some(commit(
        (&actor.workspace, &session.id),
        mark,
        &actor.recovery,
        dedup,
    ))
}

/// Whoever wrote is told how far its messages have come.
pub(in crate::chat) fn delivered(
    workspace: &WorkspaceId,
    session: &SessionId,
    direction: Direction,
    seq: u64,
) -> Commit {
    let (workspace, session) = (workspace.clone(), Some(session.clone()));
    let mut commit = Commit::new(workspace, session, DedupId::draw(), Guard::Any);
    commit.append = vec![Draft {
        change: NewChange::Delivered { direction, seq },
        origin: None,
        to: None,
        only_on: None,
    }];
    commit
}

/// Of an ended session too: its last messages are read after its end. That something is delivered is
/// told by a commit of its own, for many marks at once.
fn commit(
    (workspace, session): (&WorkspaceId, &SessionId),
    mark: MarkOp,
    origin: &RecoveryId,
    dedup: &DedupId,
) -> Commit {
    let mut commit = Commit::new(
        workspace.clone(),
        Some(session.clone()),
        dedup.clone(),
        Guard::Any,
    );
    if mark.receipt == Receipt::Read {
        commit.append = vec![Draft {
            change: NewChange::Read {
                by: mark.by.clone(),
            },
            origin: Some(origin.clone()),
            to: None,
            only_on: Some(Edge::Raised),
        }];
    }
    commit.mark = Some(mark);
    commit
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        chat::rules::cases::{ann, dedup, guest, id, operator, session},
        model::Status,
    };

    #[test]
    fn supervision_alone_does_not_read() {
        let cases = [
            (None, Receipt::Read, true),
            (Some("ann"), Receipt::Read, true),
            (Some("bob"), Receipt::Read, false),
            (Some("bob"), Receipt::Delivered, true),
        ];
        for (agent, receipt, expected) in cases {
            let mut session = session(Status::Active);
            session.agent = agent.map(|id| operator(id).agent());
            let decided = by_staff(&ann(), &session, receipt, 3, &dedup());
            assert_eq!(decided.is_some(), expected, "{agent:?} {receipt:?}");
        }
    }

    #[test]
    fn only_a_mark_that_rises_is_told() {
        let read = by_guest(&guest(Some("s")), &id("s"), Receipt::Read, 3, &dedup());
        let [entry] = read.append.as_slice() else {
            panic!("one entry")
        };
        assert_eq!(entry.only_on, Some(Edge::Raised));
        let delivered = by_guest(&guest(Some("s")), &id("s"), Receipt::Delivered, 3, &dedup());
        assert!(delivered.append.is_empty());
        assert_eq!(
            delivered.mark,
            Some(MarkOp {
                by: Participant::Guest,
                receipt: Receipt::Delivered,
                seq: 3
            })
        );
    }
}
