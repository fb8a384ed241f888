//! A client joins a namespace, anew or as the socket it was.

use serde_json::{Map, Value};

use super::{
    App,
    app::{Admission, ConnectRequest, Refusal, Socket},
    auth::PidClaims,
    receive::{Fault, Inbound},
    settings::{READ_LIMIT, RECOVERY_TTL_MS},
    state::{Replay, SOCKETS_MAX, SocketState},
};
use crate::{
    hub::{Join, Resume},
    model::{Offset, Partition, RecoveryId, SocketId},
    wire::socket::encode as write,
};

impl<A: App> Inbound<'_, A> {
    pub(super) async fn join(&mut self, nsp: &str, auth: Map<String, Value>) -> Result<(), Fault> {
        if self.connection.sockets.len() >= SOCKETS_MAX {
            self.pod.hit_limit("namespaces");
            let refusal = write::connect_error(nsp, "Too many namespaces", None);
            self.effects.text(refusal);
            return Ok(());
        }
        let handshake = &self.connection.handshake;
        let request = ConnectRequest {
            nsp,
            auth: &auth,
            handshake,
        };
        let admission = match self.pod.app.connect(request).await {
            Ok(admission) => admission,
            Err(Refusal::Denied { message, data }) => {
                let refusal = write::connect_error(nsp, &message, data.as_ref());
                self.effects.text(refusal);
                return Ok(());
            }
            Err(Refusal::Trouble) => return Err(Fault::Trouble),
        };
        let resume = self.resume(nsp, &auth, &admission);
        let asked = resume.is_some();
        let join = Join {
            workspace: admission.workspace.clone(),
            resume,
            now: self.pod.now(),
        };
        let joined = self.pod.hub.join(join).await?;
        if asked {
            let result = if joined.resumed.is_some() {
                "recovered"
            } else {
                "gap"
            };
            self.pod.metrics.resumes.with_label_values(&[result]).inc();
        }
        if self.connection.join_by.take().is_some() {
            self.connection.remembered_at = self.pod.now();
        }
        let resumed = joined.resumed.and_then(|resumed| {
            let state = serde_json::from_slice(&resumed.recovery.state).ok()?;
            Some((resumed, state))
        });
        match resumed {
            Some((resumed, state)) => self.recover(resumed, state).await,
            None => self.come_in(nsp, admission, joined.top).await,
        }
    }

    /// The same for the same socket, whenever it is made: clients compare it.
    pub(super) fn pid(&self, socket: &Socket<A::Socket>) -> Option<String> {
        let claims = PidClaims::new(socket.recovery.clone(), socket.nsp.clone());
        A::RECOVERY.then(|| self.pod.pids.sign(&claims)).flatten()
    }

    /// What the client asks to be recovered from, if it shows a pid of ours.
    fn resume(
        &self,
        nsp: &str,
        auth: &Map<String, Value>,
        admission: &Admission<A::Socket>,
    ) -> Option<Resume> {
        if !A::RECOVERY {
            return None;
        }
        let pid = PidClaims::verify(&self.pod.pids, auth.get("pid")?.as_str()?)?;
        let offset = auth.get("offset").and_then(Value::as_str);
        Some(Resume {
            id: pid.rid,
            nsp: nsp.to_owned(),
            offset: offset.and_then(|offset| offset.parse().ok()),
            subject: admission.subject.clone(),
            holder: self.holder(),
            ttl_ms: RECOVERY_TTL_MS,
            limit: READ_LIMIT,
        })
    }

    /// A new socket: answered with its id, then whatever the application greets with.
    async fn come_in(
        &mut self,
        nsp: &str,
        admission: Admission<A::Socket>,
        top: Offset,
    ) -> Result<(), Fault> {
        let socket = Socket {
            id: SocketId::draw(),
            nsp: nsp.to_owned(),
            recovery: RecoveryId::draw(Partition::of(&admission.workspace)),
            sid: self.sid.clone(),
            state: admission.state,
        };
        if let Some(subject) = &admission.subject {
            self.index(&admission.workspace, subject).await?;
        }
        let arrival = self.pod.app.arrive(&socket, false, top.clone()).await?;
        let replay = arrival.topic.map(|topic| Replay {
            log: topic.log,
            start: topic.from,
            subject: topic.subject,
        });
        let known = SocketState {
            id: socket.id.clone(),
            recovery: socket.recovery.clone(),
            state: socket.state.clone(),
            workspace: admission.workspace,
            start: top,
            replay: replay.clone(),
        };
        self.connection.sockets.insert(nsp.to_owned(), known);
        self.remember(&socket).await?;
        tracing::debug!(socket = %socket.id, nsp, "joined");
        self.greet(&socket, &arrival.say);
        if let Some(replay) = replay {
            let from = replay.start.at;
            self.effects
                .replays
                .push((nsp.to_owned(), Some((replay, from))));
        }
        Ok(())
    }
}
