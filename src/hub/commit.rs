use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::Recovery;
use crate::model::{
    Agent, Change, Content, DedupId, Direction, EntryId, Epoch, Guest, Message, MessageId, Millis,
    Offer, OfferEnd, OperatorId, Participant, PodId, Reaction, Receipt, RecoveryId, Sender,
    Session, SessionId, Sid, Status, WorkspaceId,
};

/// The one write primitive of chat.
#[async_trait]
pub trait Commits {
    /// Checks in the order dedup, unique, guard, alone, deadline, rate; then writes, stamps and appends;
    /// then publishes. A refused commit changes nothing and charges no rate.
    ///
    /// - Every entry of one commit gets the next ids of the partition, in order, and its messages
    ///   the next `seq` of their session: ids and `seq` never repeat within an epoch.
    /// - A commit whose dedup id is known returns [`Outcome::Duplicate`] with the whole first
    ///   result. The last [`DEDUP_KEPT`] ids of a session are known, for as long as the session is; those of
    ///   the last [`DEDUP_KEPT_MS`] up to [`DEDUP_MOST`], and those that are not stored, however many.
    /// - The entries are in the session's log, the workspace's feed and the partition's ingest when
    ///   this returns, and are published to the channels of session and workspace.
    async fn commit(&self, commit: Commit) -> Outcome;
}

/// Results of commits that are remembered per session, and for a workspace's own, at least.
pub const DEDUP_KEPT: usize = 256;
/// Stored ones that are remembered at most, however young: also what changes nothing leaves one.
pub const DEDUP_MOST: usize = 4096;
/// Of fewer, none is forgotten sooner, nor before it is stored: a client may repeat all that it was not told of.
pub const DEDUP_KEPT_MS: Millis = 300_000;

/// One decision of the rules, to be written at once. All of it is in one workspace.
#[derive(Clone, Debug)]
pub struct Commit {
    pub workspace: WorkspaceId,
    /// The session it is about; `None` for what concerns the workspace alone.
    pub session: Option<SessionId>,
    pub dedup: DedupId,
    pub unique: Option<Unique>,
    pub guard: Guard,
    /// Nobody else is present as the subject that enters; else it is a [`Outcome::Conflict`].
    pub alone: bool,
    pub rate: Option<Rate>,
    /// Fields to change; on an absent session (guard [`Guard::Absent`]) all that it starts with.
    pub set: SessionPatch,
    pub mark: Option<MarkOp>,
    pub append: Vec<Draft>,
    pub queue: Option<QueueOp>,
    pub presence: Option<PresenceOp>,
    pub status: Option<StatusOp>,
    pub record: Option<RecordOp>,
    pub deadlines: Vec<DeadlineOp>,
}

impl Commit {
    /// A commit that does nothing yet but to be guarded.
    pub fn new(
        workspace: WorkspaceId,
        session: Option<SessionId>,
        dedup: DedupId,
        guard: Guard,
    ) -> Self {
        Self {
            workspace,
            session,
            dedup,
            unique: None,
            guard,
            alone: false,
            rate: None,
            set: SessionPatch::default(),
            mark: None,
            append: Vec::new(),
            queue: None,
            presence: None,
            status: None,
            record: None,
            deadlines: Vec::new(),
        }
    }
}

/// What the session must be for the commit to happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    Any,
    /// There and not ended.
    Open,
    /// Not there.
    Absent,
    /// There, open, and status and agent unchanged since this version was read.
    Version(u64),
}

/// Reserves a guest's identity for a session: while the holder is open, its window has not passed and
/// nobody else than the connection that enters is there as its guest (unless it is `shared`), another session
/// with the same key is refused with [`Outcome::Exists`].
#[derive(Clone, Debug)]
pub struct Unique {
    pub key: String,
    pub window_ms: Millis,
    pub since: Since,
    /// Also while somebody else is there.
    pub shared: bool,
}

/// What a window is counted from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Since {
    Activity,
    Creation,
}

