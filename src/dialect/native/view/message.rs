use serde_json::{Value, json};

use super::{object, participant, put, timestamp};
use crate::{
    dialect::{Outgoing, file},
    model::{Direction, HistoryMessage, Message},
};

/// A message as every reader sees it, live and in the history: the one place that says how.
fn message(message: &Message) -> Value {
    let mut fields = object(json!({
        "sessionId": message.session.as_str(),
        "messageId": message.id.to_string(),
        "seq": message.seq,
        "message": message.content.text(),
        "type": message.content.kind(),
        "timestamp": timestamp(message.at),
        "direction": message.direction.as_str(),
    }));
    let sender = &message.sender;
    match message.direction {
        Direction::In => put(&mut fields, "guestName", sender.name.as_str()),
        Direction::Out => {
            put(&mut fields, "agentId", sender.id.as_str());
            put(&mut fields, "agentName", sender.name.as_str());
        }
    }
    if let Some(file) = message.content.file() {
        put(&mut fields, "attachment", file::described(file));
    }
    Value::Object(fields)
}

/// As [`message`], with what was put at it since, if anything was.
pub(in crate::dialect::native) fn written(written: &HistoryMessage) -> Value {
    let mut fields = object(message(&written.message));
    if !written.reactions.is_empty() {
        let reactions = written.reactions.iter();
        let reactions: Vec<_> = reactions
            .map(|(by, emoji)| json!({ "emoji": emoji, "by": participant(by) }))
            .collect();
        put(&mut fields, "reactions", reactions);
    }
    Value::Object(fields)
}

/// The same for both sides: a guest's other tabs hear what it wrote, a supervisor hears staff.
pub(in crate::dialect::native) fn said(said: &Message) -> Outgoing {
    let event = match said.direction {
        Direction::In => "guest:message",
        Direction::Out => "staff:message",
    };
    Outgoing {
        event,
        payload: message(said),
    }
}
