mod guest;
mod message;
mod operator;
mod session;
mod signal;

use serde_json::{Value, json};

use super::*;
use crate::dialect::native::vocabulary::asked_by;
use crate::model::{
    Given, GuestCommand, HistoryQuery, Proof, React, Receipt, Send, SessionQuery, StaffCommand,
    Start, Status, Upload, WorkspaceId,
};

fn decode(audience: Audience, event: &str, payload: Option<&Value>) -> Result<Command, Reject> {
    super::decode(audience, event, payload.into())
}

fn guest(event: &str, payload: Value) -> Result<GuestCommand, Reject> {
    match decode(Audience::Guest, event, Some(&payload))? {
        Command::Guest(command) => Ok(command),
        command => panic!("{command:?} of a guest"),
    }
}

fn staff(event: &str, payload: Value) -> Result<StaffCommand, Reject> {
    match decode(Audience::Operator, event, Some(&payload))? {
        Command::Staff(command) => Ok(command),
        command => panic!("{command:?} of an operator"),
    }
}

/// A text that is one byte longer than `max`.
fn long(max: usize) -> Value {
    Value::from("x".repeat(max + 1))
}

/// Every payload is refused, and for this field.
fn refused(audience: Audience, event: &str, cases: &[(Value, &str)]) {
    for (payload, field) in cases {
        let reject = decode(audience, event, Some(payload)).unwrap_err();
        assert_eq!(
            (reject.code, reject.field),
            (Code::Invalid, Some(*field)),
            "{event} {payload}"
        );
        assert!(!reject.message.is_empty());
    }
}

#[test]
fn p8_a_payload_is_an_object() {
    for payload in [json!("not an object"), json!([{}]), json!(7), json!(false)] {
        refused(
            Audience::Guest,
            "guest:message",
            &[(payload.clone(), "payload")],
        );
        refused(
            Audience::Operator,
            "staff:sessions",
            &[(payload, "payload")],
        );
    }
}

fn refusal(audience: Audience, event: &str) -> Option<Code> {
    let asked = decode(audience, event, None);
    asked.err().map(|reject| reject.code)
}

#[test]
fn the_table_names_what_is_understood() {
    for audience in [Audience::Guest, Audience::Operator] {
        let understood = readers(audience).iter().map(|(event, _)| *event);
        let named = asked_by(audience).iter().map(|asked| asked.event);
        assert!(understood.eq(named), "{audience:?}");
    }
}

#[test]
fn p6_each_side_has_its_events() {
    let (guest, operator) = (Audience::Guest, Audience::Operator);
    for (own, other) in [(guest, operator), (operator, guest)] {
        for (event, _) in readers(own) {
            let both = *event == "message:react";
            let told = refusal(other, event);
            assert_eq!(told == Some(Code::Forbidden), !both, "{event}");
            assert_ne!(refusal(own, event), Some(Code::Forbidden), "{event}");
        }
    }
}

#[test]
fn unknown_events_are_called_so() {
    let events = [
        "",
        "guest",
        "guest:START",
        "staff:message:sent",
        "message:read",
        "no:such:event",
    ];
    for event in events {
        for audience in [Audience::Guest, Audience::Operator] {
            let reject = decode(audience, event, None).unwrap_err();
            assert_eq!(
                (reject.code, reject.field, reject.message.as_str()),
                (Code::Invalid, None, "Unknown event")
            );
        }
    }
}
