use std::{
    collections::HashMap,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use tokio::sync::watch;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use super::{
    held::Held,
    link::{Link, LinkError},
};
use crate::{
    hub::{Departed, OutboxItem, Persisted, Signal},
    model::{EntryId, Frame, Millis, Sid},
    server::{
        App, Mount, Pod,
        deliver::{Delivery, Encoded, Mailbox, Reader, Waiter, Watching, encode, mailbox},
        depart,
        effects::Effects,
        receive::{Fault, Inbound},
        settings::READ_LIMIT,
        state::{ConnectionState, Handshake, Replay},
    },
    wire::engine::{Heartbeat, Open, Packet, encode_open},
};

/// Answers that may wait for storage at a time; beyond that the client is read no further.
const HELD_MAX: usize = 1024;

/// One WebSocket: reads packets, applies them, and writes what comes for it.
pub struct Connection<A: App> {
    pod: Arc<Pod<A>>,
    mount: Mount,
    sid: Sid,
    link: Link,
    state: ConnectionState<A::Socket>,
    heartbeat: Heartbeat,
    mailbox: Mailbox,
    reader: Reader,
    _waiter: Waiter,
    listening: HashMap<String, Listening<A>>,
    held: Held,
    persisted: watch::Receiver<Persisted>,
    greeting: Vec<OutboxItem>,
    replays: Vec<(String, Option<(Replay, EntryId)>)>,
    requests: u64,
}

/// A socket on its log.
struct Listening<A: App> {
    replay: Replay,
    cursor: EntryId,
    _watching: Watching<A>,
}

/// Why the connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Link(LinkError),
    Fault(Fault),
    Client,
    PingTimeout,
    JoinTimeout,
    Fenced,
    Gap,
    Drain,
}

impl<A: App> Connection<A> {
    pub fn fresh(
        pod: Arc<Pod<A>>,
        mount: Mount,
        sid: Sid,
        handshake: Handshake,
        link: Link,
    ) -> Self {
        let now = pod.now();
        let join_by = (!mount.raw).then(|| now + pod.settings.connect_timeout_ms);
        let state = ConnectionState::new(&mount.path, handshake, join_by);
        let open = encode_open(&Open {
            sid: sid.as_str(),
            upgrades: &[],
            ping_interval: mount.ping_interval_ms,
            ping_timeout: mount.ping_timeout_ms,
            max_payload: mount.max_payload as u64,
        });
        let heartbeat = Heartbeat::new(now, mount.ping_interval_ms);
        let mut connection = Self::new(pod, mount, sid, link, state, heartbeat);
        connection.greeting = vec![OutboxItem {
            frames: vec![Frame::text(open)],
            hold: None,
        }];
        connection
    }

    /// Goes on where polling ended. `None` if its state cannot be read.
    pub fn upgraded(
        pod: Arc<Pod<A>>,
        mount: Mount,
        sid: Sid,
        departed: Departed,
        link: Link,
    ) -> Option<Self> {
        let state = ConnectionState::<A::Socket>::read(&departed.state)?;
        let replays = departed.listeners.into_iter().map(|(nsp, listener)| {
            let replay = state
                .sockets
                .get(&nsp)
                .and_then(|socket| socket.replay.clone());
            (nsp, replay.map(|replay| (replay, listener.cursor)))
        });
        let replays = replays.collect();
        let heartbeat = Heartbeat::restore(departed.beat.ping_at, departed.beat.sent);
        let mut connection = Self::new(pod, mount, sid, link, state, heartbeat);
        connection.greeting = departed.outbox;
        connection.replays = replays;
        Some(connection)
    }

