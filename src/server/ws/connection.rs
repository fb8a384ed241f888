use std::{collections::HashMap, convert::Infallible, sync::Arc, time::Duration};

use futures_util::FutureExt;
use tokio::sync::{OwnedSemaphorePermit, watch};

use super::{
    end::End,
    held::Held,
    link::{Link, LinkError},
    queries::{Answered, Queries},
};
use crate::{
    hub::{Departed, Persisted},
    model::{EntryId, Frame, Millis, Sid},
    server::{
        App, Arriving, Mount, Pod, Trouble,
        deliver::{Mailbox, Reader, Waiter, Watching, mailbox},
        depart,
        effects::{Effects, Replaying},
        receive::{Asked, Fault, Inbound},
        revoke::ends_at,
        settings::ARRIVING_MS,
        state::{ConnectionState, Handshake, Replay},
    },
    wire::engine::{Heartbeat, Packet, Revision, v3},
};

/// Answers that may wait for storage at a time; beyond that the client is read no further.
const HELD_MAX: usize = 1024;

/// One WebSocket: reads packets, applies them, and writes what comes for it.
pub struct Connection<A: App> {
    pub(super) pod: Arc<Pod<A>>,
    mount: Mount,
    pub(super) sid: Sid,
    pub(super) link: Link,
    pub(super) state: ConnectionState<A::Socket>,
    heartbeat: Heartbeat,
    pub(super) mailbox: Mailbox,
    pub(super) reader: Reader,
    waiter: Option<Waiter>,
    pub(super) listening: HashMap<String, Listening<A>>,
    held: Held,
    queries: Queries<A>,
    persisted: watch::Receiver<Persisted>,
    /// To be carried out before anything else.
    first: Effects,
    /// And then its client comes into the root namespace, unasked.
    enters: bool,
    requests: u64,
    /// Its place among those on their way in, and until when it has it if it says nothing.
    arriving: Option<(OwnedSemaphorePermit, Millis)>,
    /// Its turn to go, and why: all of many at once would come back at once.
    close_at: Option<(Millis, End)>,
    losses: watch::Receiver<u64>,
    revocations: watch::Receiver<()>,
}

/// A socket on its log.
pub(super) struct Listening<A: App> {
    pub replay: Replay,
    /// As which its reader is told.
    pub class: A::Class,
    pub cursor: EntryId,
    pub watching: Watching<A>,
}

/// Who is at the other end, and by which way.
pub(super) struct Peer {
    pub mount: Mount,
    pub sid: Sid,
    pub link: Link,
}

impl<A: App> Connection<A> {
    pub fn fresh(pod: Arc<Pod<A>>, peer: Peer, handshake: Handshake) -> Self {
        let (now, mount) = (pod.now(), &peer.mount);
        let join_by = (!mount.raw).then(|| now + pod.settings.connect_timeout_ms);
        let open = handshake.open(&peer.sid, mount, &[]);
        let heartbeat = handshake.heartbeat(now, mount);
        let enters = handshake.revision == Revision::V3 && !mount.raw;
        let state = ConnectionState::new(&mount.path, handshake, join_by);
        let mut connection = Self::new(pod, peer, state, heartbeat);
        connection.first.text(open);
        connection.enters = enters;
        connection
    }

    /// Goes on where polling ended. `None` if its state cannot be read, or is another mount's.
    pub fn upgraded(pod: Arc<Pod<A>>, peer: Peer, departed: Departed) -> Option<Self> {
        let state = ConnectionState::<A::Socket>::of_mount(&departed.state, &peer.mount)?;
        let replays = departed.listeners.into_iter().map(|(nsp, listener)| {
            let known = state.sockets.get(&nsp);
            let replay = known.and_then(|socket| socket.replay.clone());
            let replaying = replay.map(|replay| Replaying {
                replay,
                from: listener.cursor,
                ahead: None,
            });
            (nsp, replaying)
        });
        let mut first = Effects::new(state.handshake.revision);
        first.replays = replays.collect();
        first.say = departed.outbox;
        let heartbeat = Heartbeat::restore(departed.beat.ping_at, departed.beat.sent);
        let mut connection = Self::new(pod, peer, state, heartbeat);
        connection.first = first;
        Some(connection)
    }

