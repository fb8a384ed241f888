//! The chat application on the server: who a socket is, its vocabulary, the rules.
//!
//! Composition, beside `config` and `main`: it names `server`, `dialect` and `chat`, none of which
//! names the others.

pub mod admin;
mod anew;
mod backends;
pub mod check;
mod guest;
pub mod import;
mod namespaces;
mod rooms;
mod run;
mod socket;
mod staff;
pub mod trial;
mod turn;
mod vocabulary;

use std::sync::Arc;

use serde_json::{Value, json};
use uuid::Uuid;

pub use backends::{Backends, prepare};
pub use namespaces::Namespaces;
pub use run::{Running, StartError, start, waiting};
pub use socket::RelaySocket;
pub use vocabulary::Vocabularies;

use self::{namespaces::Entrance, socket::Shown};
use crate::{
    chat::{Actor, Chat, Directory, Done, OperatorActor},
    config::Ack,
    dialect::{
        self, Audience, Dialect, Outgoing, Payload,
        widget::{self, Conversation},
    },
    files::Files,
    hub::{Deadline, Log, NewRecord, Presence, RecordOp, Subject},
    model::{
        Aside, Change, Clock, Code, Command, DedupId, Entry, GuestCommand, Millis, Notice, Offset,
        Reject, Reply, SessionId, StaffCommand, WorkspaceId, WorkspaceSet,
    },
    server::{
        Admission, App, Arrival, Arriving, Back, ConnectRequest, Named, Refusal, Socket, Telling,
        Topic, Trouble, Turn,
        auth::{Keyring, Verifier},
    },
    wire::socket::Event,
};

/// A client notices within less that its connection is lost, and is back.
const REPEATED_WITHIN_MS: Millis = 60_000;

pub struct Relay {
    pub chat: Arc<Chat>,
    pub directory: Arc<Directory>,
    pub clock: Clock,
    /// Of operators' tokens.
    pub operators: Arc<Verifier>,
    /// Of guests' tokens.
    pub signing: Keyring,
    /// When a message is acknowledged.
    pub ack: Ack,
    /// Of front ends that do not say which one they speak.
    pub vocabularies: Vocabularies,
    pub namespaces: Namespaces,
    /// Where front ends are told nothing that their own vocabulary does not know.
    pub strict: WorkspaceSet,
    /// For whoever says by an event who it is, and has shown nothing.
    pub join_timeout_ms: Millis,
    pub files: Arc<Files>,
}

impl App for Relay {
    type Socket = RelaySocket;
    /// A visitor of the widget reads by the id of its conversation, which no entry holds.
    type Class = (Dialect, Audience, Option<Uuid>);

    const RECOVERY: bool = true;

    async fn connect(
        &self,
        request: ConnectRequest<'_>,
    ) -> Result<Admission<RelaySocket>, Refusal> {
        let state = match self.namespaces.entrance(request.nsp) {
            Some(Entrance::Guests) => match self.operator_among_guests(&request).await? {
                Some(operator) => operator,
                None => {
                    let workspace = workspace(&request);
                    RelaySocket::newcomer(workspace, Dialect::Native, Shown::Nothing)
                }
            },
            Some(Entrance::Operators) => {
                let workspace = workspace(&request);
                let dialect = self.vocabularies.spoken(&request, &workspace)?;
                if dialect == Dialect::Native {
                    self.operator(&request, dialect).await?
                } else if dialect == Dialect::Widget {
                    self.visitor(&request).await?
                } else {
                    self.whoever(&request, workspace, dialect).await?
                }
            }
            None => {
                return Err(Refusal::Denied {
                    message: "Invalid namespace".into(),
                    data: None,
                });
            }
        };
        Ok(Admission {
            workspace: state.workspace().clone(),
            subject: state.subject(),
            log: match &state {
                RelaySocket::Operator { workspace, .. } => Some(Log::Feed(workspace.clone())),
                RelaySocket::Guest { .. } | RelaySocket::Refused { .. } => None,
            },
            state,
        })
    }

