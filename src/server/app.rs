//! The seam between the server, which moves packets, and what is done with them.

use std::{fmt, hash::Hash};

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use super::state::Handshake;
use crate::{
    hub::{Deadline, Log, Mark, NewRecord, Presence, RecordOp, Subject},
    model::{
        Address, Aside, DedupId, Entry, Millis, Offset, PodId, RecoveryId, SessionId, Sid,
        SocketId, WorkspaceId,
    },
    wire::{
        engine::{Message, Revision},
        socket::{Event, Kind},
    },
};

/// An application behind the server. It keeps nothing in itself: what it wants to know about a
/// socket later is in `Socket`, which travels with the connection from pod to pod.
pub trait App: Send + Sync + 'static {
    /// What is known of a socket, saved between any two requests.
    type Socket: Serialize + DeserializeOwned + Clone + Send + Sync + 'static;
    /// Sockets for which an entry reads the same: it is encoded once for all of them.
    type Class: Copy + Eq + Hash + Send + Sync + 'static;

    /// Sockets get a `pid` and can be recovered.
    const RECOVERY: bool;

    /// Who asks to join a namespace? Checks, and writes nothing.
    fn connect(
        &self,
        request: ConnectRequest<'_>,
    ) -> impl Future<Output = Result<Admission<Self::Socket>, Refusal>> + Send;

    /// The socket is in; after this its CONNECT is answered.
    fn arrive(
        &self,
        socket: &Socket<Self::Socket>,
        arriving: Arriving,
    ) -> impl Future<Output = Result<Arrival<Self::Socket>, Trouble>> + Send;

    /// An event of a socket. Events of one connection come one after the other, in order. The same
    /// name means the same event again, which must do its work once.
    fn event(
        &self,
        socket: &Socket<Self::Socket>,
        event: Event,
        named: Named,
    ) -> impl Future<Output = Turn<Self::Socket>> + Send;

    /// Whether an event asks, and changes nothing: it may be answered out of its turn, so that what is
    /// live does not wait for it.
    fn is_query(&self, socket: &Socket<Self::Socket>, event: &Event) -> bool {
        let _ = (socket, event);
        false
    }

    /// The socket is gone for good or for now; said once per connection it was on. What this commits
    /// can take `record` along; says whether it did. After trouble it is said again: of what a WebSocket
    /// had entered by [`App::lost`], of what a polling one had by a deadline of the application's.
    fn gone(
        &self,
        socket: &Socket<Self::Socket>,
        record: Option<RecordOp>,
    ) -> impl Future<Output = Result<bool, Trouble>> + Send;

    /// A WebSocket is gone whose pod could not say so: it has died, or the hub was away. Said by
    /// every pod that notices, until a commit has taken the presence away.
    fn lost(&self, presence: Presence) -> impl Future<Output = Result<(), Trouble>> + Send {
        let _ = presence;
        async { Ok(()) }
    }

    /// What a socket is that came in as `shown` and is recovered as `kept`. Of one that is present from the start
    /// counts what it has shown now: its token may be a newer one. Refused is what it could not have come by, or not
    /// any more; then there is nothing left to recover.
    fn resume(
        &self,
        shown: Self::Socket,
        kept: Self::Socket,
        is_present: bool,
    ) -> Result<Back<Self::Socket>, Refusal> {
        Ok(Back::Same(if is_present { shown } else { kept }))
    }

    /// It may not be here, or its token is no longer good: the socket is told to leave, and its connection ends.
    /// Asked of the sockets of a WebSocket whenever one becomes another or [`super::Revocations`] tells, and of
    /// those of a polling connection with each of its requests.
    fn is_revoked(&self, socket: &Self::Socket) -> bool {
        let _ = socket;
        false
    }

    /// When what the socket has come in by ends: from then on it is as if it were revoked. Asked by each transport for
    /// its own deadlines, and before each event.
    fn ends_at(&self, socket: &Self::Socket) -> Option<Millis> {
        let _ = socket;
        None
    }

    /// Until when a socket has to say who it is; `None` for one that has, or need not. A connection on which nobody has
    /// is then told to leave, and ends; it just ends, and its client comes back, if somebody there was put off
    /// ([`Turn::is_put_off`]). Asked as [`App::ends_at`] is.
    fn joins_by(&self, socket: &Self::Socket) -> Option<Millis> {
        let _ = socket;
        None
    }

    /// A deadline has come. Said by every pod that notices, until a commit has taken it away.
    fn due(&self, deadline: Deadline) -> impl Future<Output = ()> + Send {
        let _ = deadline;
        async {}
    }

    fn class(&self, socket: &Self::Socket) -> Self::Class;

    /// Whether a socket is told of what happens in a session of the log that it replays. What it is not told of
    /// counts as told.
    fn sees(&self, socket: &Self::Socket, session: Option<&SessionId>) -> bool {
        let _ = (socket, session);
        true
    }

    /// Whether all that [`App::encode`] may need is there already. What is not is fetched by whoever may wait.
    fn is_at_hand(&self, class: Self::Class, entry: &Entry) -> bool {
        let _ = (class, entry);
        true
    }

    /// Puts at hand what this entry needs, or gives up within a bounded time, for everybody and for a while.
    fn fetch(&self, class: Self::Class, entry: &Entry) -> impl Future<Output = ()> + Send {
        let _ = (class, entry);
        async {}
    }

    /// What an entry reads like for a class: any number of events.
    fn encode(&self, class: Self::Class, entry: &Entry) -> Vec<Telling>;

    /// What is said beside a log reads like this for a class.
    fn encode_aside(&self, class: Self::Class, aside: &Aside) -> Option<Telling> {
        let _ = (class, aside);
        None
    }

    /// A message on a mount without Socket.IO. `None` ends the connection.
    fn raw(&self, message: Message) -> Option<Message> {
        let _ = message;
        None
    }
}

