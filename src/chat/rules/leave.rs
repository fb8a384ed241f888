use super::{draft, hand};
use crate::{
    chat::{OperatorActor, attempt::ended},
    hub::{Commit, NewChange},
    model::{DedupId, Reject, Session, Status},
};

/// Gives the operator's session back to the queue. `None` if nobody has it: that is done already.
pub(in crate::chat) fn leave(
    actor: &OperatorActor,
    session: &Session,
    dedup: &DedupId,
) -> Result<Option<Commit>, Reject> {
    if session.status == Status::Ended {
        return Err(ended());
    }
    let Some(agent) = hand::owner(session, &actor.id)? else {
        return Ok(None);
    };
    let change = NewChange::Released {
        agent: agent.clone(),
    };
    let mut commit = hand::change(actor, session, dedup);
    hand::release(&mut commit);
    hand::close_offer(&mut commit, &session.id);
    commit.append = vec![draft(change, &actor.recovery)];
    commit.append.extend(hand::withdrawn(session));
    Ok(Some(commit))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        chat::rules::cases::{ann, dedup, operator, session},
        hub::{Guard, QueueOp},
        model::{Code, Offer},
    };

    #[test]
    fn p9_only_who_has_a_session_gives_it_back() {
        use Status::{Active, Ended, Waiting};
        let cases = [
            (Active, Some("ann"), Ok(true)),
            (Active, Some("bob"), Err(Code::Forbidden)),
            (Waiting, None, Ok(false)),
            (Active, None, Ok(false)),
            (Ended, Some("ann"), Err(Code::Ended)),
            (Ended, None, Err(Code::Ended)),
        ];
        for (status, agent, expected) in cases {
            let mut session = session(status);
            session.agent = agent.map(|id| operator(id).agent());
            let decided = leave(&ann(), &session, &dedup());
            let told = decided
                .map(|commit| commit.is_some())
                .map_err(|reject| reject.code);
            assert_eq!(told, expected, "{status:?} {agent:?}");
        }
    }

    #[test]
    fn p9_a_session_is_given_back_once_and_to_its_old_place() {
        let mut mine = session(Status::Active);
        mine.agent = Some(ann().agent());
        mine.version = 3;
        let commit = leave(&ann(), &mine, &dedup()).unwrap().unwrap();
        assert_eq!(commit.guard, Guard::Version(3));
        assert_eq!(commit.set.status, Some(Status::Waiting));
        assert_eq!(commit.set.agent, Some(None));
        assert_eq!(commit.queue, Some(QueueOp::Enter));
        assert_eq!(commit.set.offer, Some(None), "an offer of it is over");
        mine.offer = Some(Offer {
            from: ann().agent(),
            to: operator("bob").id,
            expires_at: 9,
        });
        let withdrawn = leave(&ann(), &mine, &dedup()).unwrap().unwrap();
        assert_eq!(withdrawn.append.len(), 2, "who was asked is told");
        assert!(
            matches!(&commit.append[..], [it] if matches!(&it.change, NewChange::Released { agent } if *agent == ann().agent()))
        );
    }
}