    async fn arrive(
        &self,
        socket: &Socket<RelaySocket>,
        arriving: Arriving,
    ) -> Result<Arrival<RelaySocket>, Trouble> {
        let dedup = DedupId::draw();
        if matches!(arriving, Arriving::Upgraded) {
            return self.upgraded(socket, &dedup).await;
        }
        let mut missed = Vec::new();
        let (topic, at) = match (socket.state.actor(socket), arriving) {
            (Actor::Guest(_), Arriving::New(at)) if socket.state.dialect() == Dialect::Widget => {
                return self.page(socket, at, &dedup).await;
            }
            (Actor::Guest(_), Arriving::New(at)) => (None, at),
            (Actor::Guest(guest), Arriving::Recovered(at)) => {
                let arrived = self.chat.guest_arrived(&guest, &dedup).await;
                let notice = arrived.map_err(|_| Trouble)?;
                missed = notice.map_or_else(Vec::new, |it| self.beside(&socket.state, it));
                (None, at)
            }
            (Actor::Operator(operator), Arriving::Recovered(at)) => {
                let arrived = self.chat.operator_arrived(&operator, &dedup, None).await;
                arrived.map_err(|_| Trouble)?;
                (None, at)
            }
            (Actor::Operator(operator), Arriving::Present(record)) => {
                let topic = self.present(operator, record, &dedup).await?;
                let at = topic.from.clone();
                (Some(topic), at)
            }
            // What the admission of a guest and of an operator do not come to.
            _ => return Err(Trouble),
        };
        Ok(Arrival {
            topic,
            say: std::iter::once(ready(at)).chain(missed).collect(),
            state: None,
        })
    }

    async fn event(
        &self,
        socket: &Socket<RelaySocket>,
        event: Event,
        named: Named,
    ) -> Turn<RelaySocket> {
        let (dialect, audience) = (socket.state.dialect(), socket.state.audience());
        let name = event.name.as_str().unwrap_or_default();
        let payload = Payload {
            value: event.args.first(),
            binary: &event.attachments,
        };
        let spoken = dialect::settle(dialect, audience, name, payload.value);
        let command = if event.replaced {
            Err(half_a_character())
        } else {
            dialect::decode(spoken, audience, name, payload)
        };
        let turn = match command {
            Ok(command) => self.turn(socket, spoken, command, &named).await,
            Err(reject) => {
                let actor = socket.state.actor(socket);
                self.chat.count_refusal(&actor, &reject);
                Err(reject)
            }
        };
        let turn = match turn {
            Err(reject) if reject.code == Code::Ended => {
                let again = dialect::decode(spoken, audience, name, payload);
                let begun = async {
                    let said = (&event, again.ok()?);
                    self.begin_anew(socket, spoken, said, &named).await
                };
                begun.await.unwrap_or(Err(reject))
            }
            turn => turn,
        };
        turn.unwrap_or_else(|reject| Turn {
            is_put_off: reject.is_passing(),
            ..turn::refused((spoken, audience), socket, &event, &reject)
        })
    }

    fn is_query(&self, _: &Socket<RelaySocket>, event: &Event) -> bool {
        dialect::is_query(event.name.as_str().unwrap_or_default())
    }

    async fn gone(
        &self,
        socket: &Socket<RelaySocket>,
        record: Option<RecordOp>,
    ) -> Result<bool, Trouble> {
        let (actor, dedup) = (socket.state.actor(socket), DedupId::draw());
        let gone = self.chat.gone(&actor, &dedup, record).await;
        gone.map_err(|_| Trouble)
    }

    async fn lost(&self, presence: Presence) -> Result<(), Trouble> {
        self.chat.lost(presence).await.map_err(|_| Trouble)
    }

    fn resume(
        &self,
        shown: RelaySocket,
        kept: RelaySocket,
        _: bool,
    ) -> Result<Back<RelaySocket>, Refusal> {
        self.back(shown, kept)
    }

    fn is_revoked(&self, socket: &RelaySocket) -> bool {
        match socket {
            RelaySocket::Guest { .. } => false,
            RelaySocket::Refused { .. } => true,
            RelaySocket::Operator {
                workspace,
                id,
                issued,
                ..
            } => self.directory.is_revoked(workspace, id, *issued),
        }
    }

