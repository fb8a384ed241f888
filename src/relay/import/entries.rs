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
    let last = messages.last().map_or(row.created_at, |last| last.at);
    let idle = terms.now.saturating_sub(last);
    let gave_up = row.status.is_open() && terms.waiting_life_ms > 0 && idle > terms.waiting_life_ms;
    let agent = row.agent_id.clone().map(|id| Agent {
        name: row.agent_name.clone().unwrap_or_else(|| id.clone()),
        id: OperatorId::new(id),
    });
    let mut session = begin(&row, terms, at);
    if gave_up || row.status == Status::Ended {
        // From the first: of a conversation that was written half nobody waits, either.
        session.status = Status::Ended;
    }
    let mut entries = vec![entry(&session, at, Change::Started, true)];
    let mut same = Same::default();
    for (number, message) in (1..).zip(messages) {
        at = behind(at, &message);
        let id = same.id(&session, &message);
        let message = say((&session, agent.as_ref()), message, (id, number));
        session.note(&message, at);
        entries.push(entry(&session, at, Change::Message { message }, false));
    }
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

/// What all sessions said at one time is told apart, so that a list of them can go on behind any.
fn behind(at: EntryId, message: &MessageRow) -> EntryId {
    let own = EntryId {
        ms: message.at,
        seq: message.nth,
    };
    if own > at { own } else { at.next(message.at) }
}

/// What was said at the same time in a session.
#[derive(Default)]
struct Same {
    at: Millis,
    nth: usize,
}

impl Same {
    /// That of the row if it is a uuid. Else the same for the same row of the same session of the workspace, and no
    /// other's: by its own id, or by when it was said, as which of that time, and what.
    fn id(&mut self, session: &Session, row: &MessageRow) -> MessageId {
        self.nth = if self.at == row.at { self.nth + 1 } else { 0 };
        self.at = row.at;
        let Some(id) = &row.id else {
            let place = format!("{} {}", row.at, self.nth);
            return derived(session, &[&place, &row.text]);
        };
        Uuid::try_parse(id).map_or_else(|_| derived(session, &[id]), MessageId)
    }
}

/// `agent`: who has the session, and has said what names nobody.
fn say(
    (session, agent): (&Session, Option<&Agent>),
    row: MessageRow,
    (id, seq): (MessageId, u64),
) -> Message {
    let sender = match row.direction {
        Direction::In => Sender {
            kind: SenderKind::Guest,
            id: session.id.to_string(),
            name: session.guest.display_name().to_owned(),
        },
        Direction::Out => Sender {
            kind: SenderKind::Operator,
            id: row
                .sender_id
                .or_else(|| agent.map(|agent| agent.id.to_string()))
                .unwrap_or_else(|| STAFF.to_owned()),
            name: row
                .sender_name
                .or_else(|| agent.map(|agent| agent.name.clone()))
                .unwrap_or_else(|| "Staff".to_owned()),
        },
    };
    // For people who look for it: nobody's client says this, so that no new message is taken for it.
    let other = row.id.filter(|id| Uuid::try_parse(id).is_err());
    let client_id = other.map(|id| format!("import:{id}"));
    Message {
        id,
        session: session.id.clone(),
        seq,
        direction: row.direction,
        sender,
        content: Content::new(row.text, None),
        client_id,
        at: row.at,
    }
}

fn derived(session: &Session, parts: &[&str]) -> MessageId {
    let mut hash = Sha256::new();
    let place = [session.workspace.as_str(), session.id.as_str()];
    for part in place.iter().chain(parts) {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.finalize()[..16]);
    MessageId(uuid::Builder::from_custom_bytes(bytes).into_uuid())
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
