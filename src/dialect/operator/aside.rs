use serde_json::json;

use crate::{
    dialect::{Audience, Outgoing},
    model::Aside,
};

/// The side that types knows. Of a queue these front ends know nothing.
pub(in crate::dialect) fn encode_aside(audience: Audience, aside: &Aside) -> Option<Outgoing> {
    let Aside::Typing { session, by, on } = aside else {
        return None;
    };
    match (audience, by) {
        (Audience::Guest, Some(agent)) => Some(Outgoing {
            event: "operatorTyping",
            payload: json!({ "isTyping": on, "operatorName": agent.name }),
        }),
        (Audience::Operator, None) => Some(Outgoing {
            event: "clientTyping",
            payload: json!({ "from": session.as_str(), "isTyping": on }),
        }),
        (Audience::Guest, None) | (Audience::Operator, Some(_)) => None,
    }
}
