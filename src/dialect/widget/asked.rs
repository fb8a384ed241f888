use serde_json::{Map, Value};

use super::Conversation;
use crate::{
    dialect::fields::{Fields, required},
    model::{HistoryQuery, Reject, Send, SocketId, Start, WorkspaceId, limits},
};

/// What a visitor begins with: who it is, if it says so, and perhaps its first message.
pub struct Lead {
    pub start: Start,
    pub send: Option<Send>,
    pub told: Told,
}

/// By what the page knows its conversation, or will.
#[derive(Default)]
pub struct Told {
    /// Of its organisation.
    pub workspace: Option<String>,
    pub conversation: Option<String>,
    pub socket: Option<SocketId>,
}

/// The conversations that a lead may be of.
pub struct Known {
    pub workspace: WorkspaceId,
    /// The one that the page has stored.
    pub stored: Option<Conversation>,
    /// The one that its socket hears, unless that has come with one that goes on.
    pub heard: Option<Conversation>,
}

impl Told {
    /// `None` if what the page has stored is the id of none.
    pub fn known(&self, page: &WorkspaceId) -> Option<Known> {
        let stored = match &self.conversation {
            Some(id) => Some(Conversation::parse(id, page)?),
            None => None,
        };
        let workspace = stored.as_ref().map_or(page, |it| &it.workspace).clone();
        let socket = self.socket.as_ref();
        let heard = socket.map(|socket| Conversation::of_socket(workspace.clone(), socket));
        Some(Known {
            workspace,
            stored,
            heard,
        })
    }
}

pub fn lead(payload: &Map<String, Value>) -> Result<Lead, Reject> {
    let payload = Value::Object(payload.clone());
    let fields = Fields::of(Some(&payload))?;
    let start = Start {
        name: fields.detail("name", limits::NAME_BYTES)?,
        email: fields.detail("email", limits::EMAIL_BYTES)?,
        phone: fields.detail("phone", limits::PHONE_BYTES)?,
        page: fields.detail("page", limits::PAGE_BYTES)?,
        metadata: fields.object("metadata", limits::METADATA_BYTES)?,
        separate: true,
        ..Start::default()
    };
    let conversation = fields.id("conv_id", limits::CONVERSATION_BYTES)?;
    let conversation = conversation.or(fields.id("conversation_id", limits::CONVERSATION_BYTES)?);
    let socket = fields.id("socket_id", limits::ID_BYTES)?;
    let client_id = fields.id("clientMessageId", limits::ID_BYTES)?;
    // A form that was left blank has none.
    let text = fields.spoken()?.filter(|text| !text.trim().is_empty());
    let send = text.map(|text| Send {
        text: text.to_owned(),
        client_id: client_id.map(str::to_owned),
        ..Send::default()
    });
    Ok(Lead {
        start,
        send,
        told: Told {
            workspace: fields.detail("org_id", limits::ID_BYTES)?,
            conversation: conversation.map(str::to_owned),
            socket: socket.map(SocketId::new),
        },
    })
}

pub fn message(payload: &Map<String, Value>) -> Result<Send, Reject> {
    let payload = Value::Object(payload.clone());
    sent(&Fields::of(Some(&payload))?)
}

pub fn page(fields: &Map<String, Value>) -> Result<HistoryQuery, Reject> {
    let fields = Value::Object(fields.clone());
    let fields = Fields::of(Some(&fields))?;
    Ok(HistoryQuery {
        before_seq: fields.count("beforeSeq")?,
        limit: fields.limit(limits::HISTORY_DEFAULT, limits::HISTORY_MAX)?,
    })
}

fn sent(fields: &Fields<'_>) -> Result<Send, Reject> {
    Ok(Send {
        text: required("text", fields.spoken()?)?.to_owned(),
        client_id: fields
            .id("clientMessageId", limits::ID_BYTES)?
            .map(str::to_owned),
        ..Send::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_socket_hears_is_where_the_stored_conversation_is() {
        let (page, shop) = (WorkspaceId::new("default"), WorkspaceId::new("shop"));
        let stored = Conversation::draw(shop.clone());
        let socket = SocketId::new("abc");
        let told = Told {
            conversation: Some(stored.to_string()),
            socket: Some(socket.clone()),
            ..Told::default()
        };
        let known = told.known(&page).unwrap();
        let heard = Conversation::of_socket(shop.clone(), &socket);
        assert_eq!(known.workspace, shop);
        assert_eq!((known.stored, known.heard), (Some(stored), Some(heard)));
        let none = Told {
            conversation: Some("5".into()),
            ..told
        };
        assert!(none.known(&page).is_none());
    }
}
