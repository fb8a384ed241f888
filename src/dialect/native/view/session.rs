use serde_json::{Map, Value, json};

use super::{agent, object, participant, put, timestamp, writes};
use crate::{
    dialect::Audience,
    model::{Guest, Offer, Participant, Preview, Session},
};

/// A session as staff sees it. The guest gets the part that concerns it: not what it may have said
/// of itself on other devices, nor what staff has not read.
pub(in crate::dialect::native) fn session(
    audience: Audience,
    session: &Session,
    queue_position: Option<u64>,
) -> Value {
    let mut fields = object(json!({
        "sessionId": session.id.as_str(),
        "status": session.status.as_str(),
        "createdAt": timestamp(session.created_at),
        "lastActivity": timestamp(session.last_activity),
    }));
    if let Some(assigned) = &session.agent {
        put(&mut fields, "agent", agent(assigned));
    }
    if let Some(position) = queue_position {
        put(&mut fields, "queuePosition", position);
    }
    let own = writes(audience);
    let marks = [
        ("deliveredSeq", session.marks.delivered(own)),
        ("readSeq", session.marks.read(own)),
    ];
    for (name, seq) in marks.into_iter().filter(|(_, seq)| *seq > 0) {
        put(&mut fields, name, seq);
    }
    if audience == Audience::Operator {
        for_staff(&mut fields, session);
    }
    Value::Object(fields)
}

fn for_staff(fields: &mut Map<String, Value>, session: &Session) {
    put(fields, "guest", guest(&session.guest));
    put(fields, "unread", session.unread);
    if let Some(last) = &session.last_message {
        put(fields, "lastMessage", preview(last));
    }
    if let Some(offer) = &session.offer {
        put(fields, "transfer", transfer(offer));
    }
    if session.unverified {
        put(fields, "unverifiedReturn", true);
    }
    let receipts: Vec<_> = session.receipts.iter().filter_map(receipt).collect();
    if !receipts.is_empty() {
        put(fields, "receipts", receipts);
    }
}

/// Up to which of the other side's messages somebody has read; a key of another release is passed over.
fn receipt((key, seq): (&String, &u64)) -> Option<Value> {
    let by = Participant::from_key(key)?;
    Some(json!({ "by": participant(&by), "seq": seq }))
}

fn transfer(offer: &Offer) -> Value {
    json!({
        "from": agent(&offer.from),
        "to": offer.to.as_str(),
        "expiresAt": timestamp(offer.expires_at),
    })
}

fn preview(preview: &Preview) -> Value {
    json!({
        "message": preview.text,
        "direction": preview.direction.as_str(),
        "timestamp": timestamp(preview.at),
    })
}

/// Only what the guest has said of itself, and what its site has verified.
fn guest(guest: &Guest) -> Value {
    let texts = [
        ("name", &guest.name),
        ("email", &guest.email),
        ("phone", &guest.phone),
        ("page", &guest.page),
    ];
    let mut fields = Map::new();
    for (name, text) in texts {
        if let Some(text) = text {
            put(&mut fields, name, text.as_str());
        }
    }
    if let Some(identity) = &guest.identity {
        put(&mut fields, "verified", true);
        put(&mut fields, "externalId", identity.as_str());
    }
    if let Some(metadata) = &guest.metadata {
        put(&mut fields, "metadata", metadata.clone());
    }
    Value::Object(fields)
}
