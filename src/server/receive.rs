//! What a client sends, whichever way it came: one message after the other, in order.

use std::sync::Arc;

use bytes::Bytes;
use indexmap::IndexMap;
use serde_json::Map;

use super::{
    App, Pod,
    app::{Named, Socket, Turn},
    depart,
    effects::{Effects, Replaying},
    revoke::is_over,
    settings::{READ_LIMIT, RECOVERY_TTL_MS},
    state::{ConnectionState, Replay, SocketState},
};
use crate::{
    hub::{Holder, Listener, Recovery, Unavailable},
    model::{Entry, Frame, Sid},
    wire::{
        engine::{Message, Revision},
        socket::{Admitted, Event, Kind, ROOT, admit, encode as write, v2},
    },
};

/// Why a connection is ended by the server. The label is a metric's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A packet that no client in order sends.
    Protocol,
    /// The hub does not answer: the client comes back and tries again.
    Trouble,
    /// Its operator may not be here any more. Coming back, the client is told so.
    Revoked,
    /// As that, since its token has ended.
    Ended,
    /// Nobody on it has said in time who it is.
    Unjoined,
    /// As that, though somebody has: it could not be done just then. The client comes back and says it again.
    PutOff,
}

impl Fault {
    pub fn label(self) -> &'static str {
        match self {
            Self::Protocol => "parse error",
            Self::Trouble => "unavailable",
            Self::Revoked => "revoked",
            Self::Ended => "token ended",
            Self::Unjoined => "not joined",
            Self::PutOff => "put off",
        }
    }
}

impl From<Unavailable> for Fault {
    fn from(_: Unavailable) -> Self {
        Self::Trouble
    }
}

/// A connection whose messages are being applied: what they change, and what they cause.
pub struct Inbound<'a, A: App> {
    pub pod: &'a Pod<A>,
    pub sid: &'a Sid,
    pub connection: &'a mut ConnectionState<A::Socket>,
    pub effects: &'a mut Effects,
    /// Where the sockets of a polling connection are in their logs. Those of a WebSocket its own task knows.
    pub listeners: Option<&'a IndexMap<String, Listener>>,
    /// For what may be answered out of its turn, by a transport that can.
    pub queries: Option<Asked<'a, A::Socket>>,
}

/// An event that only asks.
pub struct Query<S> {
    pub socket: Socket<S>,
    pub event: Event,
    pub named: Named,
}

/// Room for as many questions.
pub struct Asked<'a, S> {
    pub room: usize,
    pub queries: &'a mut Vec<Query<S>>,
}

