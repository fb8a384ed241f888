//! What the events have in common: messages, sessions, times.

mod message;
mod session;

use serde_json::{Map, Value, json};
use time::{OffsetDateTime, format_description::BorrowedFormatItem, macros::format_description};

use crate::{
    dialect::{Audience, Outgoing},
    model::{Agent, Direction, Millis, Participant, SessionId},
};

pub(super) use message::{said, written};
pub(super) use session::session;

const ISO: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");

/// ISO 8601 in UTC with milliseconds. A time beyond the year 9999 is shown as the epoch.
pub(super) fn timestamp(at: Millis) -> String {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(at) * 1_000_000)
        .unwrap_or(OffsetDateTime::UNIX_EPOCH)
        .format(ISO)
        .unwrap_or_default()
}

/// How far the reader's own messages have come.
pub(super) fn status(session: &SessionId, seq: u64, status: &str) -> Outgoing {
    Outgoing {
        event: "message:status",
        payload: json!({ "sessionId": session.as_str(), "seq": seq, "status": status }),
    }
}

/// Which way the messages of this side go.
pub(super) fn writes(audience: Audience) -> Direction {
    match audience {
        Audience::Guest => Direction::In,
        Audience::Operator => Direction::Out,
    }
}

pub(super) fn operator(operator: &Agent, away: bool) -> Value {
    let mut fields = object(agent(operator));
    put(&mut fields, "status", if away { "away" } else { "online" });
    Value::Object(fields)
}

/// `guest`, or the id of an operator.
pub(super) fn participant(participant: &Participant) -> &str {
    match participant {
        Participant::Guest => "guest",
        Participant::Operator(id) => id.as_str(),
    }
}

pub(super) fn agent(agent: &Agent) -> Value {
    json!({ "agentId": agent.id.as_str(), "agentName": agent.name })
}

pub(super) fn put(fields: &mut Map<String, Value>, name: &str, value: impl Into<Value>) {
    fields.insert(name.to_owned(), value.into());
}

/// The fields of an object literal.
pub(super) fn object(literal: Value) -> Map<String, Value> {
    match literal {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_utc_with_milliseconds() {
        let cases = [
            (0, "1970-01-01T00:00:00.000Z"),
            (1_700_000_000_007, "2023-11-14T22:13:20.007Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (u64::MAX, "1970-01-01T00:00:00.000Z"),
        ];
        for (at, expected) in cases {
            assert_eq!(timestamp(at), expected);
        }
    }
}
