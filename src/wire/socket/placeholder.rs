//! The stand-ins for binary arguments.

use serde_json::Value;

use super::packet::{Ack, Event, Kind};

/// Whether every placeholder in the packet's arguments is below `count`.
///
/// Checked when the packet is read, so that who replaces placeholders by bytes, here or in the
/// client it is relayed to, never meets one that has none.
pub(super) fn placeholders_fit(kind: &Kind, count: usize) -> bool {
    match kind {
        Kind::Event(Event { args, .. }) | Kind::Ack(Ack { args, .. }) => {
            args.iter().all(|arg| placeholder_fits(arg, count))
        }
        Kind::Connect(_) | Kind::Disconnect | Kind::ConnectError { .. } => true,
    }
}

fn placeholder_fits(value: &Value, count: usize) -> bool {
    match value {
        Value::Array(items) => items.iter().all(|item| placeholder_fits(item, count)),
        Value::Object(fields) if fields.get("_placeholder") == Some(&Value::Bool(true)) => {
            let num = fields.get("num").and_then(Value::as_u64);
            num.is_some_and(|num| num < count as u64)
        }
        Value::Object(fields) => fields.values().all(|field| placeholder_fits(field, count)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
    }
}
