use super::{Direction, HistoryMessage, Marks, MessageId, Millis, Reply, SessionId, WorkspaceId};

/// Said to one socket beside its ack; in no log and without an offset.
#[derive(Clone, Debug, PartialEq)]
pub enum Notice {
    /// The reply to a start, for front ends that listen for an event instead of an ack.
    Started(Reply),
    /// An operator's message was accepted.
    Sent {
        session: SessionId,
        id: MessageId,
        at: Millis,
    },
    /// All messages of this side up to `seq` are in the history.
    Stored { session: SessionId, seq: u64 },
    /// How far the asker's own messages have come, said anew to one that has connected anew.
    Marks {
        session: SessionId,
        direction: Direction,
        marks: Marks,
    },
    /// HistoryMessage while nobody was there to read it.
    Waited {
        workspace: WorkspaceId,
        written: HistoryMessage,
    },
}
