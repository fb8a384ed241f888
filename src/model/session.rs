use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Change, Direction, EntryId, Message, Millis, OperatorId, SessionId, WorkspaceId};

/// One conversation of a guest, as the hub holds it and the history keeps it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Session {
    pub id: SessionId,
    pub workspace: WorkspaceId,
    pub status: Status,
    /// Grows with every change of status or agent, and only then: a claim does not conflict with
    /// a busy chat.
    pub version: u64,
    pub guest: Guest,
    pub agent: Option<Agent>,
    pub created_at: Millis,
    pub last_activity: Millis,
    /// Number of the newest message; 0 before the first.
    pub last_seq: u64,
    /// The newest entry that changed this session; the history keeps the newest of two rows by it.
    pub last_entry: EntryId,
    pub last_message: Option<Preview>,
    /// Guest messages after the newest that staff has read or answered.
    pub unread: u64,
    /// The entry that first put it into the waiting queue: its place there, also when it comes back.
    pub queued: EntryId,
    /// To hand it over to a colleague, who has not answered yet.
    pub offer: Option<Offer>,
    pub marks: Marks,
    /// Up to which message each participant has read, by [`super::Participant::key`].
    pub receipts: BTreeMap<String, u64>,
    /// The newest message when the guest's last connection was gone; what is newer waits for it.
    pub left: u64,
    /// Its guest came back by name and e-mail address alone: it may be somebody else.
    pub unverified: bool,
}

impl Session {
    /// One that waits, and in which nothing has happened yet.
    pub fn new(id: SessionId, workspace: WorkspaceId, guest: Guest, now: Millis) -> Self {
        Self {
            id,
            workspace,
            status: Status::Waiting,
            version: 0,
            guest,
            agent: None,
            created_at: now,
            last_activity: now,
            last_seq: 0,
            last_entry: EntryId::ZERO,
            last_message: None,
            unread: 0,
            queued: EntryId::ZERO,
            offer: None,
            marks: Marks::default(),
            receipts: BTreeMap::new(),
            left: 0,
            unverified: false,
        }
    }

    /// What a change other than a message does to its session, beside the fields it sets.
    pub fn note_change(&mut self, change: &Change, entry: EntryId) {
        self.last_entry = entry;
        if change.is_activity() {
            self.last_activity = entry.ms;
        }
    }

    /// What a message does to its session: the one place that says so, for hub and history.
    pub fn note(&mut self, message: &Message, entry: EntryId) {
        self.last_seq = self.last_seq.max(message.seq);
        self.last_activity = message.at;
        self.last_entry = entry;
        self.last_message = Some(Preview {
            text: message.content.preview(),
            direction: message.direction,
            at: message.at,
        });
        self.unread = match message.direction {
            Direction::In => self.unread.saturating_add(1),
            Direction::Out => 0,
        };
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Waiting,
    Active,
    Ended,
}

impl Status {
    pub fn is_open(self) -> bool {
        self != Self::Ended
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Active => "active",
            Self::Ended => "ended",
        }
    }
}

/// What the visitor said of itself: shown to staff, and but for the last no proof of who it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Guest {
    pub name: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub page: Option<String>,
    pub metadata: Option<Value>,
    /// By which the site knows it, as the site's own backend has signed: not what the visitor says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<String>,
}

impl Guest {
    /// What staff reads where a guest gave no name.
    pub fn display_name(&self) -> &str {
        self.name.as_deref().unwrap_or("Guest")
    }
}

/// The operator that a session is assigned to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agent {
    pub id: OperatorId,
    pub name: String,
}

/// A session that its operator wants to hand over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    pub from: Agent,
    pub to: OperatorId,
    pub expires_at: Millis,
}

/// How far each side's messages have come: all of them up to a number. `in` are the guest's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marks {
    pub delivered_in: u64,
    pub delivered_out: u64,
    pub read_in: u64,
    pub read_out: u64,
}

impl Marks {
    /// Read implies delivered.
    pub fn delivered(&self, direction: Direction) -> u64 {
        match direction {
            Direction::In => self.delivered_in.max(self.read_in),
            Direction::Out => self.delivered_out.max(self.read_out),
        }
    }

    pub fn read(&self, direction: Direction) -> u64 {
        match direction {
            Direction::In => self.read_in,
            Direction::Out => self.read_out,
        }
    }
}

/// The newest message, cut to [`super::limits::PREVIEW_CHARS`] for lists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preview {
    pub text: String,
    pub direction: Direction,
    pub at: Millis,
}
