//! What clients ask, by side: a file per group of events, each event with a decoder of its own.

mod guest;
mod identity;
mod message;
mod operator;
mod session;
mod signal;

use crate::{
    dialect::{
        Audience,
        fields::{Fields, Payload, required},
    },
    model::{Code, Command, Reject, SessionId, limits},
};

pub(in crate::dialect::native) use operator::CURSOR_BYTES;

pub(in crate::dialect) fn decode(
    audience: Audience,
    event: &str,
    payload: Payload<'_>,
) -> Result<Command, Reject> {
    let other = match audience {
        Audience::Guest => Audience::Operator,
        Audience::Operator => Audience::Guest,
    };
    match reader(audience, event) {
        Some(read) => read(&Fields::of(payload)?),
        None if reader(other, event).is_some() => {
            Err(Reject::new(Code::Forbidden, "This is not for you to ask"))
        }
        None => Err(Reject::new(Code::Invalid, "Unknown event")),
    }
}

pub(in crate::dialect) fn is_query(event: &str) -> bool {
    matches!(event, "guest:history" | "staff:history" | "staff:sessions")
}

type Read = fn(&Fields<'_>) -> Result<Command, Reject>;

/// Every event that a client of this side may send.
fn readers(audience: Audience) -> &'static [(&'static str, Read)] {
    match audience {
        Audience::Guest => GUEST,
        Audience::Operator => OPERATOR,
    }
}

fn reader(audience: Audience, event: &str) -> Option<Read> {
    let mut readers = readers(audience).iter();
    readers
        .find(|(known, _)| *known == event)
        .map(|(_, read)| *read)
}

const GUEST: &[(&str, Read)] = &[
    ("guest:start", guest::start),
    ("guest:message", message::of_guest),
    ("guest:history", message::guest_history),
    ("guest:typing", signal::guest_typing),
    ("guest:delivered", signal::guest_delivered),
    ("guest:read", signal::guest_read),
    ("message:react", signal::guest_react),
    ("guest:end", guest::end),
];

const OPERATOR: &[(&str, Read)] = &[
    ("staff:sessions", operator::sessions),
    ("staff:operators", operator::operators),
    ("staff:status", operator::status),
    ("staff:connect_to_session", session::connect),
    ("staff:disconnect_from_session", session::leave),
    ("staff:transfer", session::transfer),
    ("staff:transfer_answer", session::answer),
    ("staff:end_session", session::end),
    ("staff:message", message::of_operator),
    ("staff:history", message::operator_history),
    ("staff:typing", signal::operator_typing),
    ("staff:delivered", signal::operator_delivered),
    ("staff:read", signal::operator_read),
    ("message:react", signal::operator_react),
];

fn session_id(fields: &Fields<'_>) -> Result<SessionId, Reject> {
    let id = fields.id("sessionId", limits::ID_BYTES)?;
    Ok(SessionId::new(required("sessionId", id)?))
}

#[cfg(test)]
mod tests;