/// A fixed window that opens at the identity's first commit and admits `max` of them.
#[derive(Clone, Debug)]
pub struct Rate {
    pub key: String,
    pub max: u32,
    pub window_ms: Millis,
}

/// Fields of a session to change; `None` leaves one as it is.
#[derive(Clone, Debug, Default)]
pub struct SessionPatch {
    /// The whole session, with guard [`Guard::Absent`] only: a new one, or one loaded from the
    /// history (whose `last_seq` the next message then follows).
    pub create: Option<Box<Session>>,
    /// With `create` of a loaded session: what its newest commits were, so that a client which
    /// repeats one of them after the hot state was lost is answered with it.
    pub known: Vec<(DedupId, Stamped)>,
    pub status: Option<Status>,
    /// `Some(None)` takes the agent away.
    pub agent: Option<Option<Agent>>,
    pub guest: Option<Guest>,
    /// `Some(None)` takes the offer away.
    pub offer: Option<Option<Offer>>,
    pub unverified: Option<bool>,
    /// The guest is gone: what is newer than the newest message now waits for it. Written only if the
    /// commit's presence made the edge [`Edge::Offline`].
    pub left: bool,
}

/// One side says how far it has the other's messages; marks only rise, and not above the newest
/// message. A rise is the edge [`Edge::Raised`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarkOp {
    pub by: Participant,
    pub receipt: Receipt,
    pub seq: u64,
}

/// An operator says of itself that it is away or back, for all of its connections and beyond them. A
/// change is the edge [`Edge::Raised`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusOp {
    pub operator: OperatorId,
    pub away: bool,
}

/// An entry to append; the hub stamps id, time, `prev` and, on messages, `seq`.
#[derive(Clone, Debug)]
pub struct Draft {
    pub change: NewChange,
    pub origin: Option<RecoveryId>,
    /// As [`crate::model::Entry::to`].
    pub to: Option<OperatorId>,
    /// Append only if the commit made this edge.
    pub only_on: Option<Edge>,
}

#[derive(Clone, Debug)]
pub enum NewChange {
    Message {
        id: MessageId,
        direction: Direction,
        sender: Sender,
        content: Content,
        client_id: Option<String>,
    },
    Started,
    Returned,
    Assigned {
        agent: Agent,
        before: Option<Agent>,
    },
    Released {
        agent: Agent,
    },
    OfferOpened {
        offer: Offer,
    },
    Offered {
        offer: Offer,
    },
    OfferClosed {
        offer: Offer,
        why: OfferEnd,
    },
    Ended,
    GuestLeft,
    Delivered {
        direction: Direction,
        seq: u64,
    },
    /// Stamped with the number that the mark came to.
    Read {
        by: Participant,
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
}

impl NewChange {
    /// As it stands in an entry: a message with its session, number and time. `seq`: of the message,
    /// or the one that a mark came to.
    pub(super) fn stamped(self, session: Option<&SessionId>, seq: u64, at: Millis) -> Change {
        match self {
            Self::Message {
                id,
                direction,
                sender,
                content,
                client_id,
            } => Change::Message {
                message: Message {
                    id,
                    session: session.cloned().unwrap_or_else(|| SessionId::new("")),
                    seq,
                    direction,
                    sender,
                    content,
                    client_id,
                    at,
                },
            },
            Self::Started => Change::Started,
            Self::Returned => Change::Returned,
            Self::Assigned { agent, before } => Change::Assigned { agent, before },
            Self::Released { agent } => Change::Released { agent },
            Self::OfferOpened { offer } => Change::OfferOpened { offer },
            Self::Offered { offer } => Change::Offered { offer },
            Self::OfferClosed { offer, why } => Change::OfferClosed { offer, why },
            Self::Ended => Change::Ended,
            Self::GuestLeft => Change::GuestLeft,
            Self::Delivered { direction, seq } => Change::Delivered { direction, seq },
            Self::Read { by } => Change::Read { by, seq },
            Self::Reacted { reaction } => Change::Reacted { reaction },
            Self::OperatorOnline { agent } => Change::OperatorOnline { agent },
            Self::OperatorOffline { agent } => Change::OperatorOffline { agent },
            Self::OperatorStatus { agent, away } => Change::OperatorStatus { agent, away },
        }
    }
}

/// The waiting queue is ordered by [`Session::queued`]: who comes back into it has its old place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueueOp {
    Enter,
    Leave,
}

