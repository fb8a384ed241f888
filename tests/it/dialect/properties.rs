//! Whatever JSON comes in, decoding answers.

use proptest::prelude::*;
use serde_json::{Map, Value};
use switchboard::{
    dialect::{Audience, Dialect, decode, encode_reject},
    model::{Code, Command},
};

const GUEST: [&str; 4] = ["guest:start", "guest:message", "guest:history", "guest:end"];
const STAFF: [&str; 5] = [
    "staff:connect_to_session",
    "staff:message",
    "staff:sessions",
    "staff:history",
    "staff:end_session",
];

/// Every name that some decoder reads, and the one that none must.
const FIELDS: [&str; 18] = [
    "workspace",
    "name",
    "email",
    "phone",
    "page",
    "metadata",
    "token",
    "message",
    "type",
    "clientMessageId",
    "sessionId",
    "beforeSeq",
    "limit",
    "status",
    "mine",
    "search",
    "cursor",
    "resume",
];

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "(text|image|waiting|\0|x{300})".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::hash_map(any::<String>(), inner, 0..6)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// An object whose fields have the right names, and now and then a value that is meant.
fn near_payload() -> impl Strategy<Value = Value> {
    let value = prop_oneof![any_json(), Just(Value::from("s")), Just(Value::from(5))];
    prop::collection::vec((prop::sample::select(&FIELDS[..]), value), 0..8).prop_map(|fields| {
        let fields: Map<_, _> = fields
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
        Value::Object(fields)
    })
}

fn answers(payload: Option<&Value>) -> Result<(), TestCaseError> {
    for event in GUEST.into_iter().chain(STAFF).chain(["guest:unknown", ""]) {
        for audience in [Audience::Guest, Audience::Operator] {
            match decode(Dialect::Native, audience, event, payload) {
                Ok(Command::Guest(_)) => prop_assert!(GUEST.contains(&event)),
                Ok(Command::Staff(_)) => prop_assert!(STAFF.contains(&event)),
                Err(reject) => {
                    prop_assert!(matches!(reject.code, Code::Invalid | Code::Forbidden));
                    prop_assert_eq!(&encode_reject(&reject)["ok"], &Value::from(false));
                }
            }
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn p8_decoding_answers_whatever_comes(payload in any_json()) {
        answers(Some(&payload))?;
    }

    #[test]
    fn p8_decoding_answers_fields_of_any_kind(payload in near_payload()) {
        answers(Some(&payload))?;
    }
}
