use serde_json::{Map, Value, json};

use super::{Kind, entry::colleague, object};
use crate::{
    dialect::{Audience, Outgoing},
    model::{Code, Reject, Reply},
};

/// What is said to whoever asked, as an event beside the acknowledgement.
pub(in crate::dialect) fn encode_answer(reply: &Reply) -> Vec<Outgoing> {
    match reply {
        Reply::Operators(operators) => {
            let operators = operators.iter();
            let list = operators.map(|it| Value::Object(colleague(&it.agent)));
            vec![Outgoing {
                event: "connectedOperatorsList",
                payload: list.collect(),
            }]
        }
        _ => Vec::new(),
    }
}

/// These front ends ask for no acknowledgement and listen for events, each with texts of its own.
pub(in crate::dialect) fn encode_refusal(
    kind: Kind,
    audience: Audience,
    event: &str,
    reject: &Reject,
) -> Vec<Outgoing> {
    let is_message = matches!(event, "clientMessage" | "operatorMessage");
    match reject.code {
        Code::RateLimited => limited(kind, audience, reject),
        Code::Invalid if is_message && is_of_message(reject) => {
            vec![error("Invalid message format", reject)]
        }
        _ => vec![error(&reject.message, reject)],
    }
}

/// What these front ends have that sentence for. What is wrong with anything else only its own words say.
fn is_of_message(reject: &Reject) -> bool {
    let is_its = |field| matches!(field, "payload" | "type" | "message" | "text" | "body");
    reject.field.is_none_or(is_its)
}

/// An operator of 003 listens for another name than everybody else.
fn limited(kind: Kind, audience: Audience, reject: &Reject) -> Vec<Outgoing> {
    let is_operator = audience == Audience::Operator;
    let mut told = Vec::new();
    if is_operator && kind.is_told_as_a() {
        let payload = refused("Too many messages", reject);
        told.push(Outgoing {
            event: "rateLimitExceeded",
            payload: Value::Object(payload),
        });
    }
    if !is_operator || kind.is_told_as_b() {
        told.push(error("Rate limit exceeded", reject));
    }
    told
}

fn error(message: &str, reject: &Reject) -> Outgoing {
    Outgoing {
        event: "error",
        payload: Value::Object(refused(message, reject)),
    }
}

fn refused(message: &str, reject: &Reject) -> Map<String, Value> {
    let mut fields = object(json!({ "message": message, "code": reject.code.as_str() }));
    if let Some(field) = reject.field {
        fields.insert("field".to_owned(), field.into());
    }
    if let Some(retry_after_ms) = reject.retry_after_ms {
        fields.insert("retryAfterMs".to_owned(), retry_after_ms.into());
    }
    fields
}
