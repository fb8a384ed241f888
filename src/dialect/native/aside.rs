use serde_json::json;

use crate::{
    dialect::{Audience, Outgoing},
    model::Aside,
};

/// Its payload is an object: a string at the end of an event would be taken for an offset.
pub(in crate::dialect) fn encode_aside(audience: Audience, aside: &Aside) -> Option<Outgoing> {
    match (audience, aside) {
        (Audience::Guest, Aside::Queue { position }) => Some(Outgoing {
            event: "session:queue",
            payload: json!({ "position": position }),
        }),
        (Audience::Operator, Aside::Queue { .. }) => None,
        (_, Aside::Typing { .. }) => None,
    }
}
