//! The chat application on the server: who a socket is, its vocabulary, the rules.
//!
//! Composition, beside `config` and `main`: it names `server`, `dialect` and `chat`, none of which
//! names the others.

pub mod admin;
mod backends;
mod guest;
mod run;
mod socket;
mod staff;
pub mod trial;

use std::sync::Arc;

use serde_json::{Value, json};

pub use backends::{Backends, prepare};
pub use run::{Running, StartError, start, waiting};
pub use socket::RelaySocket;

use crate::{
    chat::{Actor, Bound, Chat, Directory, Done, OperatorActor, Told},
    config::Ack,
    dialect::{self, Audience, Dialect},
    hub::{Deadline, Log, NewRecord, Presence, RecordOp, Subject},
    model::{
        Aside, Clock, Code, Command, DedupId, Entry, GuestCommand, Millis, Notice, Offset, Reject,
        Reply, StaffCommand, WorkspaceId,
    },
    server::{
        Admission, App, Arrival, Arriving, ConnectRequest, Late, Named, Refusal, Saying, Socket,
        Telling, Topic, Trouble, Turn, Wait, What,
        auth::{GuestClaims, Keyring, Verifier},
    },
    wire::socket::Event,
};

/// Where guests are; operators are on the root namespace.
const GUESTS: &str = "/public-portal";
const OPERATORS: &str = "/";

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
}

impl App for Relay {
    type Socket = RelaySocket;
    type Class = (Dialect, Audience);

    const RECOVERY: bool = true;

    async fn connect(
        &self,
        request: ConnectRequest<'_>,
    ) -> Result<Admission<RelaySocket>, Refusal> {
        let state = match request.nsp {
            GUESTS => RelaySocket::Guest {
                workspace: workspace(&request),
                session: None,
                name: None,
                since: 0,
            },
            OPERATORS => self.operator(&request).await?,
            _ => {
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
                RelaySocket::Guest { .. } => None,
            },
            state,
        })
    }

    async fn arrive(
        &self,
        socket: &Socket<RelaySocket>,
        arriving: Arriving,
    ) -> Result<Arrival, Trouble> {
        let dedup = DedupId::draw();
        if matches!(arriving, Arriving::Upgraded) {
            return self.upgraded(socket, &dedup).await;
        }
        let mut missed = Vec::new();
        let (topic, at) = match (socket.state.actor(socket), arriving) {
            (Actor::Guest(_), Arriving::New(at)) => (None, at),
            (Actor::Guest(guest), Arriving::Recovered(at)) => {
                let arrived = self.chat.guest_arrived(&guest, &dedup).await;
                let notice = arrived.map_err(|_| Trouble)?;
                missed = notice.map_or_else(Vec::new, |it| self.beside(&socket.state, &it));
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
        })
    }

    async fn event(
        &self,
        socket: &Socket<RelaySocket>,
        event: Event,
        named: Named,
    ) -> Turn<RelaySocket> {
        let (dialect, audience) = self.class(&socket.state);
        let name = event.name.as_str().unwrap_or_default();
        let command = if event.replaced {
            Err(half_a_character())
        } else {
            dialect::decode(dialect, audience, name, event.args.first())
        };
        let actor = socket.state.actor(socket);
        let unanswered = event.id.is_none().then_some(name);
        let done = match command.and_then(|it| self.verified(socket.state.workspace(), it)) {
            Ok(command) => self.handle(&actor, command, &named).await,
            Err(reject) => {
                self.chat.count_refusal(&actor, &reject);
                Err(reject)
            }
        };
        match done {
            Ok(done) => self.turn(&socket.state, done),
            Err(reject) => Turn {
                say: vec![refusal(dialect, &reject, unanswered)],
                ..Turn::default()
            },
        }
    }

    fn is_query(&self, socket: &Socket<RelaySocket>, event: &Event) -> bool {
        let (dialect, _) = self.class(&socket.state);
        dialect::is_query(dialect, event.name.as_str().unwrap_or_default())
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

    fn is_revoked(&self, socket: &RelaySocket) -> bool {
        match socket {
            RelaySocket::Guest { .. } => false,
            RelaySocket::Operator {
                workspace,
                id,
                issued,
                ..
            } => self.directory.is_revoked(workspace, id, *issued),
        }
    }

    async fn due(&self, deadline: Deadline) {
        self.chat.due(deadline).await;
    }

    fn class(&self, socket: &RelaySocket) -> Self::Class {
        (Dialect::Native, socket.audience())
    }

    fn encode(&self, (dialect, audience): Self::Class, entry: &Entry) -> Vec<Telling> {
        let events = dialect::encode_entry(dialect, audience, entry).into_iter();
        events
            .map(|out| Telling {
                event: out.event,
                payload: out.payload,
                offset: None,
            })
            .collect()
    }

    fn encode_aside(&self, (dialect, audience): Self::Class, aside: &Aside) -> Option<Telling> {
        let out = dialect::encode_aside(dialect, audience, aside)?;
        Some(Telling {
            event: out.event,
            payload: out.payload,
            offset: None,
        })
    }
}

