use serde_json::json;

use crate::{
    dialect::{Audience, Outgoing},
    model::{Agent, Aside, SessionId},
};

/// Its payload is an object: a string at the end of an event would be taken for an offset.
pub(in crate::dialect) fn encode_aside(audience: Audience, aside: &Aside) -> Option<Outgoing> {
    match aside {
        Aside::Queue { position } => (audience == Audience::Guest).then(|| Outgoing {
            event: "session:queue",
            payload: json!({ "position": position }),
        }),
        Aside::Typing { session, by, on } => typing(audience, session, by.as_ref(), *on),
    }
}

/// The side that types knows.
fn typing(
    audience: Audience,
    session: &SessionId,
    by: Option<&Agent>,
    on: bool,
) -> Option<Outgoing> {
    match (audience, by) {
        (Audience::Guest, Some(agent)) => Some(Outgoing {
            event: "staff:typing",
            payload: json!({
                "sessionId": session.as_str(),
                "isTyping": on,
                "agentName": agent.name,
            }),
        }),
        (Audience::Operator, None) => Some(Outgoing {
            event: "guest:typing",
            payload: json!({ "sessionId": session.as_str(), "isTyping": on }),
        }),
        (Audience::Guest, None) | (Audience::Operator, Some(_)) => None,
    }
}