/// Who is present, over however many connections.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Subject {
    Guest(SessionId),
    Operator(OperatorId),
}

/// One connection of a subject, as the pod's index and the presence set hold it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Presence {
    pub workspace: WorkspaceId,
    pub subject: Subject,
    pub sid: Sid,
}

#[derive(Clone, Debug)]
pub enum PresenceOp {
    /// `pod`: whose end is the end of this presence, so that it is in its index from now on; `None`
    /// for a polling connection, which no pod holds.
    ///
    /// `name`: of an operator, for the list of those who are connected.
    Enter {
        presence: Presence,
        pod: Option<PodId>,
        name: Option<String>,
    },
    Leave(Presence),
}

/// What happens to the record of recovery of the socket that a commit is about, so that a socket comes
/// and goes in one step. A refused commit leaves it as it was.
#[derive(Clone, Debug)]
pub enum RecordOp {
    /// The record of a new socket, whose start is the newest entry right after the commit.
    Begin(NewRecord),
    /// As [`super::Recoveries::leave_recovery`].
    Leave {
        id: RecoveryId,
        sid: Sid,
        expires_at: Millis,
    },
}

/// A record that nobody holds yet; its `start` is the hub's to say.
#[derive(Clone, Debug)]
pub struct NewRecord {
    pub recovery: Box<Recovery>,
    pub expires_at: Millis,
}

/// What a commit did to its subject: online is "at least one connection".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Edge {
    Online,
    Offline,
    /// A mark, or an operator's status, is another one now.
    Raised,
    Unchanged,
}

/// Something that is to happen at a time, on whichever pod notices; named within its workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deadline {
    pub workspace: WorkspaceId,
    pub name: String,
    pub at: Millis,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeadlineOp {
    /// `only_on`: only if the commit made this edge.
    Set {
        name: String,
        at: Millis,
        only_on: Option<Edge>,
    },
    Clear {
        name: String,
    },
    /// The commit is the effect of this deadline: it happens only while the deadline is still
    /// there and due, and removes it. So an effect happens exactly once, whoever carries it out.
    Due {
        name: String,
    },
    /// The commit is another end of the same matter: it happens only while the deadline is there for
    /// this time, due or not, and removes it. One that was moved is of another matter.
    Take {
        name: String,
        at: Millis,
    },
    /// As `Due`, and leaves it there: the commit is a part of the effect.
    While {
        name: String,
    },
}

#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    Committed(Box<Written>),
    /// This dedup id had been committed before; here is the first result.
    Duplicate(Box<Written>),
    /// The unique key belongs to this session.
    Exists(SessionId),
    /// The guard or the deadline does not hold (any more); read again and decide anew.
    Conflict,
    Limited {
        retry_after_ms: Millis,
    },
    /// The session has ended.
    Gone,
    /// There is no such session here; it may be in the history.
    Absent,
    /// The hub takes no writes for now; nothing happened.
    Busy,
    /// May or may not have happened: repeat with the same dedup id.
    Unknown,
}

/// The result of a commit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Written {
    pub epoch: Epoch,
    /// One per appended draft, in order; a draft whose edge did not come has none.
    pub stamped: Vec<Stamped>,
    /// The newest entry of the partition right after the commit.
    pub top: EntryId,
    /// The session right after the commit; of a duplicate, as it is now.
    pub session: Option<Session>,
    /// Place in the waiting queue, from 1.
    pub queue_position: Option<u64>,
    pub edge: Edge,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamped {
    pub id: EntryId,
    /// Of a message: its id as first committed (a retry may have drawn another one) and number.
    pub message: Option<(MessageId, u64)>,
}
