use serde_json::{Map, Value, json};

use crate::{
    dialect::operator::{object, operator_id},
    model::{Attachment, Content, Direction, Message, Millis, SenderKind, Session, timestamp},
};

/// What is known of a message beside what was said.
#[derive(Clone, Copy, Debug)]
pub struct Known {
    /// The conversation's number.
    pub client: u64,
    /// The message's.
    pub num: u64,
    pub is_read: bool,
    pub read_at: Option<Millis>,
}

/// `ChatMessage` of the seed, with its `operator` beside it, and by which ids its events have called it.
pub fn message(message: &Message, known: Known) -> Map<String, Value> {
    let said_by = match message.sender.kind {
        SenderKind::Operator => Some(operator_id(&message.sender.id)),
        SenderKind::Guest => None,
    };
    let operator = said_by
        .as_ref()
        .map(|id| json!({ "id": id, "name": message.sender.name }));
    let picture = message.content.file().filter(|file| file.is_picture());
    let read_at = known.read_at.filter(|_| known.is_read);
    object(json!({
        "id": known.num,
        "clientId": known.client,
        "clientSocketId": message.session.as_str(),
        "senderType": side(message.direction),
        "operatorId": said_by,
        "messageType": kind(message.content.file()),
        "text": text(&message.content),
        "imageUrl": picture.and_then(|it| it.links.as_ref()).map(|links| &links.url),
        "imageName": picture.map(|it| &it.name),
        "mimeType": picture.map(|it| &it.mime),
        "sessionId": message.session.as_str(),
        "isRead": known.is_read,
        "readAt": read_at.map(timestamp),
        "createdAt": timestamp(message.at),
        // That it is read is all that changes of a message.
        "updatedAt": timestamp(read_at.unwrap_or(message.at)),
        "operator": operator,
        "senderName": message.sender.name,
        "messageId": message.id.to_string(),
        "clientMsgId": message.client_id,
        "seq": message.seq,
    }))
}

/// A conversation in the list of chats.
pub fn recent(session: &Session, number: u64) -> Value {
    let last = session.last_message.as_ref().map(|last| {
        json!({
            "text": last.text,
            "senderType": side(last.direction),
            "messageType": "TEXT",
            "createdAt": timestamp(last.at),
        })
    });
    json!({
        "client": {
            "id": number,
            "username": session.guest.display_name(),
            "phone": session.guest.phone,
            "status": session.status.as_str(),
            "clientSocketId": session.id.as_str(),
        },
        "lastMessage": last,
        "unreadCount": session.unread,
    })
}

/// Of other files these front ends read the name and the address.
fn kind(file: Option<&Attachment>) -> &'static str {
    match file {
        Some(file) if file.is_picture() => "IMAGE",
        _ => "TEXT",
    }
}

fn text(content: &Content) -> Option<String> {
    match content {
        Content::Image { text, .. } => Some(text.clone()).filter(|text| !text.is_empty()),
        content => Some(content.as_text()),
    }
}

fn side(direction: Direction) -> &'static str {
    match direction {
        Direction::In => "CLIENT",
        Direction::Out => "OPERATOR",
    }
}