    fn new(
        pod: Arc<Pod<A>>,
        mount: Mount,
        sid: Sid,
        link: Link,
        state: ConnectionState<A::Socket>,
        heartbeat: Heartbeat,
    ) -> Self {
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
            _waiter: waiter,
            listening: HashMap::new(),
            held: Held::default(),
            persisted,
            greeting: Vec::new(),
            replays: Vec::new(),
            requests: 0,
        }
    }

    pub async fn run(mut self) {
        let gauge = self
            .pod
            .metrics
            .connections
            .with_label_values(&["websocket"]);
        self.pod
            .metrics
            .opened
            .with_label_values(&["websocket"])
            .inc();
        self.pod.websockets.fetch_add(1, Ordering::Relaxed);
        gauge.inc();
        let end = match self.serve().await {
            Ok(never) => match never {},
            Err(end) => end,
        };
        gauge.dec();
        self.pod.websockets.fetch_sub(1, Ordering::Relaxed);
        self.pod
            .metrics
            .closed
            .with_label_values(&["websocket", end.label()])
            .inc();
        if end == End::Link(LinkError::Slow) {
            self.pod
                .metrics
                .slow_consumers
                .with_label_values(&["closed"])
                .inc();
        }
        self.listening.clear();
        depart::sockets(&*self.pod, &self.sid, &self.state).await;
        self.link.close(end.code()).await;
    }

    async fn serve(&mut self) -> Result<std::convert::Infallible, End> {
        let greeting = std::mem::take(&mut self.greeting);
        let replays = std::mem::take(&mut self.replays);
        self.carry_out(Effects {
            say: greeting,
            replays,
        })
        .await?;
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
                () = tokio::time::sleep(pause) => self.on_time().await?,
                () = draining.cancelled() => return Err(self.drain().await),
            }
        }
    }

    async fn on_packet(&mut self, packet: Packet) -> Result<(), End> {
        match packet {
            Packet::Message(message) => {
                self.requests += 1;
                let request = format!("{}:{}", self.sid, self.requests);
                let mut effects = Effects::default();
                let mut inbound = Inbound {
                    pod: &self.pod,
                    sid: &self.sid,
                    connection: &mut self.state,
                    effects: &mut effects,
                };
                let received = inbound.receive(message, &request).await;
                // What was said before a fault is said all the same.
                self.carry_out(effects).await?;
                received.map_err(End::Fault)
            }
            Packet::Pong(_) => {
                self.heartbeat
                    .pong(self.pod.now(), self.mount.ping_interval_ms);
                Ok(())
            }
            Packet::Close => Err(End::Client),
            // A client that has nothing to upgrade any more may still say so.
            Packet::Upgrade | Packet::Noop => Ok(()),
            Packet::Open(_) | Packet::Ping(_) => Err(End::Fault(Fault::Protocol)),
        }
    }

    /// Says what is to be said, then starts reading logs: an answer to CONNECT is out before the
    /// first entry.
    async fn carry_out(&mut self, effects: Effects) -> Result<(), End> {
        let frames = {
            let persisted = self.persisted.borrow();
            self.held.admit(effects.say, &persisted)
        };
        if !frames.is_empty() {
            self.link.send(&frames).await.map_err(End::Link)?;
        }
        for (nsp, replay) in effects.replays {
            match replay {
                Some((replay, cursor)) => self.listen(nsp, replay, cursor).await?,
                None => {
                    self.listening.remove(&nsp);
                }
            }
        }
        Ok(())
    }

    async fn listen(&mut self, nsp: String, replay: Replay, cursor: EntryId) -> Result<(), End> {
        let Some(socket) = self.state.socket(&self.sid, &nsp) else {
            return Ok(());
        };
        let class = self.pod.app.class(&socket.state);
        let watching = self
            .pod
            .deliver
            .readers
            .listen(&replay.log, &nsp, class, &self.mailbox)
            .await;
        let watching = watching.map_err(|_| End::Fault(Fault::Trouble))?;
        self.listening.insert(
            nsp.clone(),
            Listening {
                replay,
                cursor,
                _watching: watching,
            },
        );
        // Subscribed: what was committed before that is in the log.
        self.catch_up(&nsp).await
    }

    async fn on_mail(&mut self, mail: &mut Vec<Delivery>) -> Result<(), End> {
        let mut frames = Vec::new();
        let mut gaps: Vec<String> = Vec::new();
        let (mut told, mut oldest) = (0, None);
        for delivery in mail.drain(..) {
            match delivery {
                Delivery::Signal(Signal::Fenced) => return Err(End::Fenced),
                Delivery::Signal(_) => {}
                Delivery::Entry(nsp, _) if gaps.iter().any(|gap| **gap == *nsp) => {}
                Delivery::Entry(nsp, encoded) => match self.place(&nsp, &encoded) {
                    Place::Next { own: true } | Place::Known => {}
                    Place::Next { own: false } => {
                        told += encoded.frames.len() as u64;
                        oldest = oldest.or(Some(encoded.committed_at()));
                        frames.extend_from_slice(&encoded.frames);
                    }
                    Place::Gap => gaps.push(nsp.to_string()),
                },
            }
        }
        self.write_events(&frames, told, oldest).await?;
        if self.reader.was_behind() {
            gaps = self.listening.keys().cloned().collect();
        }
        for nsp in gaps {
            self.catch_up(&nsp).await?;
        }
        Ok(())
    }

    /// Where a published entry stands to what its socket has seen; moves the cursor over it.
    fn place(&mut self, nsp: &str, encoded: &Encoded) -> Place {
        let Some(listening) = self.listening.get_mut(nsp) else {
            return Place::Known;
        };
        if encoded.epoch != listening.replay.start.epoch {
            return Place::Gap;
        }
        if encoded.id <= listening.cursor {
            return Place::Known;
        }
        if encoded.prev > listening.cursor {
            return Place::Gap;
        }
        listening.cursor = encoded.id;
        let recovery = self.state.sockets.get(nsp).map(|socket| &socket.recovery);
        Place::Next {
            own: encoded.origin.is_some() && encoded.origin.as_ref() == recovery,
        }
    }

    /// Reads the log from where the socket is to its end.
    async fn catch_up(&mut self, nsp: &str) -> Result<(), End> {
        loop {
            let Some(listening) = self.listening.get(nsp) else {
                return Ok(());
            };
            let Some(socket) = self.state.socket(&self.sid, nsp) else {
                return Ok(());
            };
            let (log, from) = (listening.replay.log.clone(), listening.cursor);
            let page = self.pod.hub.read(&log, from, READ_LIMIT).await;
            let page = page.map_err(|_| End::Fault(Fault::Trouble))?;
            if !page.complete || page.epoch != listening.replay.start.epoch {
                return Err(End::Gap);
            }
            let class = self.pod.app.class(&socket.state);
            let mut frames = Vec::new();
            for entry in page
                .entries
                .iter()
                .filter(|entry| entry.origin.as_ref() != Some(&socket.recovery))
            {
                let encoded = encode(&*self.pod.app, class, nsp, &log, &page.epoch, entry);
                frames.extend_from_slice(&encoded.frames);
            }
            let oldest = page.entries.first().map(|entry| entry.id.ms);
            let told = frames.len() as u64;
            self.write_events(&frames, told, oldest).await?;
            if let (Some(listening), Some(last)) =
                (self.listening.get_mut(nsp), page.entries.last())
            {
                listening.cursor = last.id;
            }
            if !page.more {
                return Ok(());
            }
        }
    }

    async fn write_events(
        &mut self,
        frames: &[Frame],
        told: u64,
        oldest: Option<Millis>,
    ) -> Result<(), End> {
        if frames.is_empty() {
            return Ok(());
        }
        self.link.send(frames).await.map_err(End::Link)?;
        let metrics = &self.pod.metrics;
        metrics
            .delivered
            .with_label_values(&["websocket"])
            .inc_by(told);
        if let Some(committed_at) = oldest {
            let seconds = self.pod.now().saturating_sub(committed_at) as f64 / 1000.0;
            metrics
                .delivery_seconds
                .with_label_values(&["websocket"])
                .observe(seconds);
        }
        Ok(())
    }

    async fn release(&mut self) -> Result<(), End> {
        let frames = {
            let persisted = self.persisted.borrow_and_update();
            self.held.release(self.pod.now(), &persisted)
        };
        if frames.is_empty() {
            Ok(())
        } else {
            self.link.send(&frames).await.map_err(End::Link)
        }
    }

    /// The next instant at which something is due.
    fn wake_at(&self) -> Millis {
        let beat = self.heartbeat.wake_at(self.mount.ping_timeout_ms);
        [self.state.join_by, self.held.until()]
            .into_iter()
            .flatten()
            .fold(beat, Millis::min)
    }

    async fn on_time(&mut self) -> Result<(), End> {
        let now = self.pod.now();
        if self.heartbeat.expired(now, self.mount.ping_timeout_ms) {
            return Err(End::PingTimeout);
        }
        if self.state.join_by.is_some_and(|join_by| join_by <= now) {
            return Err(End::JoinTimeout);
        }
        if self.heartbeat.due(now) {
            self.heartbeat.sent();
            self.link.send_text("2").await.map_err(End::Link)?;
        }
        self.release().await
    }

    /// Spread over the time there is, so that the clients do not all come back at once.
    async fn drain(&mut self) -> End {
        let spread = self.pod.settings.drain.mul_f64(rand::random::<f64>());
        tokio::time::sleep(spread).await;
        End::Drain
    }
}

enum Place {
    Next { own: bool },
    Known,
    Gap,
}

impl End {
    fn label(self) -> &'static str {
        match self {
            Self::Link(error) => error.label(),
            Self::Fault(fault) => fault.label(),
            Self::Client => "client",
            Self::PingTimeout => "ping timeout",
            Self::JoinTimeout => "join timeout",
            Self::Fenced => "fenced",
            Self::Gap => "gap",
            Self::Drain => "drain",
        }
    }

    /// Clients come back by themselves after any of them.
    fn code(self) -> CloseCode {
        match self {
            Self::Link(LinkError::TooLarge) => CloseCode::Size,
            Self::Link(LinkError::Malformed) | Self::Fault(Fault::Protocol) => CloseCode::Protocol,
            Self::Fault(Fault::Trouble) => CloseCode::Again,
            Self::Drain => CloseCode::Restart,
            _ => CloseCode::Normal,
        }
    }
}