    fn new(
        pod: Arc<Pod<A>>,
        peer: Peer,
        mut state: ConnectionState<A::Socket>,
        heartbeat: Heartbeat,
    ) -> Self {
        state.pod = Some(pod.id.clone());
        let losses = pod.lease.losses();
        // Before anybody is let in: what comes after that is heard.
        let revocations = pod.revocations.heard();
        let revision = state.handshake.revision;
        let Peer {
            mount,
            sid,
            mut link,
        } = peer;
        link.speak(revision);
        let (mailbox, reader) = mailbox();
        let waiter = pod.deliver.waiters.serve(&sid, mailbox.clone());
        let persisted = pod.deliver.persisted();
        Self {
            pod,
            mount,
            sid,
            link,
            state,
            heartbeat,
            mailbox,
            reader,
            waiter: Some(waiter),
            listening: HashMap::new(),
            held: Held::default(),
            queries: Queries::new(),
            persisted,
            first: Effects::new(revision),
            enters: false,
            requests: 0,
            arriving: None,
            close_at: None,
            losses,
            revocations,
        }
    }

    /// Nobody is to join by a raw mount.
    pub fn arriving(mut self, place: OwnedSemaphorePermit) -> Self {
        let until = self.pod.now() + ARRIVING_MS;
        self.arriving = self.state.join_by.map(|_| (place, until));
        self
    }

    pub async fn run(mut self) {
        let metrics = &self.pod.metrics;
        let gauge = metrics.connections.with_label_values(&["websocket"]);
        metrics.opened.with_label_values(&["websocket"]).inc();
        gauge.inc();
        let end = match self.serve().await {
            Ok(never) => match never {},
            Err(end) => end,
        };
        gauge.dec();
        let metrics = &self.pod.metrics;
        let labels = ["websocket", end.label()];
        metrics.closed.with_label_values(&labels).inc();
        if end == End::Link(LinkError::Slow) {
            metrics.slow_consumers.with_label_values(&["closed"]).inc();
        }
        self.listening.clear();
        // No longer served: what cannot be written now is found as owed.
        self.waiter = None;
        depart::sockets(&*self.pod, &self.sid, &self.state).await;
        if matches!(end, End::Fault(Fault::Trouble)) {
            // Whatever it was that got no answer, a socket may have come in by it.
            self.pod.owed.note();
        }
        self.link.close(end.code()).await;
    }

    async fn serve(&mut self) -> Result<Infallible, End> {
        // Who was sent away before this began to listen for it.
        self.leave_over().await?;
        self.take_over().await?;
        let nothing = Effects::new(self.state.handshake.revision);
        let first = std::mem::replace(&mut self.first, nothing);
        self.carry_out(first).await?;
        if self.enters {
            self.enter().await?;
        }
        let mut mail = Vec::new();
        let pod = Arc::clone(&self.pod);
        let draining = pod.draining.clone();
        loop {
            let pause = Duration::from_millis(self.wake_at().saturating_sub(self.pod.now()));
            tokio::select! {
                packet = self.link.next(), if self.held.len() < HELD_MAX => {
                    self.on_packet(packet.map_err(End::Link)?).await?;
                }
                taken = self.reader.take(&mut mail) => {
                    if taken == 0 {
                        return Err(End::Drain);
                    }
                    self.on_mail(&mut mail).await?;
                }
                changed = self.persisted.changed(), if !self.held.is_empty() => {
                    changed.map_err(|_| End::Drain)?;
                    self.release().await?;
                }
                answered = self.queries.next(), if !self.queries.is_empty() => {
                    self.on_answer(answered).await?;
                }
                () = tokio::time::sleep(pause) => self.on_time().await?,
                _ = self.losses.changed() => return Err(End::Lease),
                _ = self.revocations.changed() => self.leave_over().await?,
                () = draining.cancelled(), if self.close_at.is_none() => self.drain(),
            }
        }
    }

