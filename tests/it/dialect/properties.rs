//! Whatever JSON comes in, decoding answers; and what it understands, it has understood rightly.

use std::sync::LazyLock;

use jsonschema::Validator;
use proptest::prelude::*;
use serde_json::{Map, Value};
use switchboard::{
    dialect::{Audience, Dialect, decode, encode_reject},
    model::{Code, Command},
};

use super::{
    document::{Document, check, events},
    written::written,
};

/// A request of the table, and what the document says of it.
struct Request {
    audience: Audience,
    event: &'static str,
    schema: Validator,
    fields: Vec<String>,
}

static REQUESTS: LazyLock<Vec<Request>> = LazyLock::new(|| {
    let document = Document::new();
    let mut requests = Vec::new();
    for (audience, events) in events() {
        for event in events.asked {
            let schema = document.asked(audience, event);
            let fields = schema["properties"].as_object().expect("properties");
            requests.push(Request {
                audience,
                event,
                schema: document.closed(schema),
                fields: fields.keys().cloned().collect(),
            });
        }
    }
    requests
});

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

/// What some field or other may mean.
fn meant() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<bool>().prop_map(Value::from),
        (0_u64..300).prop_map(Value::from),
        "[a-z]{1,8}".prop_map(Value::from),
        "(text|waiting|active|ended|online|away)".prop_map(Value::from),
        "(👍|❤|❤\u{fe0f}|👋🏽|🇩🇪)".prop_map(Value::from),
        any::<u128>().prop_map(|id| uuid::Uuid::from_u128(id).to_string().into()),
        Just(serde_json::json!({"plan": "pro"})),
    ]
}

/// A request that has some of its fields right, some wrong, and some that are not its own.
fn near_request() -> impl Strategy<Value = (usize, Value)> {
    (0..REQUESTS.len()).prop_flat_map(|at| {
        let own = REQUESTS[at].fields.clone();
        let all: Vec<_> = REQUESTS.iter().flat_map(|it| it.fields.clone()).collect();
        let own = if own.is_empty() { all.clone() } else { own };
        let name = prop_oneof![9 => prop::sample::select(own), 1 => prop::sample::select(all)];
        let value = prop_oneof![19 => meant(), 1 => any_json()];
        prop::collection::vec((name, value), 0..10)
            .prop_map(move |fields| (at, Value::Object(Map::from_iter(fields))))
    })
}

fn answers(payload: Option<&Value>) -> Result<(), TestCaseError> {
    let unknown = ["guest:unknown", "", "message:read"];
    let events = REQUESTS.iter().map(|request| request.event).chain(unknown);
    for event in events {
        for audience in [Audience::Guest, Audience::Operator] {
            let its = |request: &Request| (request.audience, request.event) == (audience, event);
            match decode(Dialect::Native, audience, event, payload) {
                Ok(command) => {
                    let of = match command {
                        Command::Guest(_) => Audience::Guest,
                        Command::Staff(_) => Audience::Operator,
                        other => panic!("{other:?} is no native request"),
                    };
                    prop_assert_eq!(of, audience);
                    prop_assert!(REQUESTS.iter().any(its), "{}", event);
                }
                Err(reject) => {
                    prop_assert!(matches!(reject.code, Code::Invalid | Code::Forbidden));
                    prop_assert_eq!(&encode_reject(&reject)["ok"], &Value::from(false));
                }
            }
        }
    }
    Ok(())
}

/// A command written again is the same command, and as the document says.
fn means_what_it_says(at: usize, payload: &Value) -> Result<(), TestCaseError> {
    let request = &REQUESTS[at];
    let heard = decode(
        Dialect::Native,
        request.audience,
        request.event,
        Some(payload),
    );
    let Ok(command) = heard else { return Ok(()) };
    let (audience, event, again) = written(&command);
    prop_assert_eq!((audience, event), (request.audience, request.event));
    check(&request.schema, &again, event);
    prop_assert_eq!(
        decode(Dialect::Native, audience, event, Some(&again)),
        Ok(command)
    );
    Ok(())
}

proptest! {
    #[test]
    fn p8_decoding_answers_whatever_comes(payload in any_json()) {
        answers(Some(&payload))?;
    }

    #[test]
    fn p8_decoding_answers_fields_of_any_kind((at, payload) in near_request()) {
        answers(Some(&payload))?;
        means_what_it_says(at, &payload)?;
    }
}
