use super::{draft, hand};
use crate::{
    hub::{Commit, Guard, NewChange, QueueOp},
    model::{DedupId, RecoveryId, SessionId, Status, WorkspaceId},
};

/// Ends a session, if it is still open when this is written. Nothing else of it changes.
pub(in crate::chat) fn end(
    workspace: &WorkspaceId,
    session: SessionId,
    origin: &RecoveryId,
    dedup: &DedupId,
) -> Commit {
    let mut commit = Commit::new(workspace.clone(), Some(session), dedup.clone(), Guard::Open);
    commit.set.status = Some(Status::Ended);
    commit.queue = Some(QueueOp::Leave);
    if let Some(session) = commit.session.clone() {
        hand::close_offer(&mut commit, &session);
    }
    commit.append = vec![draft(NewChange::Ended, origin)];
    commit
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::rules::cases::{ann, dedup, id};

    #[test]
    fn ending_leaves_the_queue_and_keeps_the_rest() {
        let commit = end(&ann().workspace, id("s"), &ann().recovery, &dedup());
        assert_eq!(commit.guard, Guard::Open, "a session ends once");
        assert_eq!(commit.set.status, Some(Status::Ended));
        assert_eq!(commit.queue, Some(QueueOp::Leave));
        assert_eq!(commit.set.offer, Some(None), "an offer of it is over");
        assert!(commit.set.agent.is_none() && commit.set.guest.is_none());
        assert!(commit.set.create.is_none());
        let [entry] = commit.append.as_slice() else {
            panic!("one entry")
        };
        assert!(matches!(entry.change, NewChange::Ended));
        assert_eq!(entry.origin, Some(ann().recovery));
    }
}