impl Relay {
    /// Present as before, and its pod's to answer for.
    async fn upgraded(
        &self,
        socket: &Socket<RelaySocket>,
        dedup: &DedupId,
    ) -> Result<Arrival, Trouble> {
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

    /// What is said to a socket beside its log, and beside any request.
    fn beside(&self, socket: &RelaySocket, notice: &Notice) -> Vec<Telling> {
        let (dialect, audience) = self.class(socket);
        let told = dialect::encode_notice(dialect, audience, notice, None).into_iter();
        told.map(|out| Telling {
            event: out.event,
            payload: out.payload,
            offset: None,
        })
        .collect()
    }

    fn turn(&self, state: &RelaySocket, done: Done) -> Turn<RelaySocket> {
        let (dialect, audience) = self.class(state);
        let token = self.resume_token(&done);
        let token = token.as_deref();
        let ack = dialect::encode_reply(dialect, audience, &done.reply, token);
        // What is said to be stored waits for that in any case, by a mark of its own.
        let acked = done.mark.filter(|_| self.ack == Ack::Stored);
        let wait = acked.clone().map(|mark| Wait {
            mark,
            late: Late::Answer(dialect::encode_reject(&Reject::pending())),
        });
        let mut say = vec![Saying {
            what: What::Ack(ack),
            wait,
        }];
        for Told { notice, mark } in done.notices {
            // What holds whenever it is said is said in any case; what belongs to an answer goes with it.
            let late = || match mark {
                Some(_) => Late::Wait,
                None => Late::Drop,
            };
            let mark = mark.as_ref().or(acked.as_ref());
            for out in dialect::encode_notice(dialect, audience, &notice, token) {
                say.push(Saying {
                    what: What::Event(Telling {
                        event: out.event,
                        payload: out.payload,
                        // It may be held, and would take the client back behind what came meanwhile. Until the
                        // next entry its offset is that of its CONNECT, which counts as where the log began.
                        offset: None,
                    }),
                    wait: mark.cloned().map(|mark| Wait { mark, late: late() }),
                });
            }
        }
        let state = done.bound.as_ref().map(RelaySocket::bound);
        Turn {
            say,
            state,
            topic: done.bound.map(topic),
        }
    }

    /// Whoever holds it is the guest of the session, as far back as the one it is given to is.
    fn resume_token(&self, done: &Done) -> Option<String> {
        let bound = done.bound.as_ref()?;
        let now = self.clock.now() / 1000;
        let claims = GuestClaims::new(bound.workspace.clone(), bound.session.clone(), now);
        let claims = claims.since(bound.since).verified(bound.verified);
        self.signing.sign(&claims)
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

fn topic(bound: Bound) -> Topic {
    let subject = Subject::Guest(bound.session.clone());
    Topic {
        log: Log::Session(bound.workspace, bound.session),
        from: bound.from,
        subject,
    }
}

/// Gives the client a position before its first event, so that a quiet one can be recovered too.
fn ready(at: Offset) -> Telling {
    Telling {
        event: "ready",
        payload: json!({ "epoch": at.epoch }),
        offset: Some(at),
    }
}

/// Who asks for no answer is told of a refusal all the same.
fn refusal(dialect: Dialect, reject: &Reject, unanswered: Option<&str>) -> Saying {
    let what = match unanswered {
        None => What::Ack(dialect::encode_reject(reject)),
        Some(event) => {
            let out = dialect::encode_error(dialect, event, reject);
            What::Event(Telling {
                event: out.event,
                payload: out.payload,
                offset: None,
            })
        }
    };
    Saying { what, wait: None }
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