pub struct ConnectRequest<'a> {
    /// The path of the mount, with its slashes.
    pub mount: &'a str,
    pub nsp: &'a str,
    /// Of a client of the third revision: what it put into the query of the namespace.
    pub auth: &'a Map<String, Value>,
    pub handshake: &'a Handshake,
    /// The client has not asked: the third revision of the protocol lets it into the root namespace by itself,
    /// whichever one it wants.
    pub implied: bool,
}

impl fmt::Debug for ConnectRequest<'_> {
    /// What a client shows may be a token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown: Vec<&String> = self.auth.keys().collect();
        f.debug_struct("ConnectRequest")
            .field("mount", &self.mount)
            .field("nsp", &self.nsp)
            .field("auth", &shown)
            .field("handshake", self.handshake)
            .field("implied", &self.implied)
            .finish()
    }
}

/// A socket that may come in.
#[derive(Debug)]
pub struct Admission<S> {
    pub state: S,
    /// Whose partition its first position is of.
    pub workspace: WorkspaceId,
    /// Known already, and then a recovered socket must be of it; `None` for one that is known by
    /// its recovery id alone.
    pub subject: Option<Subject>,
    /// What it will replay, if that is known already.
    pub log: Option<Log>,
}

/// What becomes of a socket whose client is back.
#[derive(Debug)]
pub enum Back<S> {
    /// It goes on, as this.
    Same(S),
    /// Its client comes in anew, as what it shows.
    Other,
    /// As that, once it has been told what it missed as this; if that is too much to be told at once, it goes on.
    Over(S),
}

/// Why a CONNECT is not answered with a socket.
#[derive(Debug)]
pub enum Refusal {
    /// Said to the client, which does not come back by itself.
    Denied {
        message: String,
        data: Option<Value>,
    },
    /// Of an implied CONNECT that has nothing to show: said after a while, if the client has joined no
    /// other namespace by then.
    Unmeant { message: String },
    /// Passing trouble: the connection is closed, and the client comes back.
    Trouble,
}

/// Passing trouble: the connection is closed without a word, and the client comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trouble;

/// A socket as the application sees it.
#[derive(Clone, Debug)]
pub struct Socket<S> {
    pub id: SocketId,
    pub nsp: String,
    pub recovery: RecoveryId,
    pub sid: Sid,
    /// That holds the connection, if it is a WebSocket.
    pub pod: Option<PodId>,
    /// That its connection was opened from.
    pub address: Address,
    /// Of the protocol that its client speaks.
    pub revision: Revision,
    pub state: S,
}

