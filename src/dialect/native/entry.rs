use serde_json::{Value, json};

use super::view;
use crate::{
    dialect::{Audience, Outgoing},
    model::{Agent, Change, Direction, Entry, Offer, OfferEnd, Participant, Reaction},
};

pub(in crate::dialect) fn encode_entry(audience: Audience, entry: &Entry) -> Vec<Outgoing> {
    let told = match audience {
        Audience::Guest => for_guest(entry),
        Audience::Operator => for_operators(entry),
    };
    // An entry lacks what has to be told of it only if another release wrote it: then it tells nothing.
    told.unwrap_or_default()
}

fn for_guest(entry: &Entry) -> Option<Vec<Outgoing>> {
    Some(match &entry.change {
        Change::Message { message } => vec![view::said(message)],
        Change::Assigned { agent, before } => {
            let left = before.as_ref().map(|before| left(entry, before));
            left.into_iter()
                .chain([joined(entry, agent)])
                .collect::<Option<_>>()?
        }
        Change::Released { agent } => vec![left(entry, agent)?],
        Change::Ended => vec![changed("session:ended", Audience::Guest, entry)?],
        Change::Delivered { direction, seq } => {
            delivered(Audience::Guest, entry, *direction, *seq)?
        }
        Change::Read { by, seq } => read(Audience::Guest, entry, by, *seq)?,
        Change::Reacted { reaction } => vec![reacted(entry, reaction)?],
        Change::Started
        | Change::Returned
        | Change::GuestLeft
        | Change::OfferOpened { .. }
        | Change::Offered { .. }
        | Change::OfferClosed { .. }
        | Change::OperatorOnline { .. }
        | Change::OperatorOffline { .. }
        | Change::OperatorStatus { .. }
        | Change::Unknown => Vec::new(),
    })
}

fn for_operators(entry: &Entry) -> Option<Vec<Outgoing>> {
    let updated = || changed("session:updated", Audience::Operator, entry);
    Some(match &entry.change {
        Change::Message { message } => vec![view::said(message)],
        Change::Started => vec![changed("session:created", Audience::Operator, entry)?],
        Change::Ended => vec![changed("session:ended", Audience::Operator, entry)?],
        Change::Returned
        | Change::Assigned { .. }
        | Change::Released { .. }
        | Change::OfferOpened { .. } => vec![updated()?],
        Change::Offered { offer } => vec![offered(entry, offer)?],
        Change::OfferClosed { offer, why } => vec![updated()?, closed(entry, offer, *why)?],
        Change::Delivered { direction, seq } => {
            delivered(Audience::Operator, entry, *direction, *seq)?
        }
        Change::Read { by, seq } => {
            let mut told = read(Audience::Operator, entry, by, *seq)?;
            // What staff has not read is part of the session.
            if by.reads() == Direction::In {
                told.push(updated()?);
            }
            told
        }
        Change::Reacted { reaction } => vec![reacted(entry, reaction)?],
        Change::OperatorOnline { agent } => vec![Outgoing {
            event: "operator:online",
            payload: view::agent(agent),
        }],
        Change::OperatorOffline { agent } => vec![Outgoing {
            event: "operator:offline",
            payload: view::agent(agent),
        }],
        Change::OperatorStatus { agent, away } => vec![Outgoing {
            event: "operator:status",
            payload: view::operator(agent, *away),
        }],
        // Whether it is there is not shown: it may come back, and its session goes on.
        Change::GuestLeft | Change::Unknown => Vec::new(),
    })
}

/// Every entry but a message holds the session after it.
fn changed(event: &'static str, audience: Audience, entry: &Entry) -> Option<Outgoing> {
    let session = view::session(audience, entry.after.as_deref()?, None);
    Some(Outgoing {
        event,
        payload: json!({ "session": session }),
    })
}

fn joined(entry: &Entry, agent: &Agent) -> Option<Outgoing> {
    Some(Outgoing {
        event: "session:agent_joined",
        payload: agent_of(entry, agent)?,
    })
}

fn left(entry: &Entry, agent: &Agent) -> Option<Outgoing> {
    Some(Outgoing {
        event: "session:agent_left",
        payload: agent_of(entry, agent)?,
    })
}

fn agent_of(entry: &Entry, agent: &Agent) -> Option<Value> {
    let mut fields = view::object(view::agent(agent));
    view::put(&mut fields, "sessionId", entry.session.as_ref()?.as_str());
    Some(Value::Object(fields))
}

fn offered(entry: &Entry, offer: &Offer) -> Option<Outgoing> {
    Some(Outgoing {
        event: "staff:transfer_offer",
        payload: json!({
            "sessionId": entry.session.as_ref()?.as_str(),
            "from": view::agent(&offer.from),
            "expiresAt": view::timestamp(offer.expires_at),
        }),
    })
}

fn closed(entry: &Entry, offer: &Offer, why: OfferEnd) -> Option<Outgoing> {
    let result = match why {
        OfferEnd::Declined => "declined",
        OfferEnd::Expired => "expired",
        OfferEnd::Withdrawn => "withdrawn",
    };
    Some(Outgoing {
        event: "staff:transfer_closed",
        payload: json!({
            "sessionId": entry.session.as_ref()?.as_str(),
            "agentId": offer.to.as_str(),
            "result": result,
        }),
    })
}

/// The side that wrote them is told.
fn delivered(
    audience: Audience,
    entry: &Entry,
    direction: Direction,
    seq: u64,
) -> Option<Vec<Outgoing>> {
    let session = entry.session.as_ref()?;
    let is_own = direction == view::writes(audience);
    let told = is_own.then(|| view::status(session, seq, "delivered"));
    Some(told.into_iter().collect())
}

/// Both sides learn who has read, and the side that wrote it how far it has come.
fn read(audience: Audience, entry: &Entry, by: &Participant, seq: u64) -> Option<Vec<Outgoing>> {
    let session = entry.session.as_ref()?;
    let mut told = vec![Outgoing {
        event: "message:read",
        payload: json!({ "sessionId": session.as_str(), "by": view::participant(by), "seq": seq }),
    }];
    if by.reads() == view::writes(audience) {
        told.push(view::status(session, seq, "read"));
    }
    Some(told)
}

fn reacted(entry: &Entry, reaction: &Reaction) -> Option<Outgoing> {
    Some(Outgoing {
        event: "message:react",
        payload: json!({
            "sessionId": entry.session.as_ref()?.as_str(),
            "messageId": reaction.message.to_string(),
            "emoji": reaction.emoji,
            "on": reaction.on,
            "by": view::participant(&reaction.by),
        }),
    })
}
