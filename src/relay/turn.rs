//! From a command to what is said of it.

use super::{Relay, RelaySocket, rooms::Watched, staff::Joined};
use crate::{
    chat::{Actor, Bound, Done, Told},
    config::Ack,
    dialect::{self, Audience, Dialect},
    hub::{Log, Mark, Subject},
    model::{Code, Command, GuestCommand, Reject, Reply, Toward},
    server::{Late, Named, Saying, Socket, Telling, Topic, Turn, Wait, What, auth::GuestClaims},
    wire::{engine::Revision, socket::Event},
};

impl Relay {
    /// Carries out what a socket asks that speaks this.
    pub(super) async fn turn(
        &self,
        socket: &Socket<RelaySocket>,
        spoken: Dialect,
        command: Command,
        named: &Named,
    ) -> Result<Turn<RelaySocket>, Reject> {
        let (state, audience) = (&socket.state, socket.state.audience());
        let mut asked_in = None;
        let command = match command {
            Command::Join(join) => {
                let joined = self.join(socket, spoken, join, &named.id).await;
                let joined = joined.inspect_err(|reject| self.count(socket, reject))?;
                return Ok(self.joined(state, spoken, joined));
            }
            Command::Watch(watch) => {
                let watched = self.watch(socket, watch, &named.id).await;
                match watched.inspect_err(|reject| self.count(socket, reject))? {
                    Watched::Joined(state) => {
                        let told = self.told(audience, spoken, Done::of(Reply::Done));
                        let state = Some(state);
                        return Ok(Turn { state, ..told });
                    }
                    Watched::Entered(state, topic) => {
                        let joined = Joined::Now { state, topic };
                        return Ok(self.joined(&socket.state, spoken, joined));
                    }
                    Watched::Refused => {
                        return Ok(self.joined(&socket.state, spoken, Joined::Refused));
                    }
                    Watched::Done(done) => return Ok(self.told(audience, spoken, done)),
                    Watched::Goes(command) => command,
                }
            }
            Command::Toward(toward) => {
                asked_in = Some(toward.field);
                let reached = self.reach(&state.actor(socket), toward).await;
                reached.inspect_err(|reject| self.count(socket, reject))?
            }
            command => with_shown(state, command),
        };
        let command = self.verified(state.workspace(), command);
        let command = command.inspect_err(|reject| self.count(socket, reject))?;
        let done = self.carry_out(&state.actor(socket), command, named).await;
        let done = done.map_err(|reject| by_its_field(reject, asked_in))?;
        let mut turn = self.told(audience, spoken, done);
        if turn.state.is_none() && state.dialect() != spoken {
            turn.state = Some(state.clone().speaking(spoken));
        }
        Ok(turn)
    }

    /// With what comes along stored before anything is decided.
    pub(super) async fn carry_out(
        &self,
        actor: &Actor,
        command: Command,
        named: &Named,
    ) -> Result<Done, Reject> {
        let resolved = self.files.resolve(&self.chat, actor, command).await;
        let command = resolved.inspect_err(|reject| self.chat.count_refusal(actor, reject))?;
        let mut done = self.handle(actor, command, named).await?;
        self.files.link_done(actor.workspace(), &mut done);
        Ok(done)
    }

    /// In the workspace of whoever asks, whatever the name says.
    async fn reach(&self, actor: &Actor, toward: Toward) -> Result<Command, Reject> {
        let Actor::Operator(operator) = actor else {
            return Err(Reject::new(Code::Forbidden, "This is not for you to ask"));
        };
        self.chat.charge_signal(actor).await?;
        let Toward { alias, field, asks } = toward;
        let session = self.chat.find(&operator.workspace, alias, field).await?;
        Ok(Command::Staff(asks.of(session)))
    }

    fn count(&self, socket: &Socket<RelaySocket>, reject: &Reject) {
        let actor = socket.state.actor(socket);
        self.chat.count_refusal(&actor, reject);
    }

