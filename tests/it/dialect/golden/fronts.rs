//! The vocabularies of existing front ends: what they are told, what they ask, and that nothing is missing or of
//! another type that their own code reads.

use serde_json::{Value, json};
use switchboard::{
    dialect::{
        Audience, Dialect, Outgoing, decode, encode_answer, encode_aside, encode_entry,
        encode_notice, encode_refusal, settle, strictly, widget,
    },
    model::{Code, Reject},
};

use super::{
    super::samples::{asides, entries, notices, replies},
    BOTH, check_in, fixture_in, shown, side,
    widget::conversation,
};

const FRONTS: [(&str, Dialect); 5] = [
    ("widget", Dialect::Widget),
    ("livechat", Dialect::Livechat),
    ("operator-a", Dialect::OperatorA),
    ("operator-b", Dialect::OperatorB),
    ("operator", Dialect::Operator),
];

#[test]
fn each_front_end_is_told_in_its_own_words() {
    for (folder, dialect) in FRONTS {
        let cases = told(dialect).into_iter();
        let cases = cases.map(|(name, events)| (name, shown(events)));
        check_in(folder, "told.json", cases.collect());
    }
}

#[test]
fn each_front_end_is_understood() {
    for (folder, dialect) in FRONTS {
        let requests = fixture_in(folder, "asked.json").into_iter();
        let cases = requests.map(|(name, request)| {
            let (event, who) = name.split_once(" <- ").expect("a side");
            let who = who.split(',').next().expect("a side");
            let (_, audience) = BOTH
                .into_iter()
                .find(|(known, _)| *known == who)
                .expect("a side");
            let payload = request.get("payload");
            let spoken = settle(dialect, audience, event, payload);
            let means = match decode(spoken, audience, event, payload) {
                Ok(command) => format!("{command:?}"),
                Err(reject) => format!("{:?}: {reject}", reject.field),
            };
            let spoken = format!("{spoken:?}");
            (
                name,
                json!({ "payload": payload, "means": means, "speaks": spoken }),
            )
        });
        check_in(folder, "asked.json", cases.collect());
    }
}

/// Fields may be added, none may be taken away or become another type: `seed.json` has those that the front end's own
/// code reads, by side and event.
#[test]
fn nothing_is_missing_that_a_front_end_reads() {
    for (folder, dialect) in FRONTS
        .into_iter()
        .filter(|(folder, _)| *folder != "operator")
    {
        let read = fixture_in(folder, "seed.json");
        let mut found = std::collections::BTreeSet::new();
        for (name, events) in told(dialect) {
            let who = name.rsplit(" -> ").next().expect("a side").to_owned();
            for Outgoing { event, payload } in events {
                let picture = if name.starts_with("picture") {
                    " (image)"
                } else {
                    ""
                };
                let told = format!("{event}{picture} -> {who}");
                if let Some(fields) = read.get(&told) {
                    found.insert(told);
                    assert_reads(&payload, fields, &format!("{folder}: {event}"));
                }
            }
        }
        let all: std::collections::BTreeSet<_> = read.into_keys().collect();
        assert_eq!(found, all, "{folder}: each is told in some case");
    }
}

#[test]
fn x5_every_vocabulary_takes_the_text_by_each_of_its_names() {
    let fronts = FRONTS.into_iter().map(|(_, dialect)| dialect);
    for dialect in fronts.chain([Dialect::Native]) {
        for name in ["message", "text", "body"] {
            let mut says = vec![
                (Audience::Guest, "guest:message", json!({})),
                (
                    Audience::Operator,
                    "staff:message",
                    json!({ "sessionId": "s" }),
                ),
            ];
            if dialect.joins() {
                says.push((Audience::Guest, "clientMessage", json!({})));
                says.push((Audience::Operator, "operatorMessage", json!({ "to": "s" })));
            }
            for (audience, event, mut payload) in says {
                payload[name] = json!("Hello");
                let means = decode(dialect, audience, event, Some(&payload));
                let means = format!("{:?}", means.unwrap());
                assert!(
                    means.contains("Hello"),
                    "{dialect:?} {event} {name}: {means}"
                );
            }
        }
    }
}

/// As 004 has it, in ISO and of the server.
#[test]
fn x6_every_message_has_its_time() {
    const MESSAGES: [&str; 7] = [
        "new-message",
        "new_message",
        "incomingMessage",
        "incomingOperatorMessage",
        "operatorMessage",
        "operatorMessageBroadcast",
        "operatorBroadcast",
    ];
    let mut found = std::collections::BTreeSet::new();
    for (folder, dialect) in FRONTS {
        for (name, events) in told(dialect) {
            for Outgoing { event, payload } in events {
                if MESSAGES.contains(&event) {
                    let time = payload["timestamp"].as_str().unwrap_or_default();
                    let is_iso = time.starts_with("2023-11-14T") && time.ends_with('Z');
                    assert!(is_iso, "{folder}: {event} of {name}: {payload}");
                    found.insert(event);
                }
            }
        }
    }
    assert_eq!(found.len(), MESSAGES.len());
}

