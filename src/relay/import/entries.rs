//! The entries that a conversation would have had here.

use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::source::{Conversation, MessageRow, SessionRow};
use crate::model::{
    Agent, Change, Content, Direction, Entry, EntryId, FORMAT, Guest, Message, MessageId, Millis,
    OperatorId, Prev, Sender, SenderKind, Session, SessionId, Status, WorkspaceId,
};

/// Who has said what nobody is named for.
const STAFF: &str = "staff";

/// What came of a conversation.
pub struct Made {
    pub entries: Vec<Arc<Entry>>,
    pub status: Status,
    /// It was open, without a word for too long.
    pub gave_up: bool,
}

/// Whose workspace, when it is, and after how long without a word an open session is over (0: never).
pub struct Terms {
    pub workspace: WorkspaceId,
    pub now: Millis,
    pub waiting_life_ms: Millis,
}

/// Times and order are those of the rows: what was said at the same time is told apart by the second number of its
/// entry. Each has an id of its own that the same row gets again, so that an import may be repeated.
pub fn entries(conversation: Conversation, terms: &Terms) -> Made {
    let Conversation {
        session: row,
        messages,
        ..
    } = conversation;
    let begun = messages.first().map_or(row.created_at, |first| first.at);
    let mut at = EntryId {
        ms: row.created_at.min(begun),
        seq: row.nth,
    };
    let mut session = begin(&row, terms, at);
    let mut entries = vec![entry(&session, at, Change::Started, true)];
    for (number, message) in (1..).zip(messages) {
        at = at.next(message.at);
        let message = say(&session, message, number);
        session.note(&message, at);
        entries.push(entry(&session, at, Change::Message { message }, false));
    }
    let idle = terms.now.saturating_sub(session.last_activity);
    let gave_up = row.status.is_open() && terms.waiting_life_ms > 0 && idle > terms.waiting_life_ms;
    let agent = row.agent_id.map(|id| Agent {
        name: row.agent_name.unwrap_or_else(|| id.clone()),
        id: OperatorId::new(id),
    });
    let change = match (row.status, &agent) {
        _ if gave_up => Some((Status::Ended, Change::Ended)),
        (Status::Ended, _) => Some((Status::Ended, Change::Ended)),
        (Status::Active, Some(agent)) => {
            let (agent, before) = (agent.clone(), None);
            Some((Status::Active, Change::Assigned { agent, before }))
        }
        // Nobody knows who has it.
        (Status::Active, None) | (Status::Waiting, _) => None,
    };
    if let Some((status, change)) = change {
        at = at.next(at.ms);
        (session.status, session.agent, session.last_entry) = (status, agent, at);
        session.version += 1;
        entries.push(entry(&session, at, change, true));
    }
    Made {
        entries,
        status: session.status,
        gave_up,
    }
}

fn begin(row: &SessionRow, terms: &Terms, at: EntryId) -> Session {
    let guest = Guest {
        name: row.name.clone(),
        email: row.email.clone(),
        phone: row.phone.clone(),
        ..Guest::default()
    };
    let id = SessionId::new(&row.id);
    Session {
        last_entry: at,
        queued: at,
        ..Session::new(id, terms.workspace.clone(), guest, row.created_at)
    }
}

fn say(session: &Session, row: MessageRow, seq: u64) -> Message {
    let sender = match row.direction {
        Direction::In => Sender {
            kind: SenderKind::Guest,
            id: session.id.to_string(),
            name: session.guest.display_name().to_owned(),
        },
        Direction::Out => Sender {
            kind: SenderKind::Operator,
            id: row.sender_id.unwrap_or_else(|| STAFF.to_owned()),
            name: row.sender_name.unwrap_or_else(|| "Staff".to_owned()),
        },
    };
    let (id, client_id) = match Uuid::try_parse(&row.id) {
        Ok(id) => (id, None),
        // It goes on as the id that its sender gave.
        Err(_) => (derived(session, &row.id), Some(row.id)),
    };
    Message {
        id: MessageId(id),
        session: session.id.clone(),
        seq,
        direction: row.direction,
        sender,
        content: Content::new(row.text, None),
        client_id,
        at: row.at,
    }
}

/// The same for the same row, and no other's.
fn derived(session: &Session, id: &str) -> Uuid {
    let mut hash = Sha256::new();
    for part in [session.workspace.as_str(), session.id.as_str(), id] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.finalize()[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

fn entry(session: &Session, id: EntryId, change: Change, whole: bool) -> Arc<Entry> {
    Arc::new(Entry {
        v: FORMAT,
        id,
        workspace: session.workspace.clone(),
        session: Some(session.id.clone()),
        prev: Prev::default(),
        origin: None,
        to: None,
        change,
        after: whole.then(|| Box::new(session.clone())),
    })
}