    /// A guest's token brings it back, and its conversation is its own for as long as it stays.
    fn ends_at(&self, socket: &RelaySocket) -> Option<Millis> {
        match socket {
            RelaySocket::Operator { ends, .. } => ends.map(|ends| ends.saturating_mul(1000)),
            RelaySocket::Guest { .. } | RelaySocket::Refused { .. } => None,
        }
    }

    fn joins_by(&self, socket: &RelaySocket) -> Option<Millis> {
        socket.joins_by()
    }

    async fn due(&self, deadline: Deadline) {
        self.chat.due(deadline).await;
    }

    fn class(&self, socket: &RelaySocket) -> Self::Class {
        (socket.dialect(), socket.audience(), socket.visitor())
    }

    fn sees(&self, socket: &RelaySocket, session: Option<&SessionId>) -> bool {
        match socket {
            RelaySocket::Operator {
                rooms: Some(rooms), ..
            } => rooms.hold(session),
            _ => true,
        }
    }

    fn is_at_hand(&self, (dialect, ..): Self::Class, entry: &Entry) -> bool {
        let message = entry.message().filter(|_| dialect.shows_inline());
        message.is_none_or(|message| self.files.is_at_hand(&entry.workspace, message))
    }

    async fn fetch(&self, (dialect, ..): Self::Class, entry: &Entry) {
        let message = entry.message().filter(|_| dialect.shows_inline());
        if let Some(message) = message {
            self.files.fetch(&entry.workspace, message).await;
        }
    }

    fn encode(&self, (dialect, audience, visitor): Self::Class, entry: &Entry) -> Vec<Telling> {
        let linked = self.linked(entry, dialect.shows_inline());
        let entry = linked.as_ref().unwrap_or(entry);
        let events = match visitor {
            Some(visitor) => {
                let workspace = entry.workspace.clone();
                widget::encode_entry(&Conversation::of_visitor(workspace, visitor), entry)
            }
            None => dialect::encode_entry(dialect, audience, entry),
        };
        let events = self.strictly(&entry.workspace, dialect, events).into_iter();
        events.map(turn::telling).collect()
    }

    fn encode_aside(&self, (dialect, audience, _): Self::Class, aside: &Aside) -> Option<Telling> {
        dialect::encode_aside(dialect, audience, aside).map(turn::telling)
    }
}

impl Relay {
    /// Present as before, and its pod's to answer for.
    async fn upgraded(
        &self,
        socket: &Socket<RelaySocket>,
        dedup: &DedupId,
    ) -> Result<Arrival<RelaySocket>, Trouble> {
        let arrived = match socket.state.actor(socket) {
            Actor::Guest(guest) => self.chat.guest_arrived(&guest, dedup).await.map(drop),
            Actor::Operator(operator) => {
                let arrived = self.chat.operator_arrived(&operator, dedup, None);
                arrived.await.map(drop)
            }
        };
        arrived.map(|()| Arrival::default()).map_err(|_| Trouble)
    }

    /// A new operator's socket replays the feed from the commit that makes it present.
    async fn present(
        &self,
        operator: OperatorActor,
        record: Option<NewRecord>,
        dedup: &DedupId,
    ) -> Result<Topic, Trouble> {
        let log = Log::Feed(operator.workspace.clone());
        let subject = Subject::Operator(operator.id.clone());
        let record = record.map(|mut record| {
            record.recovery.log = Some(log.clone());
            record.recovery.subject = Some(subject.clone());
            RecordOp::Begin(record)
        });
        let arrived = self.chat.operator_arrived(&operator, dedup, record).await;
        Ok(Topic {
            log,
            from: arrived.map_err(|_| Trouble)?,
            subject,
        })
    }

