use super::draft;
use crate::{
    chat::{OperatorActor, attempt::ended},
    hub::{Commit, Guard, NewChange, QueueOp},
    model::{Code, DedupId, Reject, Session, Status},
};

/// Takes a waiting session for the operator. `None` if it has it already.
pub(in crate::chat) fn claim(
    actor: &OperatorActor,
    session: &Session,
    dedup: &DedupId,
) -> Result<Option<Commit>, Reject> {
    match (session.status, &session.agent) {
        (Status::Ended, _) => Err(ended()),
        (_, Some(agent)) if agent.id == actor.id => Ok(None),
        (_, Some(agent)) => Err(Reject::new(
            Code::Taken,
            format!("{} has taken this session", agent.name),
        )),
        (_, None) => {
            let mut commit = Commit::new(
                actor.workspace.clone(),
                Some(session.id.clone()),
                dedup.clone(),
                Guard::Version(session.version),
            );
            commit.set.status = Some(Status::Active);
            commit.set.agent = Some(Some(actor.agent()));
            commit.queue = Some(QueueOp::Leave);
            commit.append = vec![draft(
                NewChange::Assigned {
                    agent: actor.agent(),
                    before: None,
                },
                &actor.recovery,
            )];
            Ok(Some(commit))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::rules::cases::{ann, dedup, operator, session};

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
            let decided = claim(&ann(), &session, &dedup());
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
        let commit = claim(&ann(), &read, &dedup()).unwrap().unwrap();
        assert_eq!(commit.guard, Guard::Version(7));
        assert_eq!(commit.set.status, Some(Status::Active));
        assert_eq!(commit.set.agent, Some(Some(ann().agent())));
        assert_eq!(commit.queue, Some(QueueOp::Leave));
        let [entry] = commit.append.as_slice() else {
            panic!("one entry")
        };
        assert!(
            matches!(&entry.change, NewChange::Assigned { agent, .. } if *agent == ann().agent())
        );
        assert_eq!(entry.origin, Some(ann().recovery));
    }

    #[test]
    fn a_loser_reads_who_was_faster() {
        let mut taken = session(Status::Active);
        taken.agent = Some(operator("bob").agent());
        let reject = claim(&ann(), &taken, &dedup()).unwrap_err();
        assert_eq!(reject.message, "Bob has taken this session");
    }
}
