//! A client joins a namespace, anew or as the socket it was.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use super::{
    App,
    app::{Admission, Arriving, Back, ConnectRequest, Refusal, Socket},
    auth::PidClaims,
    deliver::Ahead,
    effects::Replaying,
    receive::{Fault, Inbound},
    repeats::Asked,
    settings::{ARRIVING_MS, READ_LIMIT, RECOVERY_TTL_MS},
    state::{Replay, SOCKETS_MAX, SocketState},
};
use crate::{
    hub::{Join, NewRecord, Resume, Resumed},
    model::{EntryId, Epoch, Millis, Offset, Partition, RecoveryId, SocketId},
    wire::socket::ROOT,
};

/// What a client is that may have shown a pid.
enum Again<S> {
    /// The socket that it was.
    Same(Resumed, S),
    /// Another one, with what it missed as the one that it was.
    Anew(Option<(Resumed, S)>),
}

/// A socket on its way in.
struct Newcomer<S: Serialize + DeserializeOwned> {
    socket: SocketState<S>,
    arriving: Arriving,
    ahead: Option<Ahead>,
    left: Option<(Resumed, S)>,
}

impl<A: App> Inbound<'_, A> {
    /// The root namespace, into which clients of the third revision come by themselves.
    pub async fn join_root(&mut self) -> Result<(), Fault> {
        self.come(ROOT, Map::new(), true).await
    }

    pub(super) async fn join(&mut self, nsp: &str, auth: Map<String, Value>) -> Result<(), Fault> {
        self.come(nsp, auth, false).await
    }

    async fn come(
        &mut self,
        nsp: &str,
        auth: Map<String, Value>,
        implied: bool,
    ) -> Result<(), Fault> {
        if self.connection.sockets.len() >= SOCKETS_MAX {
            self.pod.hit_limit("namespaces");
            self.effects.refuse(nsp, "Too many namespaces", None);
            return Ok(());
        }
        // Whoever comes in by a pod that counts as dead would be reaped again.
        if self.connection.pod.is_some() && self.pod.lease.is_lost() {
            return Err(Fault::Trouble);
        }
        let handshake = &self.connection.handshake;
        let request = ConnectRequest {
            mount: &self.connection.mount,
            nsp,
            auth: &auth,
            handshake,
            implied,
        };
        let admission = match self.pod.app.connect(request).await {
            Ok(admission) => admission,
            Err(refusal) => return self.refuse(nsp, refusal),
        };
        let (coming, known) = (Self::coming(&admission), admission.state.clone());
        let resume = self.resume(nsp, &auth, &admission);
        let asked = resume.is_some();
        let is_present = admission.subject.is_some();
        // Before the position is known: what is committed after it is heard, and need not be read.
        let ahead = match &admission.log {
            Some(log) if self.connection.pod.is_some() => {
                Some(self.pod.deliver.readers.ahead(log).await?)
            }
            _ => None,
        };
        // Who is present from the start is recorded by the commit that makes it so: nothing to ask.
        let joined = if asked || !is_present {
            let fresh = self.fresh(nsp, &coming).filter(|_| !is_present);
            let join = Join {
                workspace: admission.workspace.clone(),
                resume,
                fresh,
                now: self.pod.now(),
            };
            Some(self.pod.hub.join(join).await?)
        } else {
            None
        };
        let (top, resumed) =
            joined.map_or((None, None), |joined| (Some(joined.top), joined.resumed));
        if self.connection.join_by.take().is_some() {
            self.connection.remembered_at = self.pod.now();
        }
        let again = match self.again(resumed, known, is_present).await {
            Ok(again) => again,
            Err(refusal) => {
                self.count_resume("refused");
                return self.refuse(nsp, refusal);
            }
        };
        if asked {
            let is_back = matches!(again, Again::Same(..));
            self.count_resume(if is_back { "recovered" } else { "gap" });
        }
        let left = match again {
            Again::Same(resumed, state) => return self.recover(resumed, state, ahead).await,
            Again::Anew(left) => left,
        };
        let arriving = match top {
            Some(top) if !is_present => Arriving::New(top),
            _ => Arriving::Present(self.fresh(nsp, &coming)),
        };
        let newcomer = Newcomer {
            socket: coming,
            arriving,
            ahead,
            left,
        };
        self.come_in(nsp, newcomer).await
    }

    /// What becomes of the socket that it was.
    async fn again(
        &self,
        resumed: Option<Resumed>,
        known: A::Socket,
        is_present: bool,
    ) -> Result<Again<A::Socket>, Refusal> {
        let Some(resumed) = resumed else {
            return Ok(Again::Anew(None));
        };
        let id = resumed.recovery.id.clone();
        let left = match self.back(&resumed, known, is_present) {
            Ok(Back::Same(state)) => return Ok(Again::Same(resumed, state)),
            Ok(Back::Over(state)) if !self.can_tell_left(&resumed, &state) => {
                return Ok(Again::Same(resumed, state));
            }
            Ok(Back::Over(state)) => Some(state),
            Ok(Back::Other) => None,
            Err(Refusal::Trouble) => return Err(Refusal::Trouble),
            Err(refusal) => {
                // Its client goes on to show the pid, and would be refused for as long as there is a record.
                self.leave_record(&id, 0).await;
                return Err(refusal);
            }
        };
        // The other one has lost the socket to this one, though this one does not go on with it. For as long as that
        // may not know the record says so: without it that one would write its own again.
        let window_ms = self.pod.settings.recovery_window_ms;
        self.leave_record(&id, window_ms).await;
        let (fenced, nsp) = (resumed.fenced.clone(), &resumed.recovery.nsp);
        self.end_elsewhere(fenced, (nsp, &id)).await;
        Ok(Again::Anew(left.map(|state| (resumed, state))))
    }

    /// One that this release cannot read is none.
    fn back(
        &self,
        resumed: &Resumed,
        known: A::Socket,
        is_present: bool,
    ) -> Result<Back<A::Socket>, Refusal> {
        match serde_json::from_slice(&resumed.recovery.state) {
            Ok(kept) => self.pod.app.resume(known, kept, is_present),
            Err(_) => Ok(Back::Other),
        }
    }

    /// If this is lost, it is as if its client had lost the answer: it comes again.
    async fn leave_record(&self, id: &RecoveryId, window_ms: Millis) {
        let (hub, now) = (&self.pod.hub, self.pod.now());
        let _ = hub.leave_recovery(id, self.sid, now, window_ms).await;
    }

    fn refuse(&mut self, nsp: &str, refusal: Refusal) -> Result<(), Fault> {
        match refusal {
            Refusal::Denied { message, data } => {
                self.effects.refuse(nsp, &message, data.as_ref());
            }
            // By then its client is not on its way to another namespace any more.
            Refusal::Unmeant { message } => {
                let until = self.pod.now() + ARRIVING_MS;
                self.effects.refuse_at(nsp, &message, until);
            }
            Refusal::Trouble => return Err(Fault::Trouble),
        }
        Ok(())
    }

    /// The same for the same socket, whenever it is made: clients compare it.
    pub(super) fn pid(&self, socket: &Socket<A::Socket>) -> Option<String> {
        let claims = PidClaims::new(socket.recovery.clone(), socket.nsp.clone());
        let is_recoverable = socket.is_recoverable::<A>();
        is_recoverable
            .then(|| self.pod.pids.sign(&claims))
            .flatten()
    }

    /// What the client asks to be recovered from, if it shows a pid of ours.
    fn resume(
        &self,
        nsp: &str,
        auth: &Map<String, Value>,
        admission: &Admission<A::Socket>,
    ) -> Option<Resume> {
        if !self.is_recoverable() {
            return None;
        }
        let pid = PidClaims::verify(&self.pod.pids, auth.get("pid")?.as_str()?)?;
        // It has seen something, and nobody knows what: from the start it would see that twice.
        let Ok(offset) = offset(auth) else {
            self.count_resume("gap");
            return None;
        };
        Some(Resume {
            id: pid.rid,
            nsp: nsp.to_owned(),
            offset,
            subject: admission.subject.clone(),
            holder: self.holder(),
            ttl_ms: RECOVERY_TTL_MS,
            limit: READ_LIMIT,
        })
    }

    fn count_resume(&self, result: &str) {
        let resumes = &self.pod.metrics.resumes;
        resumes.with_label_values(&[result]).inc();
    }

    /// A socket that is not in yet.
    fn coming(admission: &Admission<A::Socket>) -> SocketState<A::Socket> {
        SocketState {
            id: SocketId::draw(),
            recovery: RecoveryId::draw(Partition::of(&admission.workspace)),
            state: admission.state.clone(),
            workspace: admission.workspace.clone(),
            // The hub says where, when the socket is in.
            start: Offset {
                epoch: Epoch(String::new()),
                at: EntryId::ZERO,
            },
            replay: None,
            asked: Asked::Nothing,
            is_put_off: false,
        }
    }

    fn fresh(&self, nsp: &str, coming: &SocketState<A::Socket>) -> Option<NewRecord> {
        self.is_recoverable().then(|| NewRecord {
            recovery: Box::new(self.record(nsp, coming)),
            expires_at: self.pod.now().saturating_add(RECOVERY_TTL_MS),
        })
    }

    /// A new socket: answered with its id, then whatever the application greets with.
    async fn come_in(&mut self, nsp: &str, newcomer: Newcomer<A::Socket>) -> Result<(), Fault> {
        let Newcomer {
            socket: mut coming,
            arriving,
            ahead,
            left,
        } = newcomer;
        let socket = Socket {
            id: coming.id.clone(),
            nsp: nsp.to_owned(),
            recovery: coming.recovery.clone(),
            sid: self.sid.clone(),
            pod: self.connection.pod.clone(),
            address: self.connection.handshake.address,
            revision: self.connection.handshake.revision,
            state: coming.state.clone(),
        };
        let top = match &arriving {
            Arriving::New(top) => Some(top.clone()),
            Arriving::Present(_) | Arriving::Recovered(_) | Arriving::Upgraded => None,
        };
        let arrival = self.pod.app.arrive(&socket, arriving).await?;
        let replay = arrival.topic.map(|topic| Replay {
            log: topic.log,
            start: topic.from,
            subject: topic.subject,
        });
        let start = replay.as_ref().map(|replay| replay.start.clone());
        let was_recorded = top.is_some();
        coming.start = top.or(start).ok_or(Fault::Trouble)?;
        coming.replay = replay.clone();
        if let Some(state) = arrival.state {
            coming.state = state;
        }
        self.connection.sockets.insert(nsp.to_owned(), coming);
        if was_recorded && replay.is_some() {
            // Its record was written before anybody knew what it replays.
            self.remember(&socket).await?;
        }
        tracing::debug!(nsp, "joined");
        self.admit(&socket);
        if let Some((resumed, state)) = left {
            self.tell_left(resumed, state);
        }
        self.greet(&socket, &arrival.say);
        if let Some(replay) = replay {
            let from = replay.start.at;
            let replaying = Replaying {
                replay,
                from,
                ahead,
            };
            self.effects.replays.push((nsp.to_owned(), Some(replaying)));
        }
        Ok(())
    }
}

/// The last offset that the client has seen; `None` if it has seen none. `Err` if what it shows is none: a
/// client keeps any string that an event ends in.
fn offset(auth: &Map<String, Value>) -> Result<Option<Offset>, ()> {
    match auth.get("offset") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => text.parse().map(Some).map_err(|_| ()),
        Some(_) => Err(()),
    }
}
