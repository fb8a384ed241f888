use async_trait::async_trait;
use bytes::Bytes;
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::{Deadline, Log, Mark, Persisted, Unavailable};
use crate::model::{EntryId, Frame, Millis, Partition, PodId, Sid};

/// Polling connections, whose every request may land on another pod. A WebSocket is not here: it
/// dies with the process that holds it.
#[async_trait]
pub trait Connections {
    async fn open(&self, connection: NewConnection) -> Result<(), Unavailable>;

    /// A GET arrives. Unless it repeats the one before (same `t`), the batch that one was given
    /// counts as received: its outbox prefix is dropped and its cursors are taken over. The GET
    /// then is the connection's listener until it finishes, or until its lease ends.
    async fn begin_get(&self, sid: &Sid, request: GetRequest) -> Result<BeginGet, Unavailable>;

    /// Looks again, for the listener of this generation: `None` if it is not that any more.
    async fn drain(
        &self,
        sid: &Sid,
        generation: Generation,
        now: Millis,
        persisted: &Persisted,
    ) -> Result<Option<Drained>, Unavailable>;

    /// Records what is about to be written to the listener and ends its listening. `false` if
    /// another one has taken its place: then nothing of it may be written.
    async fn finish_get(
        &self,
        sid: &Sid,
        generation: Generation,
        batch: Batch,
    ) -> Result<bool, Unavailable>;

    /// The listener of this generation is gone without an answer (its client hung up). A repeat may
    /// take its place at once; without any GET within [`ABANDON_GRACE_MS`] the connection is dead.
    async fn abandon_get(
        &self,
        sid: &Sid,
        generation: Generation,
        now: Millis,
    ) -> Result<(), Unavailable>;

    /// A POST arrives and claims the connection for its `t`.
    async fn begin_post(&self, sid: &Sid, request: PostRequest) -> Result<BeginPost, Unavailable>;

    /// Everything that a POST did to its connection, before its `ok`; wakes the listener.
    async fn finish_post(
        &self,
        sid: &Sid,
        claim: ClaimId,
        result: PostResult,
    ) -> Result<Posted, Unavailable>;

    /// Polling goes on here: a WebSocket may probe. Claims nothing.
    async fn is_polling(&self, sid: &Sid, now: Millis) -> Result<bool, Unavailable>;

    /// A WebSocket asks to take the connection over. One at a time; the listener is released.
    async fn claim_upgrade(
        &self,
        sid: &Sid,
        pod: &PodId,
        now: Millis,
        until: Millis,
    ) -> Result<UpgradeClaim, Unavailable>;

    /// The probing WebSocket is gone: polling goes on, as if it had never been. If it had been told
    /// that it may take over (`probed`), its client waits for ever unless the connection ends, so
    /// it is closed: the departed are returned.
    async fn abort_upgrade(
        &self,
        sid: &Sid,
        claim: ClaimId,
        probed: bool,
    ) -> Result<Option<Departed>, Unavailable>;

    /// The WebSocket takes over: the batch in flight counts as received, the polling connection
    /// becomes a tombstone, and what is left of it is handed out. `None` if the claim is lost, or its time
    /// had run out before.
    async fn finish_upgrade(
        &self,
        sid: &Sid,
        claim: ClaimId,
        now: Millis,
    ) -> Result<Option<Departed>, Unavailable>;

    /// Ends the connection, once: whoever gets the departed says so to the application. Later
    /// requests meet a tombstone for 30 s, then nothing.
    async fn close(
        &self,
        sid: &Sid,
        by: ClosedBy,
        now: Millis,
    ) -> Result<Option<Departed>, Unavailable>;

    /// What of a partition had run out by `now`: connections, which [`Connections::close`] ends, and
    /// deadlines, as [`super::Logs::due`] tells them; at most `limit` of each.
    /// Asked of each partition in turn, for as long as a pod lives, so a backend does with it what else
    /// has to be done there from time to time: forgets, probes its channels, wakes the writer.
    async fn expired(
        &self,
        partition: Partition,
        now: Millis,
        limit: usize,
    ) -> Result<Expired, Unavailable>;
}

/// What has run out.
#[derive(Debug, Default)]
pub struct Expired {
    pub connections: Vec<Sid>,
    pub deadlines: Vec<Deadline>,
}

/// A client that sends `1` and a GET on two TCP connections at once means no harm.
pub const FAREWELL_MS: Millis = 100;
/// How long an ended connection is remembered, so that late requests are told why.
pub const TOMBSTONE_MS: Millis = 30_000;
/// A proxy may repeat a GET that it lost; after this long nobody will.
pub const ABANDON_GRACE_MS: Millis = 2_000;
/// Items that may wait for a client that does not poll.
pub const OUTBOX_MAX: usize = 1024;

/// That something is stored, said later to one client: so many wait for the history at most.
pub const NOTICES_HELD: usize = 128;
/// See [`Hold`].
pub const AS_LONG_AS_IT_TAKES: Millis = Millis::MAX;

/// Grows with every GET that becomes the listener.
pub type Generation = u64;
/// Names one claim of a POST or an upgrade.
pub type ClaimId = u64;

#[derive(Clone, Debug)]
pub struct NewConnection {
    pub sid: Sid,
    /// The server's state (handshake, decoder, sockets), opaque here. Changed by POSTs only.
    pub state: Bytes,
    pub beat: Beat,
}

/// Liveness, as computed by the heartbeat of `wire`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beat {
    pub ping_at: Millis,
    /// The ping of this round was handed to a GET.
    pub sent: bool,
    /// At this instant the connection is dead: [`BeginGet::Tombstone`] from then on.
    pub expires_at: Millis,
}