    fn joined(&self, before: &RelaySocket, dialect: Dialect, joined: Joined) -> Turn<RelaySocket> {
        match joined {
            Joined::Before(done) => self.told(Audience::Operator, dialect, done),
            Joined::Renewed(state) => {
                let told = self.told(Audience::Operator, dialect, Done::of(Reply::Done));
                let state = Some(state);
                Turn { state, ..told }
            }
            Joined::Now { state, topic } => {
                let told = self.told(Audience::Operator, dialect, Done::of(Reply::Done));
                Turn {
                    state: Some(state),
                    topic: Some(topic),
                    ..told
                }
            }
            // Nothing is said but that it has to leave.
            Joined::Refused => Turn {
                state: Some(RelaySocket::Refused {
                    workspace: before.workspace().clone(),
                }),
                ..Turn::default()
            },
        }
    }

    /// What is said of what was done, to a socket that speaks this.
    pub(super) fn told(
        &self,
        audience: Audience,
        dialect: Dialect,
        done: Done,
    ) -> Turn<RelaySocket> {
        let token = self.resume_token(&done);
        let token = token.as_deref();
        let ack = dialect::encode_reply(audience, &done.reply, token);
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
        say.extend(answers(dialect, &done.reply, acked.as_ref()));
        for Told { notice, mark } in done.notices {
            // What holds whenever it is said is said in any case; what belongs to an answer goes with it.
            let late = || match mark {
                Some(_) => Late::Wait,
                None => Late::Drop,
            };
            let mark = mark.as_ref().or(acked.as_ref());
            for out in self.notice((dialect, audience), &notice, token) {
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
        let state = done.bound.as_ref();
        let state = state.map(|bound| RelaySocket::bound(bound, dialect));
        Turn {
            say,
            state,
            topic: done.bound.map(topic),
            is_put_off: false,
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

/// A conversation that is not there, by the field in which its client has named it.
fn by_its_field(reject: Reject, asked_in: Option<&'static str>) -> Reject {
    match (reject.field, asked_in) {
        (Some("sessionId"), Some(_)) => Reject {
            field: asked_in,
            ..reject
        },
        _ => reject,
    }
}

/// A guest that names no session goes on with the one whose token it came with.
fn with_shown(state: &RelaySocket, command: Command) -> Command {
    let RelaySocket::Guest {
        session: None,
        shown,
        ..
    } = state
    else {
        return command;
    };
    match command {
        Command::Guest(GuestCommand::Start(mut start)) if start.token.is_none() => {
            start.resume = start.resume.take().or_else(|| shown.resume());
            Command::Guest(GuestCommand::Start(start))
        }
        other => other,
    }
}

/// What front ends that ask for no acknowledgement are told; not before they would be acknowledged.
fn answers(dialect: Dialect, reply: &Reply, acked: Option<&Mark>) -> Vec<Saying> {
    let told = dialect::encode_answer(dialect, reply).into_iter();
    told.map(|out| Saying {
        what: What::Event(telling(out)),
        wait: acked.cloned().map(|mark| Wait {
            mark,
            late: Late::Drop,
        }),
    })
    .collect()
}

/// Who asks for no answer is told of a refusal all the same.
pub(super) fn refused(
    class: (Dialect, Audience),
    socket: &Socket<RelaySocket>,
    event: &Event,
    reject: &Reject,
) -> Turn<RelaySocket> {
    let (name, is_acked) = (event.name.as_str().unwrap_or_default(), event.id.is_some());
    let ack = is_acked.then(|| What::Ack(dialect::encode_reject(reject)));
    let mut events = dialect::encode_refusal(class, name, reject, is_acked);
    if socket.revision == Revision::V3 {
        // To their clients `error` also means that the connection has failed.
        let again = events.iter().filter(|out| out.event == "error").cloned();
        let again: Vec<_> = again
            .map(|out| dialect::Outgoing {
                event: "chat_error",
                ..out
            })
            .collect();
        events.extend(again);
    }
    let events = events.into_iter().map(|out| What::Event(telling(out)));
    let say = ack.into_iter().chain(events);
    Turn {
        say: say.map(|what| Saying { what, wait: None }).collect(),
        ..Turn::default()
    }
}

pub(super) fn telling(out: dialect::Outgoing) -> Telling {
    Telling {
        event: out.event,
        payload: out.payload,
        offset: None,
    }
}

fn topic(bound: Bound) -> Topic {
    let subject = Subject::Guest(bound.session.clone());
    Topic {
        log: Log::Session(bound.workspace, bound.session),
        from: bound.from,
        subject,
    }
}
