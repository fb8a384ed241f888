//! The vocabulary of seed 001 (`widget`): a page that listens for `new-message` on its socket and sends by HTTP.

mod asked;
mod conversation;

pub use asked::{Known, Lead, Told, lead, message, page};
pub use conversation::Conversation;
pub(in crate::dialect) use conversation::PREFIX;

use serde_json::{Map, Value, json};

use super::{Outgoing, file};
use crate::model::{Change, Direction, Entry, Message, SenderKind, WorkspaceId, timestamp};

/// What the visitor's page is told of its conversation: messages, its own among them, which it passes over.
pub fn encode_entry(conversation: &Conversation, entry: &Entry) -> Vec<Outgoing> {
    let Change::Message { message } = &entry.change else {
        return Vec::new();
    };
    vec![Outgoing {
        event: "new-message",
        payload: live(conversation, message),
    }]
}

fn live(conversation: &Conversation, message: &Message) -> Value {
    let mut told = json!({
        "direction": message.direction.as_str(),
        "conv_id": conversation.to_string(),
        "conversation_id": conversation.visitor().to_string(),
        "text": message.content.as_text(),
        "id": message.id.to_string(),
        "seq": message.seq,
        "timestamp": timestamp(message.at),
        "sender_id": sender_id(&conversation.visitor().to_string(), message),
        "sender": side(message),
    });
    let client_id = message.client_id.as_ref();
    if let Some(client_id) = client_id.filter(|_| message.direction == Direction::In) {
        told["clientMsgId"] = client_id.as_str().into();
    }
    if let Some(file) = message.content.file() {
        told["attachment"] = file::described(file).into();
    }
    told
}

/// A message as the routes of this front end have stored it. `customer`: what the asker knows the conversation by,
/// a visitor by its own id, staff by the session.
pub fn row(workspace: &WorkspaceId, customer: &str, message: &Message) -> Map<String, Value> {
    let account = (message.sender.kind == SenderKind::Operator).then_some(&message.sender.id);
    let row = json!({
        "id": message.id.to_string(),
        "platform": "widget",
        "oa_id": workspace.as_str(),
        "sender_id": sender_id(customer, message),
        "sender_name": message.sender.name,
        "direction": message.direction.as_str(),
        "text": message.content.as_text(),
        "metadata": metadata(message),
        "is_read": message.direction == Direction::Out,
        "conversation_id": customer,
        "conv_id": conv_id(workspace, customer),
        "organization_id": workspace.as_str(),
        "account_id": account,
        "created_at": timestamp(message.at),
        "seq": message.seq,
        "sender": side(message),
    });
    match row {
        Value::Object(row) => row,
        _ => Map::new(),
    }
}

/// What comes with it: its text names that as well, for pages that only show the text.
fn metadata(message: &Message) -> Value {
    match message.content.file() {
        Some(file) => json!({ "attachment": file::described(file) }),
        None => json!({}),
    }
}

/// The id of a conversation as its visitor, or staff, has it.
pub fn conv_id(workspace: &WorkspaceId, customer: &str) -> String {
    format!("{PREFIX}{workspace}:{customer}")
}

/// Never the customer's for what staff has said.
fn sender_id(customer: &str, message: &Message) -> String {
    match message.sender.kind {
        SenderKind::Guest => format!("{PREFIX}{customer}"),
        SenderKind::Operator => message.sender.id.clone(),
    }
}

/// As the page draws it.
fn side(message: &Message) -> &'static str {
    match message.direction {
        Direction::In => "customer",
        Direction::Out => "bot",
    }
}