impl<S> Socket<S> {
    /// Whether its client comes back to it: those of the third revision know nothing of it.
    pub fn is_recoverable<A: App>(&self) -> bool {
        A::RECOVERY && self.revision == Revision::V4
    }
}

/// What an event is done under.
#[derive(Clone, Debug)]
pub struct Named {
    pub id: DedupId,
    /// Of the event that this one repeats, to judge by all that can be seen.
    pub repeats: Option<DedupId>,
}

/// How a socket comes in.
#[derive(Debug)]
pub enum Arriving {
    /// Anew, by an admission without a subject: it is told everything after this position.
    New(Offset),
    /// Anew, by an admission with one: the application commits its presence, with the record (to which
    /// it adds subject and log), and returns the topic that begins there.
    Present(Option<NewRecord>),
    /// As the socket it was, which has been told everything up to here.
    Recovered(Offset),
    /// As the socket it is: its connection has become a WebSocket, which its pod answers for from now
    /// on. What is returned is not said.
    Upgraded,
}

#[derive(Debug)]
pub struct Arrival<S> {
    pub topic: Option<Topic>,
    /// After the answer to CONNECT.
    pub say: Vec<Telling>,
    /// The socket is this, now that its id is known.
    pub state: Option<S>,
}

impl<S> Default for Arrival<S> {
    fn default() -> Self {
        Self {
            topic: None,
            say: Vec::new(),
            state: None,
        }
    }
}

/// The log that a socket replays, and from where.
#[derive(Clone, Debug)]
pub struct Topic {
    pub log: Log,
    pub from: Offset,
    pub subject: Subject,
}

/// The outcome of an event.
#[derive(Debug)]
pub struct Turn<S> {
    /// In this order.
    pub say: Vec<Saying>,
    /// The socket is this from now on.
    pub state: Option<S>,
    pub topic: Option<Topic>,
    /// What was asked for may be asked for again: trouble that passes was in its way.
    pub is_put_off: bool,
}

impl<S> Default for Turn<S> {
    fn default() -> Self {
        Self {
            say: Vec::new(),
            state: None,
            topic: None,
            is_put_off: false,
        }
    }
}

/// An event to a client.
#[derive(Clone, Debug)]
pub struct Telling {
    pub event: &'static str,
    pub payload: Value,
    /// Moves the client's recovery position, as its last argument. Of entries the server adds it.
    pub offset: Option<Offset>,
}

/// Something to say to the socket that caused a turn.
#[derive(Debug)]
pub struct Saying {
    pub what: What,
    pub wait: Option<Wait>,
}

#[derive(Debug)]
pub enum What {
    /// The answer to the event that is being handled; dropped if none was asked for.
    Ack(Value),
    Event(Telling),
    /// Any other packet.
    Packet(Kind),
}

/// Say it once the entry at `mark` is stored.
#[derive(Debug)]
pub struct Wait {
    pub mark: Mark,
    pub late: Late,
}

/// If that takes too long.
#[derive(Debug)]
pub enum Late {
    /// The event is acknowledged with this.
    Answer(Value),
    Drop,
    /// It is said however late it is.
    Wait,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_a_client_shows_is_not_printed() {
        let auth = json!({ "token": "secret-token", "pid": "secret-pid" });
        let handshake = Handshake {
            address: std::net::IpAddr::from([127, 0, 0, 1]).into(),
            params: vec![("token".into(), "secret-param".into())],
            origin: None,
            revision: Revision::V4,
            b64: false,
            login: Some("secret-cookie".into()),
        };
        let request = ConnectRequest {
            mount: "/socket.io/",
            nsp: "/",
            auth: auth.as_object().unwrap(),
            handshake: &handshake,
            implied: false,
        };
        let printed = format!("{request:?}");
        assert!(printed.contains("\"pid\""), "{printed}");
        assert!(!printed.contains("secret"), "{printed}");
    }
}
