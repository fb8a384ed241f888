use super::{Agent, Message, MessageId, Millis, Participant, Session};

/// What the asker gets back, encoded by its dialect.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    Started {
        session: Box<Session>,
        /// The session was there before.
        reconnected: bool,
        /// Place in the waiting queue, from 1; `None` once an operator has taken it.
        queue_position: Option<u64>,
    },
    Sent {
        id: MessageId,
        seq: u64,
        at: Millis,
        /// The same message had been accepted before; this is its first result.
        duplicate: bool,
    },
    History {
        /// Ascending.
        messages: Vec<HistoryMessage>,
        more: bool,
    },
    Session {
        session: Box<Session>,
        queue_position: Option<u64>,
    },
    Sessions {
        sessions: Vec<(Session, Option<u64>)>,
        cursor: Option<String>,
        /// The history did not answer: those that are over, or idle for long, are not in it.
        incomplete: bool,
    },
    Operators(Vec<Operator>),
    Done,
}

/// A message with what was put at it later.
#[derive(Clone, Debug, PartialEq)]
pub struct HistoryMessage {
    pub message: Message,
    /// Those that are there, in the order in which they came.
    pub reactions: Vec<(Participant, String)>,
}

/// An operator who is connected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operator {
    pub agent: Agent,
    pub away: bool,
}
