use serde_json::{Map, Value, json};

use super::{Kind, added, object, operator_id};
use crate::{
    dialect::{Audience, Outgoing, file},
    model::{Agent, Attachment, Change, Content, Direction, Entry, Message, SessionId},
};

pub(in crate::dialect) fn encode_entry(
    kind: Kind,
    audience: Audience,
    entry: &Entry,
) -> Vec<Outgoing> {
    match (audience, &entry.change) {
        (_, Change::Message { message }) => encode_message(kind, audience, message),
        (Audience::Operator, change) => changed(kind, entry, change).into_iter().collect(),
        // These front ends know no other words for a guest.
        (Audience::Guest, _) => Vec::new(),
    }
}

pub(in crate::dialect) fn encode_message(
    kind: Kind,
    audience: Audience,
    message: &Message,
) -> Vec<Outgoing> {
    match audience {
        Audience::Guest => for_guest(kind, message),
        Audience::Operator => for_operators(kind, message),
    }
}

/// What a guest wrote itself it shows already; there is no word to tell its other tabs by.
fn for_guest(kind: Kind, message: &Message) -> Vec<Outgoing> {
    if message.direction == Direction::In {
        return Vec::new();
    }
    let sender = &message.sender;
    let mut told = Vec::new();
    if kind.is_told_as_a() {
        let mut fields = object(json!({ "from": sender.id }));
        fields.append(&mut said(kind, message));
        fields.insert("operatorName".to_owned(), sender.name.as_str().into());
        told.push(message_of(
            (Audience::Guest, "incomingOperatorMessage"),
            message,
            fields,
        ));
    }
    if kind.is_told_as_b() {
        let mut fields = said(kind, message);
        fields.insert("operatorName".to_owned(), sender.name.as_str().into());
        told.push(message_of(
            (Audience::Guest, "operatorMessage"),
            message,
            fields,
        ));
    }
    told
}

fn for_operators(kind: Kind, message: &Message) -> Vec<Outgoing> {
    match message.direction {
        Direction::In => {
            let mut fields = object(json!({ "from": message.session.as_str() }));
            fields.append(&mut said(kind, message));
            let name = message.sender.name.as_str();
            fields.insert("username".to_owned(), name.into());
            vec![message_of(
                (Audience::Operator, "incomingMessage"),
                message,
                fields,
            )]
        }
        Direction::Out => supervised(kind, message),
    }
}

/// What a colleague has said to a guest.
fn supervised(kind: Kind, message: &Message) -> Vec<Outgoing> {
    let session = message.session.as_str();
    let (id, name) = (operator_id(&message.sender.id), &message.sender.name);
    let mut told = Vec::new();
    if kind.is_told_as_a() {
        let mut inner = object(json!({
            "from": "operator",
            "text": text(message),
            "operatorId": id,
            "operatorName": name,
        }));
        if let Content::Image { file, .. } = &message.content {
            inner.append(&mut pictured(kind, file));
        }
        inner.append(&mut added(Audience::Operator, message));
        let fields = object(json!({
            "clientId": session,
            "message": inner,
            "operatorId": id,
            "operatorName": name,
        }));
        told.push(message_of(
            (Audience::Operator, "operatorMessageBroadcast"),
            message,
            fields,
        ));
    }
    if kind.is_told_as_b() {
        let mut fields = object(json!({
            "clientId": session,
            "operatorId": id,
            "operatorName": name,
        }));
        fields.append(&mut said(kind, message));
        told.push(message_of(
            (Audience::Operator, "operatorBroadcast"),
            message,
            fields,
        ));
    }
    told
}

/// What was said, as both name it. Of other files than pictures they are told in words.
fn said(kind: Kind, message: &Message) -> Map<String, Value> {
    let Content::Image { text, file } = &message.content else {
        return object(json!({ "type": "text", "message": text(message) }));
    };
    let mut fields = object(json!({ "type": "image" }));
    fields.append(&mut pictured(kind, file));
    if !text.is_empty() {
        fields.insert("message".to_owned(), text.as_str().into());
    }
    fields
}

/// What was said beside a picture; instead of any other file, where it is.
fn text(message: &Message) -> String {
    match &message.content {
        Content::Image { text, .. } => text.clone(),
        content => content.as_text(),
    }
}

fn pictured(kind: Kind, picture: &Attachment) -> Map<String, Value> {
    let mut fields = object(json!({ "image": file::image(picture, kind.shows_inline()) }));
    fields.append(&mut file::described(picture));
    if let Some(url) = fields.shift_remove("url") {
        fields.insert("imageUrl".to_owned(), url);
    }
    fields
}

fn message_of(
    (audience, event): (Audience, &'static str),
    message: &Message,
    mut fields: Map<String, Value>,
) -> Outgoing {
    fields.append(&mut added(audience, message));
    let payload = Value::Object(fields);
    Outgoing { event, payload }
}

fn changed(kind: Kind, entry: &Entry, change: &Change) -> Option<Outgoing> {
    let (event, fields) = match change {
        Change::Started => ("newChat", new_chat(entry)?),
        Change::Ended => ("chatEnded", client(entry.session.as_ref()?)),
        // To 004 a guest that is gone says nothing. Whoever has not shown to be of 003 is told as 004 is: a chat
        // that it believes to be over it would not open again.
        Change::GuestLeft if kind == Kind::A => ("chatEnded", client(entry.session.as_ref()?)),
        Change::OperatorOnline { agent } => ("operatorConnected", colleague(agent)),
        Change::OperatorOffline { agent } => ("operatorDisconnected", colleague(agent)),
        _ => return None,
    };
    let payload = Value::Object(fields);
    Some(Outgoing { event, payload })
}

fn new_chat(entry: &Entry) -> Option<Map<String, Value>> {
    let session = entry.after.as_deref()?;
    let mut fields = client(&session.id);
    let name = session.guest.display_name();
    fields.insert("username".to_owned(), name.into());
    Some(fields)
}

fn client(session: &SessionId) -> Map<String, Value> {
    object(json!({ "clientId": session.as_str() }))
}

pub(super) fn colleague(agent: &Agent) -> Map<String, Value> {
    object(json!({ "operatorId": operator_id(agent.id.as_str()), "name": agent.name }))
}