#[derive(Clone, Debug)]
pub struct GetRequest {
    /// The client's cache buster: the same value twice is the same request.
    pub t: Option<String>,
    pub pod: PodId,
    pub now: Millis,
    /// Until when its pod is believed to answer it: a dead pod's listener is overtaken then.
    pub until: Millis,
    pub persisted: Persisted,
}

#[derive(Clone, Debug)]
pub enum BeginGet {
    Listening {
        generation: Generation,
        state: Bytes,
        beat: Beat,
        drained: Drained,
    },
    /// The same request again: the same batch, which it may not change.
    Repeat {
        state: Bytes,
        drained: Drained,
        batch: Batch,
    },
    /// A WebSocket is about to take over: answer with nothing, after a moment.
    Upgrading,
    /// Another GET is parked. The connection has been closed for it; this is what departs.
    Overlap(Box<Departed>),
    Tombstone(Tombstone),
    Unknown,
}

/// What waits for the listener.
#[derive(Clone, Debug, Default)]
pub struct Drained {
    /// In order; those whose condition does not hold yet are left out.
    pub outbox: Vec<OutboxItem>,
    /// Where each socket's log was read up to, by namespace.
    pub listeners: IndexMap<String, Listener>,
    /// When something that is held back has to be looked at again, whatever happens.
    pub look_again_at: Option<Millis>,
    /// Something is held back for its entry to be stored.
    pub holding: bool,
    /// State and liveness, when looked at again: a POST may have changed both.
    pub connection: Option<(Bytes, Beat)>,
}

/// A socket that replays a log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listener {
    pub log: Log,
    /// Received up to here.
    pub cursor: EntryId,
}

/// Frames of one packet that go to the client in order and in one piece.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutboxItem {
    pub frames: Vec<Frame>,
    pub hold: Option<Hold>,
}

/// Said only when an entry is stored, or, at the latest, otherwise.
///
/// That something is stored is said however late it is ([`AS_LONG_AS_IT_TAKES`]). Of what waits so for one
/// connection the newest [`NOTICES_HELD`] are kept: what is stored up to a later message is stored up to an
/// earlier one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    pub mark: Mark,
    pub until: Millis,
    pub otherwise: Vec<Frame>,
}

impl Hold {
    /// How many notices are to go, of those that are held for one connection; the first ones.
    pub fn surplus<'a>(held: impl Iterator<Item = &'a Self>) -> usize {
        let notices = held.filter(|hold| hold.is_patient()).count();
        notices.saturating_sub(NOTICES_HELD)
    }

    pub fn is_patient(&self) -> bool {
        self.until == AS_LONG_AS_IT_TAKES
    }
}

/// What a GET is answered with, so that a repeat gets the same.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Batch {
    /// How many items of the outbox.
    pub outbox: usize,
    /// How far each socket has read with it, by namespace.
    pub cursors: IndexMap<String, EntryId>,
    pub ping: bool,
}

#[derive(Clone, Debug)]
pub struct PostRequest {
    pub t: Option<String>,
    pub now: Millis,
    /// Until when the pod is believed to be at it.
    pub until: Millis,
}

#[derive(Clone, Debug)]
pub enum BeginPost {
    Claimed {
        claim: ClaimId,
        state: Bytes,
        beat: Beat,
        /// What its sockets replay, and where they are if what is in flight arrives.
        listeners: IndexMap<String, Listener>,
    },
    /// The same POST is being worked on elsewhere: ask again.
    Running,
    /// The same POST is done: `ok`.
    Done,
    /// Another POST is being worked on. The connection has been closed for it.
    Overlap(Box<Departed>),
    /// The client sends without ever polling: [`OUTBOX_MAX`] answers wait for it. Closed.
    Overflow(Box<Departed>),
    Tombstone(Tombstone),
    Unknown,
}

#[derive(Clone, Debug)]
pub struct PostResult {
    pub state: Bytes,
    /// The heartbeat after a pong; `None` if there was none.
    pub beat: Option<Beat>,
    pub outbox: Vec<OutboxItem>,
    /// Sockets that now replay a log, or (`None`) no longer do, by namespace.
    pub listeners: Vec<(String, Option<Listener>)>,
}

/// Whether a POST's result was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Posted {
    Done,
    /// The claim had run out, and a repeat of the same POST took over.
    Superseded,
    /// The connection ended meanwhile: sockets that this POST joined are in nobody's departed.
    Ended,
}

#[derive(Clone, Debug)]
pub enum UpgradeClaim {
    Claimed {
        claim: ClaimId,
        state: Bytes,
    },
    /// It is a WebSocket already, is being upgraded, or has ended: accept and close.
    Refused,
    Unknown,
}

/// Why a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ClosedBy {
    /// Its client said so.
    Client,
    /// It broke the protocol, or the server wants it gone.
    Server,
    /// Its time had run out, as the hub itself finds: closes nothing that has been heard of since.
    Expired,
    Upgrade,
}

/// What a request meets after the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tombstone {
    pub by: ClosedBy,
    /// The first GET after its client closed it, within [`FAREWELL_MS`], and none was parked then:
    /// the two crossed on their ways, and the GET is answered in peace.
    pub farewell: bool,
}

/// What is left of a connection when it ends.
#[derive(Clone, Debug)]
pub struct Departed {
    pub state: Bytes,
    pub beat: Beat,
    pub outbox: Vec<OutboxItem>,
    pub listeners: IndexMap<String, Listener>,
}
