use serde_json::{Map, Value};

use super::{Dialect, Outgoing};

/// Without the fields that a front end's own vocabulary does not know and that are added for whoever tells messages by
/// them. Who has not shown yet which vocabulary it speaks keeps them: by them it tells what comes by two names from two.
pub fn strictly(dialect: Dialect, told: Vec<Outgoing>) -> Vec<Outgoing> {
    let added = added(dialect);
    if added.is_empty() {
        return told;
    }
    let strict = told.into_iter().map(|mut out| {
        if let Value::Object(fields) = &mut out.payload {
            without(fields, added);
            // 003 has one within the other.
            if let Some(Value::Object(message)) = fields.get_mut("message") {
                without(message, added);
            }
        }
        out
    });
    strict.collect()
}

fn added(dialect: Dialect) -> &'static [&'static str] {
    match dialect {
        Dialect::Native | Dialect::Operator => &[],
        // Their rows have an id.
        Dialect::Livechat | Dialect::Widget => &["seq", "clientMsgId"],
        Dialect::OperatorA | Dialect::OperatorB => &["id", "seq", "clientMsgId"],
    }
}

fn without(fields: &mut Map<String, Value>, added: &[&str]) {
    for name in added {
        // In the order that they had.
        fields.shift_remove(*name);
    }
}