    /// Sockets that come with an upgrade are this pod's to answer for from now on.
    async fn take_over(&mut self) -> Result<(), End> {
        if self.pod.lease.is_lost() {
            return Err(End::Lease);
        }
        for nsp in self.state.sockets.keys() {
            let Some(socket) = self.state.socket(&self.sid, nsp) else {
                continue;
            };
            let arrived = self.pod.app.arrive(&socket, Arriving::Upgraded).await;
            arrived.map_err(|Trouble| End::Fault(Fault::Trouble))?;
        }
        self.state.remembered_at = 0;
        self.renew().await
    }

    async fn enter(&mut self) -> Result<(), End> {
        let mut effects = Effects::new(self.state.handshake.revision);
        let mut inbound = Inbound {
            pod: &*self.pod,
            sid: &self.sid,
            connection: &mut self.state,
            effects: &mut effects,
            listeners: None,
            queries: None,
        };
        let joined = inbound.join_root().await;
        self.carry_out(effects).await?;
        if self.state.join_by.is_none() {
            self.arriving = None;
        }
        joined.map_err(End::Fault)
    }

    async fn renew(&mut self) -> Result<(), End> {
        let mut none = Effects::new(self.state.handshake.revision);
        let mut inbound = Inbound {
            pod: &*self.pod,
            sid: &self.sid,
            connection: &mut self.state,
            effects: &mut none,
            listeners: None,
            queries: None,
        };
        inbound.renew().await.map_err(End::Fault)
    }

    async fn on_packet(&mut self, packet: Packet) -> Result<(), End> {
        let revision = self.state.handshake.revision;
        match packet {
            Packet::Message(message) => {
                self.requests += 1;
                let request = format!("{}:{}", self.sid, self.requests);
                let (mut effects, mut queries) = (Effects::new(revision), Vec::new());
                let asked = Asked {
                    room: self.queries.room(),
                    queries: &mut queries,
                };
                let mut inbound = Inbound {
                    pod: &self.pod,
                    sid: &self.sid,
                    connection: &mut self.state,
                    effects: &mut effects,
                    listeners: None,
                    queries: Some(asked),
                };
                let received = inbound.receive(message, &request).await;
                let changed = effects.changed;
                // What was said before a fault is said all the same.
                self.carry_out(effects).await?;
                // Refused since it may not be here: it is told so.
                if changed || matches!(received, Err(Fault::Revoked | Fault::Ended)) {
                    self.leave_over().await?;
                }
                if changed {
                    self.reclass().await?;
                }
                if self.state.join_by.is_none() {
                    self.arriving = None;
                }
                for query in queries {
                    self.queries.ask(&self.pod, query);
                }
                received.map_err(End::Fault)
            }
            Packet::Pong(_) if revision == Revision::V4 => {
                let (now, interval) = (self.pod.now(), self.mount.ping_interval_ms);
                self.heartbeat.pong(now, interval);
                self.renew().await
            }
            Packet::Ping(_) if revision == Revision::V3 => {
                let (now, interval) = (self.pod.now(), self.mount.ping_interval_ms);
                self.heartbeat = v3::awaiting_ping(now, interval);
                self.link.send_text("3").await.map_err(End::Link)
            }
            Packet::Close => Err(End::Client),
            // A client that has nothing to upgrade any more may still say so.
            Packet::Upgrade | Packet::Noop => Ok(()),
            Packet::Open(_) | Packet::Ping(_) | Packet::Pong(_) => Err(End::Fault(Fault::Protocol)),
        }
    }

    /// A question changes nothing of its socket, which may have left meanwhile; another one that came to
    /// its place counts its own questions.
    async fn on_answer(&mut self, answered: Answered<A>) -> Result<(), End> {
        let Answered {
            nsp,
            socket,
            id,
            turn,
        } = answered;
        let hold_until = self.pod.now() + self.pod.settings.ack_timeout_ms;
        let mut effects = Effects::new(self.state.handshake.revision);
        let asked = self.state.sockets.get(&nsp);
        if asked.is_some_and(|known| known.id == socket) {
            for saying in turn.say {
                effects.say(&nsp, id, saying, hold_until);
            }
        }
        self.carry_out(effects).await
    }

