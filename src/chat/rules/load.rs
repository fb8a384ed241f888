use super::{send::same_message, start};
use crate::{
    history::StoredMessage,
    hub::{Commit, Draft, Guard, NewChange, QueueOp, Since, Stamped, Unique},
    model::{DedupId, EntryId, Session, Status},
};

/// Puts back what the history knows of an open session. Nobody is told: nothing has changed.
/// `newest` first: what a client may send again, not knowing that it has arrived.
pub(in crate::chat) fn load(
    mut stored: Session,
    newest: &[StoredMessage],
    dedup: &DedupId,
) -> Commit {
    let mut commit = Commit::new(
        stored.workspace.clone(),
        Some(stored.id.clone()),
        dedup.clone(),
        Guard::Absent,
    );
    commit.queue = (stored.status == Status::Waiting).then_some(QueueOp::Enter);
    // Its deadline is not there any more: nobody would end it.
    stored.offer = None;
    // When its guest left is not known, and it is not there now: what is newer waits for it.
    stored.left = stored.last_seq;
    if stored.queued == EntryId::ZERO {
        // Stored by the release before, which kept no place: they came in the order of their birth.
        stored.queued.ms = stored.created_at;
    }
    // In no window at all nobody is refused: the guest is known again, and comes back as before.
    let unique = start::unique(&stored.guest, Some((0, Since::Activity)));
    commit.unique = unique.map(|unique| Unique {
        window_ms: 0,
        ..unique
    });
    commit.set.create = Some(Box::new(stored));
    commit.set.known = newest.iter().rev().filter_map(known).collect();
    commit
}

/// Ends what the history knows of a session that nobody waits in any more, without putting it back before: at no
/// time it is in the queue. Whoever loads it sooner needs it, and keeps it.
pub(in crate::chat) fn give_up(
    stored: Session,
    newest: &[StoredMessage],
    dedup: &DedupId,
) -> Commit {
    let mut commit = load(stored, newest, dedup);
    (commit.queue, commit.unique) = (None, None);
    commit.set.status = Some(Status::Ended);
    commit.append = vec![Draft {
        change: NewChange::Ended,
        origin: None,
        to: None,
        only_on: None,
    }];
    commit
}

fn known(stored: &StoredMessage) -> Option<(DedupId, Stamped)> {
    let message = &stored.message;
    let id = same_message(&message.sender, message.client_id.as_deref()?);
    let stamped = Stamped {
        id: stored.entry,
        message: Some((message.id, message.seq)),
    };
    Some((id, stamped))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::rules::cases::{dedup, session};

    #[test]
    fn a_loaded_session_is_as_it_was_stored() {
        for (status, queue) in [
            (Status::Waiting, Some(QueueOp::Enter)),
            (Status::Active, None),
        ] {
            let mut stored = session(status);
            (stored.last_seq, stored.created_at) = (3, 7);
            let commit = load(stored.clone(), &[], &dedup());
            let queued = EntryId { ms: 7, seq: 0 };
            let expected = Session {
                left: 3,
                queued,
                ..stored
            };
            assert_eq!(commit.set.create.as_deref(), Some(&expected));
            assert_eq!((commit.guard, commit.queue), (Guard::Absent, queue));
            assert!(commit.append.is_empty(), "a load is no event");
        }
    }

    #[test]
    fn what_is_given_up_ends_without_a_place_in_the_queue() {
        let commit = give_up(session(Status::Waiting), &[], &dedup());
        assert_eq!((commit.guard, commit.queue), (Guard::Absent, None));
        assert!(
            commit.unique.is_none(),
            "its guest may begin another at once"
        );
        assert_eq!(commit.set.status, Some(Status::Ended));
        let [entry] = commit.append.as_slice() else {
            panic!("one entry")
        };
        assert!(matches!(entry.change, NewChange::Ended));
        assert!(entry.origin.is_none() && entry.to.is_none(), "for all");
    }
}
