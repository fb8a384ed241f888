//! The vocabulary of seeds 003 (`operator-a`) and 004 (`operator-b`): one namespace on which everybody
//! says with `join` which side it is on. What they send is the same, but for the name of a guest; what they are
//! told differs in names and shapes, and whoever has not shown which one it is, is told both with the same `id`.

mod aside;
mod decode;
mod entry;
mod reply;

pub(super) use aside::encode_aside;
pub(super) use decode::{decode, is_a};
pub(super) use entry::{encode_entry, encode_message};
pub(super) use reply::{encode_answer, encode_refusal};

use serde_json::{Map, Value, json};

use super::Audience;
use crate::model::{Message, timestamp};

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    A,
    B,
    Either,
}

impl Kind {
    fn is_told_as_a(self) -> bool {
        self != Self::B
    }

    /// Who has shown which one it is. What is told by two names at once has the address of a picture instead, which is
    /// shown in the same way.
    pub(super) fn shows_inline(self) -> bool {
        self != Self::Either
    }

    fn is_told_as_b(self) -> bool {
        self != Self::A
    }
}

/// What these front ends call an operator without a name.
pub const NAMELESS: &str = "Operador";

/// Their operators are rows with a number; others keep the text that they have.
pub(super) fn operator_id(id: &str) -> Value {
    let digits = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
    let number = id.parse::<u64>().ok();
    let number = number.filter(|it| digits && *it <= super::fields::SAFE_INTEGER);
    // A leading zero would be lost.
    let number = number.filter(|it| it.to_string() == id);
    number.map_or_else(|| Value::from(id), Value::from)
}

/// What every message carries beside what these front ends know: by it they can tell two from one.
/// Staff also reads what the sender itself called it.
fn added(audience: Audience, message: &Message) -> Map<String, Value> {
    let mut fields = object(json!({
        "id": message.id.to_string(),
        "seq": message.seq,
        "timestamp": timestamp(message.at),
    }));
    let client_id = message.client_id.as_ref();
    if let Some(client_id) = client_id.filter(|_| audience == Audience::Operator) {
        fields.insert("clientMsgId".to_owned(), client_id.as_str().into());
    }
    fields
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
    fn an_id_of_digits_is_a_number() {
        assert_eq!(operator_id("123"), json!(123));
        let most = super::super::fields::SAFE_INTEGER;
        assert_eq!(operator_id(&most.to_string()), json!(most));
        for text in ["", "ann", "1a", "007", "+1", "9007199254740993", "-1"] {
            assert_eq!(operator_id(text), json!(text));
        }
    }
}
