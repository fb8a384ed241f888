//! The vocabulary of seed 002 (`livechat`): an inbox that joins rooms, of one contact or of a workspace, and is told
//! rows of a table. A room is what its socket asks to be told of; who may ask is decided elsewhere.

use serde_json::{Value, json};

use super::{
    Outgoing,
    fields::{Fields, Payload, required},
    file,
};
use crate::model::{
    Change, Command, Direction, Entry, Message, Reject, Watch, WorkspaceId, limits, timestamp,
};

const JOIN_CONTACT: &str = "join_contact";
const JOIN_WORKSPACE: &str = "join_workspace";

/// `None` for an event that is none of this front end's.
pub(super) fn decode(event: &str, payload: Payload<'_>) -> Option<Result<Command, Reject>> {
    let read: fn(&Fields<'_>) -> Result<Watch, Reject> = match event {
        JOIN_CONTACT => contact,
        JOIN_WORKSPACE => workspace,
        _ => return None,
    };
    let watch = Fields::of(payload).and_then(|fields| read(&fields));
    Some(watch.map(Command::Watch))
}

/// Nobody else sends these.
pub(super) fn is_shown_by(event: &str) -> bool {
    matches!(event, JOIN_CONTACT | JOIN_WORKSPACE)
}

/// Once, though the socket may be in both rooms.
pub(super) fn encode_entry(entry: &Entry) -> Vec<Outgoing> {
    match &entry.change {
        Change::Message { message } => vec![encode_message(&entry.workspace, message)],
        _ => Vec::new(),
    }
}

pub(super) fn encode_message(workspace: &WorkspaceId, message: &Message) -> Outgoing {
    Outgoing {
        event: "new_message",
        payload: row(workspace, message),
    }
}

fn contact(fields: &Fields<'_>) -> Result<Watch, Reject> {
    let alias = fields.alias("contactId")?;
    Ok(Watch::Contact(required("contactId", alias)?))
}

fn workspace(fields: &Fields<'_>) -> Result<Watch, Reject> {
    let id = fields.id("workspaceId", limits::ID_BYTES)?;
    let id = required("workspaceId", id)?;
    Ok(Watch::Workspace(WorkspaceId::new(id)))
}

/// `is_read` is as the row is stored: what staff says needs no reader.
fn row(workspace: &WorkspaceId, message: &Message) -> Value {
    let (direction, status) = match message.direction {
        Direction::In => ("inbound", "received"),
        Direction::Out => ("outbound", "sent"),
    };
    let mut row = json!({
        "id": message.id.to_string(),
        "contact_id": message.session.as_str(),
        "workspace_id": workspace.as_str(),
        "sender": message.sender.name,
        "sender_id": message.sender.id,
        "body": message.content.as_text(),
        "is_read": message.direction == Direction::Out,
        "direction": direction,
        "status": status,
        "twilio_sid": Value::Null,
        "msg_type": message.content.kind(),
        "created_at": timestamp(message.at),
        "seq": message.seq,
        "timestamp": timestamp(message.at),
    });
    // What staff calls its own is not for a guest who reads along.
    let client_id = message.client_id.as_ref();
    if let Some(client_id) = client_id.filter(|_| message.direction == Direction::In) {
        row["clientMsgId"] = client_id.as_str().into();
    }
    if let Some(file) = message.content.file() {
        row["attachment"] = file::described(file).into();
    }
    row
}