impl<A: App> Inbound<'_, A> {
    /// Applies one message. `request` names it: the same name is the same message sent again, and
    /// does its work once.
    pub async fn receive(&mut self, message: Message, request: &str) -> Result<(), Fault> {
        let mut mounts = self.pod.settings.mounts.iter();
        let mount = mounts.find(|mount| mount.path == self.connection.mount);
        let mount = mount.ok_or(Fault::Protocol)?;
        if mount.raw {
            return self.raw(message);
        }
        let shown = match &message {
            Message::Text(text) if !self.is_newest() => v2::shown(text),
            _ => Map::new(),
        };
        let decoder = &mut self.connection.decoder;
        let packet = match message {
            Message::Text(text) => decoder.text(&text),
            Message::Binary(bytes) => decoder.binary(bytes, mount.max_payload),
        };
        let Some(packet) = packet.map_err(|_| Fault::Protocol)? else {
            return Ok(());
        };
        let joined = self.connection.sockets.contains_key(&packet.nsp);
        let is_connect = matches!(packet.kind, Kind::Connect(_));
        // It is there already, and has been told so: as if it had asked.
        if is_connect && joined && packet.nsp == ROOT && !self.is_newest() {
            return Ok(());
        }
        match admit(packet, joined).map_err(|_| Fault::Protocol)? {
            Admitted::Connect { nsp, auth } if self.is_newest() => self.join(&nsp, auth).await,
            Admitted::Connect { nsp, .. } => self.join(&nsp, shown).await,
            Admitted::Leave { nsp } => self.leave(&nsp).await,
            Admitted::Event { nsp, event } => self.event(&nsp, event, request).await,
            // The server asks for no acks.
            Admitted::Ack { .. } => Ok(()),
        }
    }

    /// Whether its client speaks the newest revision of the protocol. Those of the one before cannot be
    /// recovered, nor does anything of them need to be kept for that.
    fn is_newest(&self) -> bool {
        self.connection.handshake.revision == Revision::V4
    }

    /// Whether its sockets can be recovered.
    pub(super) fn is_recoverable(&self) -> bool {
        A::RECOVERY && self.is_newest()
    }

    /// Saves what a socket needs to be recovered.
    pub(super) async fn remember(&self, socket: &Socket<A::Socket>) -> Result<(), Fault> {
        // Recovered on another connection meanwhile: this one is over, and is being told so.
        if self.holds(&socket.nsp).await? {
            Ok(())
        } else {
            Err(Fault::Trouble)
        }
    }

    /// Whether this connection still holds the record of the socket in that namespace, which is then written
    /// as the socket is now.
    pub(super) async fn holds(&self, nsp: &str) -> Result<bool, Unavailable> {
        let known = self.connection.sockets.get(nsp);
        let Some(known) = known.filter(|_| self.is_recoverable()) else {
            return Ok(true);
        };
        let recovery = self.record(nsp, known);
        let now = self.pod.now();
        let saved = self.pod.hub.save_recovery(recovery, now, RECOVERY_TTL_MS);
        saved.await
    }

    /// What is needed to recover a socket.
    pub(super) fn record(&self, nsp: &str, known: &SocketState<A::Socket>) -> Recovery {
        let replay = known.replay.as_ref();
        Recovery {
            id: known.recovery.clone(),
            socket: known.id.clone(),
            nsp: nsp.to_owned(),
            workspace: known.workspace.clone(),
            subject: replay.map(|replay| replay.subject.clone()),
            log: replay.map(|replay| replay.log.clone()),
            start: replay.map_or(&known.start, |replay| &replay.start).clone(),
            state: serde_json::to_vec(&known.state).unwrap_or_default().into(),
            asked: match known.asked.kept() {
                Some(asking) => serde_json::to_vec(&asking).unwrap_or_default().into(),
                None => Bytes::new(),
            },
            holder: self.holder(),
        }
    }

    /// Keeps the recovery records of a connection that stays up alive; asked with every pong.
    pub async fn renew(&mut self) -> Result<(), Fault> {
        let now = self.pod.now();
        if now.saturating_sub(self.connection.remembered_at) < RECOVERY_TTL_MS / 4 {
            return Ok(());
        }
        let namespaces: Vec<String> = self.connection.sockets.keys().cloned().collect();
        for nsp in namespaces {
            if let Some(socket) = self.connection.socket(self.sid, &nsp) {
                self.remember(&socket).await?;
            }
        }
        self.connection.remembered_at = now;
        Ok(())
    }

    pub(super) fn holder(&self) -> Holder {
        Holder {
            pod: self.pod.id.clone(),
            sid: self.sid.clone(),
        }
    }

    fn raw(&mut self, message: Message) -> Result<(), Fault> {
        let answer = self.pod.app.raw(message).ok_or(Fault::Protocol)?;
        self.effects.frames(vec![match answer {
            Message::Text(text) => Frame::text(format!("4{text}")),
            Message::Binary(bytes) => Frame::Binary(bytes),
        }]);
        Ok(())
    }

    async fn event(&mut self, nsp: &str, event: Event, request: &str) -> Result<(), Fault> {
        let Some(socket) = self.connection.socket(self.sid, nsp) else {
            return Err(Fault::Protocol);
        };
        if let Some(over) = is_over(&*self.pod.app, &socket.state, self.pod.now()) {
            return Err(over);
        }
        let named = self.name(nsp, &event, request).await?;
        if let Some(asked) = &mut self.queries
            && asked.queries.len() < asked.room
            && self.pod.app.is_query(&socket, &event)
        {
            asked.queries.push(Query {
                socket,
                event,
                named,
            });
            return Ok(());
        }
        let id = event.id;
        let turn = self.pod.app.event(&socket, event, named).await;
        let hold_until = self.pod.now() + self.pod.settings.ack_timeout_ms;
        let Turn {
            say,
            state,
            topic,
            is_put_off,
        } = turn;
        let replay = topic.map(|topic| Replay {
            log: topic.log,
            start: topic.from,
            subject: topic.subject,
        });
        // It reads on from where it is: that may be before where whoever comes anew begins.
        let replay = replay.filter(|replay| !self.replays_already(nsp, replay));
        if let Some(replay) = &replay {
            self.tell_rest(&socket, replay).await?;
        }
        self.effects.changed |= state.is_some();
        let changed = state.is_some() || replay.is_some();
        if let Some(known) = self.connection.sockets.get_mut(nsp) {
            known.state = state.unwrap_or_else(|| known.state.clone());
            known.asked.answered(id, &say);
            known.is_put_off |= is_put_off;
            if let Some(replay) = &replay {
                known.workspace = replay.log.workspace().clone();
                known.replay = Some(replay.clone());
            }
        }
        if let Some(known) = self.connection.sockets.get(nsp)
            && self.pod.app.is_revoked(&known.state)
            && self.connection.pod.is_none()
        {
            // Its parked GET wakes for it, and ends the connection.
            self.effects.text(write::disconnect(nsp));
        }
        if changed {
            // Before the answer: once the client believes in its session, it can be recovered.
            self.remember(&socket).await?;
        }
        if let Some(replay) = replay {
            let replaying = Replaying {
                from: replay.start.at,
                replay,
                ahead: None,
            };
            self.effects.replays.push((nsp.to_owned(), Some(replaying)));
        }
        for saying in say {
            self.effects.say(nsp, id, saying, hold_until);
        }
        Ok(())
    }

    fn replays_already(&self, nsp: &str, next: &Replay) -> bool {
        let known = self.connection.sockets.get(nsp);
        let known = known.and_then(|known| known.replay.as_ref());
        known.is_some_and(|known| {
            let is_same_life = known.start.epoch == next.start.epoch;
            known.log == next.log && known.subject == next.subject && is_same_life
        })
    }

    /// A polling socket turns to another log: what its next GETs would have read of the one before is told first. What a
    /// GET is answered with meanwhile is told twice.
    async fn tell_rest(&mut self, socket: &Socket<A::Socket>, next: &Replay) -> Result<(), Fault> {
        let nsp = socket.nsp.as_str();
        let has_turned = self.effects.replays.iter().any(|(of, _)| of == nsp);
        let listener = self.listeners.and_then(|all| all.get(nsp));
        let listener = listener.filter(|it| it.log != next.log && !has_turned);
        let known = self.connection.sockets.get(nsp);
        let replay = known.and_then(|known| known.replay.clone());
        let (Some(Listener { log, cursor }), Some(replay)) = (listener, replay) else {
            return Ok(());
        };
        let page = self.pod.hub.read(log, *cursor, READ_LIMIT).await?;
        if page.complete && page.epoch == replay.start.epoch {
            // A position behind where the next one begins would be taken for one in that.
            let is_before =
                |entry: &Arc<Entry>| page.epoch != next.start.epoch || entry.id <= next.start.at;
            let end = page.entries.partition_point(is_before);
            self.tell_missed(socket, &replay, &page.entries[..end]);
        }
        Ok(())
    }

    /// The client leaves a namespace on purpose: there is nothing to recover.
    async fn leave(&mut self, nsp: &str) -> Result<(), Fault> {
        let Some(socket) = self.connection.socket(self.sid, nsp) else {
            return Ok(());
        };
        depart::socket(self.pod, &socket, 0).await?;
        self.connection.sockets.shift_remove(nsp);
        self.effects.replays.push((nsp.to_owned(), None));
        Ok(())
    }
}
