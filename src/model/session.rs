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
    /// Guest messages since staff last wrote or took the session.
    pub unread: u64,
}

impl Session {
    /// What a change other than a message does to its session, beside the fields it sets.
    pub fn note_change(&mut self, change: &Change, entry: EntryId) {
        self.last_entry = entry;
        self.last_activity = entry.ms;
        if matches!(change, Change::Assigned { .. }) {
            self.unread = 0;
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

/// What the visitor said of itself: shown to staff, never a proof of identity.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Guest {
    pub name: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub page: Option<String>,
    pub metadata: Option<Value>,
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

/// The newest message, cut to [`super::limits::PREVIEW_CHARS`] for lists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preview {
    pub text: String,
    pub direction: Direction,
    pub at: Millis,
}
