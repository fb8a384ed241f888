use serde::{Deserialize, Serialize};

use super::{
    Agent, Direction, EntryId, Message, Offer, OperatorId, Participant, Reaction, RecoveryId,
    Session, SessionId, WorkspaceId,
};

/// What is appended to the logs of a workspace, once, with one id.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    pub v: u8,
    pub id: EntryId,
    pub workspace: WorkspaceId,
    /// `None`: concerns the workspace alone and is in no session's log.
    pub session: Option<SessionId>,
    pub prev: Prev,
    /// The socket that caused it; that socket alone is not told, live and in replay.
    pub origin: Option<RecoveryId>,
    /// The only one of the readers who is told, by any of its sockets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<OperatorId>,
    pub change: Change,
    /// The session right after this entry, for every change but a message (whose effect on it
    /// readers derive), so that one entry is enough to encode and to store.
    pub after: Option<Box<Session>>,
}

/// The entry before this one in each log it is in; zero for the first. A reader that last saw
/// something older has missed entries, however sparse the ids are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prev {
    pub session: EntryId,
    pub feed: EntryId,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Change {
    Message {
        message: Message,
    },
    Started,
    /// A guest came back to its session by name and e-mail address alone.
    Returned,
    /// `before`: who had it, if it was handed over.
    Assigned {
        agent: Agent,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        before: Option<Agent>,
    },
    /// Back into the queue.
    Released {
        agent: Agent,
    },
    /// All are told that a session is offered, ..
    OfferOpened {
        offer: Offer,
    },
    /// .. and the one that it is offered to is asked.
    Offered {
        offer: Offer,
    },
    /// Without a change of hands.
    OfferClosed {
        offer: Offer,
        why: OfferEnd,
    },
    Ended,
    /// Its guest has had no connection for a while. It may come back.
    GuestLeft,
    /// All messages in this direction up to `seq` have been delivered. At most once a second: an entry,
    /// since a polling client would miss what is said beside the log between two polls.
    Delivered {
        direction: Direction,
        seq: u64,
    },
    /// `by` has read the other side's messages up to `seq`.
    Read {
        by: Participant,
        seq: u64,
    },
    Reacted {
        reaction: Reaction,
    },
    OperatorOnline {
        agent: Agent,
    },
    OperatorOffline {
        agent: Agent,
    },
    OperatorStatus {
        agent: Agent,
        away: bool,
    },
    /// Of a release that came later. Readers pass it over and go on behind it; who would store it leaves it
    /// to a pod that knows it.
    #[serde(other)]
    Unknown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OfferEnd {
    Declined,
    Expired,
    /// Whoever made it has given the session back, offers it to somebody else, or is gone.
    Withdrawn,
}

impl Change {
    /// Whether it counts as life in the session: lists are ordered by it, and reuse is counted from
    /// it. That messages arrive and are read does not.
    pub fn is_activity(&self) -> bool {
        !matches!(
            self,
            Self::GuestLeft
                | Self::Delivered { .. }
                | Self::Read { .. }
                | Self::Reacted { .. }
                | Self::Unknown
        )
    }
}

impl Entry {
    pub fn is_known(&self) -> bool {
        self.change != Change::Unknown
    }

    pub fn message(&self) -> Option<&Message> {
        match &self.change {
            Change::Message { message } => Some(message),
            _ => None,
        }
    }
}
