use super::{hand, transfer};
use crate::{
    chat::{OperatorActor, attempt::ended},
    hub::Commit,
    model::{Code, DedupId, Millis, Reject, Session, Status},
};

/// Takes a waiting session for the operator, or one that it is offered. `None` if it has it already.
pub(in crate::chat) fn claim(
    actor: &OperatorActor,
    session: &Session,
    now: Millis,
    dedup: &DedupId,
) -> Result<Option<Commit>, Reject> {
    match (session.status, &session.agent) {
        (Status::Ended, _) => Err(ended()),
        (_, Some(agent)) if agent.id == actor.id => Ok(None),
        (_, Some(_)) if transfer::is_offered(session, &actor.id, now) => {
            transfer::answer(actor, session, true, now, dedup)
        }
        (_, Some(agent)) => Err(Reject::new(
            Code::Taken,
            format!("{} has taken this session", agent.name),
        )),
        (_, None) => {
            let mut commit = hand::change(actor, session, dedup);
            hand::take(&mut commit, actor, None);
            hand::close_offer(&mut commit, &session.id);
            Ok(Some(commit))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        chat::rules::cases::{ann, dedup, operator, session},
        hub::{Guard, NewChange, QueueOp},
    };

    #[test]
    fn p9_a_session_is_taken_from_the_queue_only() {
        use Status::{Active, Ended, Waiting};
        let cases = [
            (Waiting, None, Ok(true)),
            (Active, Some("ann"), Ok(false)),
            (Active, Some("bob"), Err(Code::Taken)),
            // Left behind by an operator who is gone.
            (Active, None, Ok(true)),
            (Ended, None, Err(Code::Ended)),
            (Ended, Some("ann"), Err(Code::Ended)),
            (Ended, Some("bob"), Err(Code::Ended)),
        ];
        for (status, agent, expected) in cases {
            let mut session = session(status);
            session.agent = agent.map(|id| operator(id).agent());
            let decided = claim(&ann(), &session, 0, &dedup());
            let told = decided
                .map(|commit| commit.is_some())
                .map_err(|reject| reject.code);
            assert_eq!(told, expected, "{status:?} {agent:?}");
        }
    }

    #[test]
    fn p9_a_claim_is_guarded_by_what_was_read() {
        let mut read = session(Status::Waiting);
        read.version = 7;
        let commit = claim(&ann(), &read, 0, &dedup()).unwrap().unwrap();
        assert_eq!(commit.guard, Guard::Version(7));
        assert_eq!(commit.set.status, Some(Status::Active));
        assert_eq!(commit.set.agent, Some(Some(ann().agent())));
        assert_eq!(commit.queue, Some(QueueOp::Leave));
        let [entry] = commit.append.as_slice() else {
            panic!("one entry")
        };
        assert!(
            matches!(&entry.change, NewChange::Assigned { agent, before: None } if *agent == ann().agent())
        );
        assert_eq!(entry.origin, Some(ann().recovery));
    }

    #[test]
    fn a_loser_reads_who_was_faster() {
        let mut taken = session(Status::Active);
        taken.agent = Some(operator("bob").agent());
        let reject = claim(&ann(), &taken, 0, &dedup()).unwrap_err();
        assert_eq!(reject.message, "Bob has taken this session");
    }
}