    /// Says what is to be said, then starts reading logs: an answer to CONNECT is out before the
    /// first entry.
    async fn carry_out(&mut self, effects: Effects) -> Result<(), End> {
        for (nsp, replaying) in &effects.replays {
            let known = self.listening.get(nsp);
            let turns = |replaying: &Replaying| {
                known.is_some_and(|known| known.replay.log != replaying.replay.log)
            };
            // What is on its way to it of the log that it leaves would find it gone.
            if replaying.as_ref().is_some_and(turns) {
                self.catch_up(nsp).await?;
            }
        }
        let frames = {
            let persisted = self.persisted.borrow();
            self.held.admit(effects.say, &persisted)
        };
        self.say(frames).await?;
        for (nsp, replay) in effects.replays {
            match replay {
                Some(replaying) => self.listen(nsp, replaying).await?,
                None => {
                    self.listening.remove(&nsp);
                }
            }
        }
        Ok(())
    }

    async fn release(&mut self) -> Result<(), End> {
        let frames = {
            let persisted = self.persisted.borrow_and_update();
            self.held.release(self.pod.now(), &persisted)
        };
        self.say(frames).await
    }

    async fn say(&mut self, mut frames: Vec<Frame>) -> Result<(), End> {
        frames.retain(|frame| !self.state.is_moot(frame));
        if frames.is_empty() {
            return Ok(());
        }
        self.link.send(&frames).await.map_err(End::Link)
    }

    /// The next instant at which something is due.
    fn wake_at(&self) -> Millis {
        let beat = self.heartbeat.wake_at(self.mount.ping_timeout_ms);
        let close_at = self.close_at.map(|(at, _)| at);
        let arriving = self.arriving.as_ref().map(|(_, until)| *until);
        let ends_at = ends_at(&*self.pod.app, &self.state);
        let (join_by, held) = (self.state.join_by, self.held.until());
        [join_by, held, close_at, arriving, ends_at]
            .into_iter()
            .flatten()
            .fold(beat, Millis::min)
    }

    async fn on_time(&mut self) -> Result<(), End> {
        let (now, timeout) = (self.pod.now(), self.mount.ping_timeout_ms);
        if let Some((_, end)) = self.close_at.filter(|(at, _)| *at <= now) {
            return Err(end);
        }
        self.arriving.take_if(|(_, until)| *until <= now);
        if ends_at(&*self.pod.app, &self.state).is_some_and(|at| at <= now) {
            self.leave_over().await?;
        }
        if self.heartbeat.is_sent() && self.heartbeat.expired(now, timeout) {
            self.read_what_is_there().await?;
            if self.heartbeat.expired(now, timeout) {
                return Err(End::PingTimeout);
            }
        }
        if self.state.join_by.is_some_and(|join_by| join_by <= now) {
            return Err(End::JoinTimeout);
        }
        if self.heartbeat.due(now) {
            // Counted from here: a write that was blocked may have made it late.
            self.heartbeat = Heartbeat::restore(now, true);
            self.link.send_text("2").await.map_err(End::Link)?;
        }
        self.release().await
    }

    /// What has arrived counts, though it was not read in time.
    async fn read_what_is_there(&mut self) -> Result<(), End> {
        while let Some(packet) = self.link.next().now_or_never() {
            self.on_packet(packet.map_err(End::Link)?).await?;
        }
        Ok(())
    }

    /// Serves on until its turn comes, spread over the time there is: the clients are not all to
    /// come back at once.
    fn drain(&mut self) {
        self.close_within(self.pod.settings.drain, End::Drain);
    }

    /// At some time within this, or when its turn has come anyway.
    pub(super) fn close_within(&mut self, time: Duration, end: End) {
        let spread = time.mul_f64(rand::random::<f64>());
        let spread = u64::try_from(spread.as_millis()).unwrap_or(u64::MAX);
        let close_at = self.pod.now().saturating_add(spread);
        let sooner = self.close_at.filter(|(at, _)| *at <= close_at);
        self.close_at = sooner.or(Some((close_at, end)));
    }
}
