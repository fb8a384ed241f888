//! The AsyncAPI document, held against the code that it tells of.

mod golden;
mod official;
mod readme;
mod requests;
mod served;

use jsonschema::{Draft, Validator};
use serde_json::{Map, Value, json};
use switchboard::dialect::{Audience, Events, asyncapi, native_events};

use super::golden::BOTH;

pub struct Document(Value);

impl Document {
    pub fn new() -> Self {
        Self(asyncapi("1.2.3"))
    }

    /// The schema of what a client of this side sends.
    pub fn asked(&self, audience: Audience, event: &str) -> &Value {
        self.payload(audience, "ask", event)
    }

    pub fn ack(&self, audience: Audience, event: &str) -> &Value {
        self.payload(audience, "ack", event)
    }

    /// The schema of what this side is told.
    pub fn told(&self, audience: Audience, event: &str) -> &Value {
        self.payload(audience, "tell", event)
    }

    fn payload(&self, audience: Audience, kind: &str, event: &str) -> &Value {
        let channel = match audience {
            Audience::Guest => "guests",
            Audience::Operator => "operators",
        };
        let key = format!("{kind}.{}", event.replace(':', "_"));
        let message = &self.0["channels"][channel]["messages"][&key];
        assert_eq!(message["name"], event, "{channel} {key}");
        &message["payload"]
    }

    /// As clients read it.
    pub fn open(&self, schema: &Value) -> Validator {
        self.validator(schema, &self.0["components"])
    }

    /// Refuses what the document does not tell of.
    pub fn closed(&self, schema: &Value) -> Validator {
        self.validator(&closed(schema), &closed(&self.0["components"]))
    }

    fn validator(&self, schema: &Value, components: &Value) -> Validator {
        let mut root = schema.clone();
        root["components"] = components.clone();
        // A later draft than that of AsyncAPI, which knows the format of a UUID as well.
        jsonschema::options()
            .with_draft(Draft::Draft202012)
            .should_validate_formats(true)
            .build(&root)
            .expect("a schema")
    }
}

/// With nothing beside the fields that are named.
fn closed(schema: &Value) -> Value {
    match schema {
        Value::Object(fields) => {
            let mut fields: Map<_, _> = fields
                .iter()
                .map(|(name, value)| (name.clone(), closed(value)))
                .collect();
            if fields.contains_key("properties") && fields["type"] == "object" {
                fields.insert("additionalProperties".into(), json!(false));
            }
            Value::Object(fields)
        }
        Value::Array(items) => items.iter().map(closed).collect(),
        other => other.clone(),
    }
}

pub fn check(validator: &Validator, value: &Value, what: &str) {
    let errors: Vec<_> = validator
        .iter_errors(value)
        .map(|error| format!("{} at {}", error, error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{what}: {errors:#?} in {value:#}");
}

/// All of both sides.
pub fn events() -> Vec<(Audience, Events)> {
    let sides = BOTH.map(|(_, audience)| (audience, native_events(audience)));
    sides.into()
}

#[test]
fn the_check_finds_what_is_not_told() {
    let document = Document::new();
    let queue = document.closed(document.told(Audience::Guest, "session:queue"));
    assert!(queue.is_valid(&json!({"position": 1})));
    assert!(!queue.is_valid(&json!({"position": 1, "of": 2})));
    assert!(!queue.is_valid(&json!({"position": 0})));
    let ended = document.closed(document.told(Audience::Guest, "session:ended"));
    let session = json!({"sessionId": "s", "status": "ended",
        "createdAt": "2023-11-14T22:13:20.000Z", "lastActivity": "2023-11-14T22:13:20.000Z"});
    assert!(ended.is_valid(&json!({"session": session})));
    let mut unread = session.clone();
    unread["unread"] = json!(1);
    assert!(!ended.is_valid(&json!({"session": unread})));
    let mut undated = session;
    undated["createdAt"] = json!("yesterday");
    assert!(!ended.is_valid(&json!({"session": undated})));
}

#[test]
fn every_event_is_an_operation() {
    let document = Document::new();
    let mut expected = 0;
    for (audience, events) in events() {
        expected += 1 + events.asked.len() + events.told.len();
        for event in events.asked {
            document.asked(audience, event);
            document.ack(audience, event);
        }
        for event in events.told {
            document.told(audience, event);
        }
    }
    let operations = document.0["operations"].as_object().expect("operations");
    assert_eq!(operations.len(), expected);
    assert_eq!(document.0["info"]["version"], "1.2.3");
}
