use super::{draft, hand};
use crate::{
    chat::{OperatorActor, attempt::ended},
    hub::{Commit, DeadlineOp, Draft, Guard, NewChange},
    model::{
        Code, DedupId, Millis, Offer, OfferEnd, Operator, OperatorId, Reject, Session, SessionId,
        Status, WorkspaceId,
    },
};

/// Offers the operator's session to a colleague, who is asked. `to`: as it is connected, if it is.
/// `None` if it is offered to it already. An offer to another one is over by that.
pub(in crate::chat) fn offer(
    actor: &OperatorActor,
    session: &Session,
    to: Option<&Operator>,
    expires_at: Millis,
    dedup: &DedupId,
) -> Result<Option<Commit>, Reject> {
    if session.status == Status::Ended {
        return Err(ended());
    }
    let Some(from) = hand::owner(session, &actor.id)? else {
        return Err(Reject::new(
            Code::Conflict,
            "Take the session before you hand it over",
        ));
    };
    let to = colleague(actor, to)?;
    if session.offer.as_ref().is_some_and(|open| open.to == to) {
        return Ok(None);
    }
    let offer = Offer {
        from: from.clone(),
        to: to.clone(),
        expires_at,
    };
    let mut commit = hand::change(actor, session, dedup);
    commit.set.offer = Some(Some(offer.clone()));
    commit.deadlines = vec![DeadlineOp::Set {
        name: hand::offer_deadline(&session.id),
        at: expires_at,
        only_on: None,
    }];
    let opened = NewChange::OfferOpened {
        offer: offer.clone(),
    };
    let asked = Draft {
        to: Some(to),
        ..draft(NewChange::Offered { offer }, &actor.recovery)
    };
    commit.append = hand::withdrawn(session).into_iter().collect();
    commit
        .append
        .extend([draft(opened, &actor.recovery), asked]);
    Ok(Some(commit))
}

/// What the one who was asked says. `None` if it has the session already. Of an answer and the end of
/// the time for it one happens: both take the deadline. Nor does it end an offer to somebody else, which
/// has another one.
pub(in crate::chat) fn answer(
    actor: &OperatorActor,
    session: &Session,
    accepts: bool,
    now: Millis,
    dedup: &DedupId,
) -> Result<Option<Commit>, Reject> {
    if session.status == Status::Ended {
        return Err(ended());
    }
    let is_mine = session.agent.as_ref().is_some_and(|it| it.id == actor.id);
    if is_mine && accepts && session.offer.is_none() {
        return Ok(None);
    }
    let offered = session.offer.as_ref().filter(|it| it.to == actor.id);
    let Some(offer) = offered.filter(|offer| now < offer.expires_at) else {
        return Err(Reject::new(
            Code::Conflict,
            "This session is not offered to you any more",
        ));
    };
    let mut commit = hand::change(actor, session, dedup);
    if accepts {
        hand::take(&mut commit, actor, Some(offer.from.clone()));
    } else {
        let change = closed(offer, OfferEnd::Declined);
        commit.append = vec![draft(change, &actor.recovery)];
    }
    commit.set.offer = Some(None);
    let name = hand::offer_deadline(&session.id);
    let at = offer.expires_at;
    commit.deadlines = vec![DeadlineOp::Take { name, at }];
    Ok(Some(commit))
}

/// Nobody has answered in time. The session stays where it is.
pub(in crate::chat) fn expire(
    workspace: &WorkspaceId,
    id: &SessionId,
    session: Option<&Session>,
) -> Commit {
    let dedup = DedupId::draw();
    let offer = session.and_then(|session| session.offer.as_ref());
    let about = offer.is_some().then(|| id.clone());
    let mut commit = Commit::new(workspace.clone(), about, dedup, Guard::Any);
    let name = hand::offer_deadline(id);
    commit.deadlines = vec![DeadlineOp::Due { name }];
    if let Some(offer) = offer {
        commit.set.offer = Some(None);
        commit.append = vec![Draft {
            change: closed(offer, OfferEnd::Expired),
            origin: None,
            to: None,
            only_on: None,
        }];
    }
    commit
}

pub(super) fn is_offered(session: &Session, to: &OperatorId, now: Millis) -> bool {
    let offer = session.offer.as_ref();
    offer.is_some_and(|offer| offer.to == *to && now < offer.expires_at)
}

fn closed(offer: &Offer, why: OfferEnd) -> NewChange {
    let offer = offer.clone();
    NewChange::OfferClosed { offer, why }
}

fn colleague(actor: &OperatorActor, to: Option<&Operator>) -> Result<OperatorId, Reject> {
    match to {
        None => Err(Reject {
            field: Some("agentId"),
            ..Reject::new(Code::NotFound, "No such operator is connected")
        }),
        Some(to) if to.agent.id == actor.id => Err(Reject::field(
            "agentId",
            "This is you: there is nobody to hand it over to",
        )),
        Some(to) if to.away => Err(Reject {
            field: Some("agentId"),
            ..Reject::new(Code::Conflict, format!("{} is away", to.agent.name))
        }),
        Some(to) => Ok(to.agent.id.clone()),
    }
}

#[cfg(test)]
#[path = "transfer_tests.rs"]
mod tests;