/// What is added for whoever tells messages by it can be left out again, and nothing else goes with it.
#[test]
fn x4_strictly_only_what_is_added_is_left_out() {
    for (folder, dialect) in FRONTS {
        for (name, events) in told(dialect) {
            for (full, strict) in events.iter().zip(strictly(dialect, events.clone())) {
                let place = format!("{folder}: {} of {name}", full.event);
                assert_eq!(full.event, strict.event);
                assert_lacks(&full.payload, &strict.payload, dialect, &place);
            }
        }
    }
}

fn assert_lacks(full: &Value, strict: &Value, dialect: Dialect, place: &str) {
    let (Value::Object(full), Value::Object(strict)) = (full, strict) else {
        return assert_eq!(full, strict, "{place}");
    };
    let left_out = |name: &str| match dialect {
        Dialect::Native | Dialect::Operator => false,
        Dialect::Livechat | Dialect::Widget => ["seq", "clientMsgId"].contains(&name),
        _ => ["id", "seq", "clientMsgId"].contains(&name),
    };
    for (name, value) in full {
        match strict.get(name) {
            Some(kept) if name == "message" => assert_lacks(value, kept, dialect, place),
            kept => assert_eq!(kept, Some(value).filter(|_| !left_out(name)), "{place}"),
        }
    }
    assert!(strict.keys().all(|name| full.contains_key(name)), "{place}");
}

/// `fields`: the name of a type, or an object of them, or an array of one.
pub fn assert_reads(value: &Value, fields: &Value, place: &str) {
    match fields {
        Value::String(kind) => {
            let is = match value {
                Value::String(_) => "string",
                Value::Number(_) => "number",
                Value::Bool(_) => "boolean",
                Value::Null => "null",
                Value::Array(_) | Value::Object(_) => "more",
            };
            assert_eq!(is, kind, "{place}: {value}");
        }
        Value::Object(fields) => {
            for (name, kind) in fields {
                let value = value
                    .get(name)
                    .unwrap_or_else(|| panic!("{place} has no {name}: {value}"));
                assert_reads(value, kind, &format!("{place}.{name}"));
            }
        }
        Value::Array(each) => {
            let items = value
                .as_array()
                .unwrap_or_else(|| panic!("{place} is no list: {value}"));
            for item in items {
                assert_reads(item, &each[0], place);
            }
        }
        other => panic!("{place}: {other} names no type"),
    }
}

/// Everything that is told anybody, by what happened and to whom.
fn told(dialect: Dialect) -> Vec<(String, Vec<Outgoing>)> {
    let mut cases = Vec::new();
    for (_, audience) in BOTH {
        let who = side(audience);
        for (name, entry) in entries() {
            let told = match (dialect, audience) {
                (Dialect::Widget, Audience::Guest) => widget::encode_entry(&conversation(), &entry),
                _ => encode_entry(dialect, audience, &entry),
            };
            cases.push((format!("{name} -> {who}"), told));
        }
        for (name, aside) in asides() {
            let told = encode_aside(dialect, audience, &aside)
                .into_iter()
                .collect();
            cases.push((format!("beside: {name} -> {who}"), told));
        }
        for (name, reject, event) in refusals(audience) {
            let told = encode_refusal((dialect, audience), event, &reject, true);
            cases.push((format!("refused: {name} -> {who}"), told));
        }
    }
    for (name, audience, notice, token) in notices() {
        let told = encode_notice(dialect, audience, &notice, token);
        cases.push((format!("said: {name} -> {}", side(audience)), told));
    }
    for answer in replies() {
        let told = encode_answer(dialect, &answer.reply);
        let name = format!("{}, {}", answer.event, answer.case);
        cases.push((
            format!("answered: {name} -> {}", side(answer.audience)),
            told,
        ));
    }
    cases.retain(|(_, events)| !events.is_empty());
    cases
}

fn refusals(audience: Audience) -> [(&'static str, Reject, &'static str); 4] {
    let message = match audience {
        Audience::Guest => "clientMessage",
        Audience::Operator => "operatorMessage",
    };
    [
        (
            "too many",
            Reject::limited("Too many messages", 700),
            message,
        ),
        (
            "no text",
            Reject::field("message", "A message needs a text"),
            message,
        ),
        (
            "unknown",
            Reject::new(Code::NotFound, "No such session"),
            message,
        ),
        (
            "not to be asked",
            Reject::new(Code::Forbidden, "Why"),
            "join",
        ),
    ]
}
