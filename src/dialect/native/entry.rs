use serde_json::{Value, json};

use super::view;
use crate::{
    dialect::{Audience, Outgoing},
    model::{Agent, Change, Direction, Entry, Message},
};

pub(in crate::dialect) fn encode_entry(audience: Audience, entry: &Entry) -> Vec<Outgoing> {
    let told = match (&entry.change, audience) {
        (Change::Message { message }, _) => Some(said(message)),
        (Change::Started, Audience::Operator) => changed("session:created", audience, entry),
        (Change::Assigned { .. }, Audience::Operator) => {
            changed("session:updated", audience, entry)
        }
        (Change::Assigned { agent, .. }, Audience::Guest) => joined(entry, agent),
        (Change::Ended, _) => changed("session:ended", audience, entry),
        (Change::OperatorOnline { agent }, Audience::Operator) => Some(Outgoing {
            event: "operator:online",
            payload: view::agent(agent),
        }),
        (Change::OperatorOffline { agent }, Audience::Operator) => Some(Outgoing {
            event: "operator:offline",
            payload: view::agent(agent),
        }),
        (
            Change::Returned
            | Change::Released { .. }
            | Change::OfferOpened { .. }
            | Change::Offered { .. }
            | Change::OfferClosed { .. }
            | Change::Delivered { .. }
            | Change::Read { .. }
            | Change::Reacted { .. }
            | Change::OperatorStatus { .. },
            _,
        ) => None,
        (
            Change::Started | Change::OperatorOnline { .. } | Change::OperatorOffline { .. },
            Audience::Guest,
        ) => None,
    };
    told.into_iter().collect()
}

/// The same for both sides: a guest's other tabs hear what it wrote, a supervisor hears staff.
fn said(message: &Message) -> Outgoing {
    let event = match message.direction {
        Direction::In => "guest:message",
        Direction::Out => "staff:message",
    };
    Outgoing {
        event,
        payload: view::message(message),
    }
}

/// Every entry but a message holds the session after it; one that does not tells nothing.
fn changed(event: &'static str, audience: Audience, entry: &Entry) -> Option<Outgoing> {
    let session = view::session(audience, entry.after.as_deref()?, None);
    Some(Outgoing {
        event,
        payload: json!({ "session": session }),
    })
}

fn joined(entry: &Entry, agent: &Agent) -> Option<Outgoing> {
    let mut fields = view::object(view::agent(agent));
    view::put(&mut fields, "sessionId", entry.session.as_ref()?.as_str());
    Some(Outgoing {
        event: "session:agent_joined",
        payload: Value::Object(fields),
    })
}