    /// A message without an id of its client's that seems to be sent again is the one before, if that was said
    /// a moment ago; what else is sent again does no harm. The later, the more likely it is meant.
    async fn handle(&self, actor: &Actor, command: Command, named: &Named) -> Result<Done, Reject> {
        let command = self.as_said_before(actor, command).await;
        if let Some(repeats) = named.repeats.as_ref().filter(|_| is_unnamed(&command)) {
            let done = self.chat.handle(actor, command.clone(), repeats).await?;
            let since = match done.reply {
                Reply::Sent { duplicate, at, .. } if duplicate => {
                    self.clock.now().saturating_sub(at)
                }
                _ => 0,
            };
            if since < REPEATED_WITHIN_MS {
                return Ok(done);
            }
        }
        self.chat.handle(actor, command, &named.id).await
    }

    /// An entry with a file, once that has an address; `None` for any other.
    fn linked(&self, entry: &Entry, inline: bool) -> Option<Entry> {
        entry.message()?.content.file()?;
        let mut linked = entry.clone();
        if let Change::Message { message } = &mut linked.change {
            self.files.link(&entry.workspace, message, inline);
        }
        Some(linked)
    }

    /// What its page has said by a request, while the socket was away, is that message.
    async fn as_said_before(&self, actor: &Actor, mut command: Command) -> Command {
        if let (Actor::Operator(operator), Command::Staff(StaffCommand::Send { session, send })) =
            (actor, &mut command)
            && let Ok(Some(name)) = self.chat.resent(operator, session, send).await
        {
            send.client_id = Some(name);
        }
        command
    }

    /// What is said to a socket beside its log, and beside any request.
    fn beside(&self, socket: &RelaySocket, mut notice: Notice) -> Vec<Telling> {
        let (dialect, audience) = (socket.dialect(), socket.audience());
        self.files.link_notice(&mut notice);
        let told = self.notice((dialect, audience), &notice, None).into_iter();
        told.map(turn::telling).collect()
    }

    fn notice(
        &self,
        (dialect, audience): (Dialect, Audience),
        notice: &Notice,
        token: Option<&str>,
    ) -> Vec<Outgoing> {
        let told = dialect::encode_notice(dialect, audience, notice, token);
        match notice {
            Notice::Waited { workspace, .. } => self.strictly(workspace, dialect, told),
            _ => told,
        }
    }

    /// No more than its front end's own vocabulary knows, where that is asked for.
    fn strictly(
        &self,
        workspace: &WorkspaceId,
        dialect: Dialect,
        told: Vec<Outgoing>,
    ) -> Vec<Outgoing> {
        if self.strict.holds(workspace) {
            dialect::strictly(dialect, told)
        } else {
            told
        }
    }
}

/// A message whose client gave it no id.
fn is_unnamed(command: &Command) -> bool {
    let send = match command {
        Command::Guest(GuestCommand::Send(send)) => send,
        Command::Staff(StaffCommand::Send { send, .. }) => send,
        _ => return false,
    };
    send.client_id.is_none()
}

/// Gives the client a position before its first event, so that a quiet one can be recovered too.
fn ready(at: Offset) -> Telling {
    Telling {
        event: "ready",
        payload: json!({ "epoch": at.epoch }),
        offset: Some(at),
    }
}

/// Refused rather than mended: what is stored is what was written, and its sender is to know.
fn half_a_character() -> Reject {
    Reject::field(
        "payload",
        "The payload holds half of a character (a surrogate without its pair)",
    )
}

pub(super) fn unauthorized(message: &str) -> Refusal {
    let data = json!({ "code": Code::Unauthorized.as_str() });
    Refusal::Denied {
        message: message.into(),
        data: Some(data),
    }
}

/// The workspace of the page that a guest is on; whether it exists is seen when a session starts.
fn workspace(request: &ConnectRequest<'_>) -> WorkspaceId {
    let named = request
        .auth
        .get("workspace")
        .and_then(Value::as_str)
        .or_else(|| param(request, "workspace"));
    let fits = |name: &&str| !name.is_empty() && name.len() <= crate::model::limits::ID_BYTES;
    WorkspaceId::new(named.filter(fits).unwrap_or("default"))
}

pub(super) fn param<'a>(request: &'a ConnectRequest<'_>, name: &str) -> Option<&'a str> {
    let params = request.handshake.params.iter();
    params
        .into_iter()
        .find(|(known, _)| known == name)
        .map(|(_, value)| value.as_str())
}
