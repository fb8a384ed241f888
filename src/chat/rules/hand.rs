//! What every change of hands has in common: whose the session is, and that an open offer ends with it.

use super::draft;
use crate::{
    chat::OperatorActor,
    hub::{Commit, DeadlineOp, Draft, Guard, NewChange, QueueOp},
    model::{Agent, Code, DedupId, OfferEnd, OperatorId, Reject, Session, SessionId, Status},
};

/// The deadline of an offer.
pub(in crate::chat) const OFFER: &str = "offer:";

pub(super) fn offer_deadline(session: &SessionId) -> String {
    format!("{OFFER}{session}")
}

/// Of the session as it was read: nothing of it changes hands meanwhile.
pub(super) fn change(actor: &OperatorActor, session: &Session, dedup: &DedupId) -> Commit {
    Commit::new(
        actor.workspace.clone(),
        Some(session.id.clone()),
        dedup.clone(),
        Guard::Version(session.version),
    )
}

/// Whoever has it, an offer to somebody else is over.
pub(super) fn close_offer(commit: &mut Commit, session: &SessionId) {
    let name = offer_deadline(session);
    commit.set.offer = Some(None);
    commit.deadlines.push(DeadlineOp::Clear { name });
}

/// Whoever was asked need not answer any more.
pub(super) fn withdrawn(session: &Session) -> Option<Draft> {
    let offer = session.offer.clone()?;
    let why = OfferEnd::Withdrawn;
    Some(Draft {
        change: NewChange::OfferClosed { offer, why },
        origin: None,
        to: None,
        only_on: None,
    })
}

/// Into the hands of the operator who acts.
pub(super) fn take(commit: &mut Commit, actor: &OperatorActor, before: Option<Agent>) {
    let agent = actor.agent();
    commit.set.status = Some(Status::Active);
    commit.set.agent = Some(Some(agent.clone()));
    commit.queue = Some(QueueOp::Leave);
    let change = NewChange::Assigned { agent, before };
    commit.append = vec![draft(change, &actor.recovery)];
}

/// Back into the queue, at its old place.
pub(super) fn release(commit: &mut Commit) {
    commit.set.status = Some(Status::Waiting);
    commit.set.agent = Some(None);
    commit.queue = Some(QueueOp::Enter);
}

/// Who has the session; refused if that is somebody else.
pub(super) fn owner<'s>(
    session: &'s Session,
    asker: &OperatorId,
) -> Result<Option<&'s Agent>, Reject> {
    match &session.agent {
        Some(agent) if agent.id != *asker => Err(Reject::new(
            Code::Forbidden,
            format!("{} has this session", agent.name),
        )),
        agent => Ok(agent.as_ref()),
    }
}
