//! What comes for a WebSocket: entries of the logs that its sockets replay, live or read again.

use std::sync::Arc;

use super::{
    connection::{Connection, Listening},
    end::End,
};
use crate::{
    model::{Entry, Frame, Millis},
    server::{
        App,
        deliver::{Alike, Delivery, Encoded, ReaderKey, Reading, To, is_told},
        effects::Replaying,
        receive::Fault,
        settings::{BATCH_BYTES, NEW_LIFE, READ_LIMIT},
    },
};

enum Place {
    Next { told: bool },
    Known,
    Gap(String),
}

impl<A: App> Connection<A> {
    pub(super) async fn listen(&mut self, nsp: String, replaying: Replaying) -> Result<(), End> {
        let Replaying {
            replay,
            from: cursor,
            ahead,
        } = replaying;
        let Some(socket) = self.state.socket(&self.sid, &nsp) else {
            return Ok(());
        };
        let alike = Alike::of(&*self.pod.app, &socket);
        let class = alike.class;
        let readers = &self.pod.deliver.readers;
        let to = To::Mailbox(self.mailbox.clone());
        let watching = readers.listen(&replay.log, alike, to);
        let watching = watching.await.map_err(|_| End::Fault(Fault::Trouble))?;
        let complete = ahead.is_some_and(|ahead| !watching.missed(ahead, cursor));
        let listening = Listening {
            replay,
            class,
            cursor,
            watching,
        };
        self.listening.insert(nsp.clone(), listening);
        if complete {
            return Ok(());
        }
        // Subscribed: what was committed before that is in the log.
        self.catch_up(&nsp).await
    }

    pub(super) async fn on_mail(&mut self, mail: &mut Vec<Delivery>) -> Result<(), End> {
        // First: what has come since is for whoever has the socket now, and may be in the same mail.
        if self.reader.was_fenced() {
            self.leave_fenced().await?;
        }
        let mut frames = Vec::new();
        let mut gaps: Vec<String> = Vec::new();
        let (mut told, mut oldest) = (0, None);
        for delivery in mail.drain(..) {
            let (key, encoded) = match delivery {
                Delivery::Entry(key, encoded) => (key, encoded),
                Delivery::Aside(key, frame) => {
                    if self.listening.values().any(|it| it.watching.is(key)) {
                        frames.push(frame);
                    }
                    continue;
                }
                Delivery::Wake => continue,
            };
            match self.place(key, &encoded, &gaps) {
                Place::Next { told: false } | Place::Known => {}
                Place::Next { told: true } => {
                    told += encoded.frames.len() as u64;
                    oldest = oldest.or(Some(encoded.committed_at()));
                    frames.extend_from_slice(&encoded.frames);
                }
                Place::Gap(nsp) => gaps.push(nsp),
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

    /// Where a published entry stands to what its socket has seen; moves the cursor over it. After
    /// a gap, what comes live is in the log that is about to be read.
    fn place(&mut self, key: ReaderKey, encoded: &Encoded, gaps: &[String]) -> Place {
        let mut listening = self.listening.iter_mut();
        let Some((nsp, listening)) = listening.find(|(_, it)| it.watching.is(key)) else {
            return Place::Known;
        };
        if gaps.contains(nsp) {
            return Place::Known;
        }
        if encoded.epoch != listening.replay.start.epoch {
            return Place::Gap(nsp.clone());
        }
        if encoded.id <= listening.cursor {
            return Place::Known;
        }
        if encoded.prev > listening.cursor {
            return Place::Gap(nsp.clone());
        }
        listening.cursor = encoded.id;
        let socket = self.state.sockets.get(nsp);
        let subject = &listening.replay.subject;
        let session = encoded.session.as_ref();
        Place::Next {
            told: socket.is_some_and(|socket| {
                encoded.is_for(&socket.recovery, subject)
                    && self.pod.app.sees(&socket.state, session)
            }),
        }
    }

    /// A socket has shown another vocabulary than it seemed to have: from where it is it reads on in that one.
    pub(super) async fn reclass(&mut self) -> Result<(), End> {
        let (app, sockets) = (&self.pod.app, &self.state.sockets);
        let mut others = Vec::new();
        for (nsp, listening) in &self.listening {
            let Some(socket) = sockets.get(nsp) else {
                continue;
            };
            if app.class(&socket.state) != listening.class {
                let replaying = Replaying {
                    replay: listening.replay.clone(),
                    from: listening.cursor,
                    ahead: None,
                };
                others.push((nsp.clone(), replaying));
            }
        }
        for (nsp, replaying) in others {
            self.listen(nsp, replaying).await?;
        }
        Ok(())
    }

    /// Reads the log from where the socket is to its end.
    pub(super) async fn catch_up(&mut self, nsp: &str) -> Result<(), End> {
        let pod = Arc::clone(&self.pod);
        loop {
            let Some(listening) = self.listening.get(nsp) else {
                return Ok(());
            };
            let Some(socket) = self.state.socket(&self.sid, nsp) else {
                return Ok(());
            };
            let (log, from) = (listening.replay.log.clone(), listening.cursor);
            let subject = listening.replay.subject.clone();
            let page = pod.hub.read(&log, from, READ_LIMIT).await;
            let page = page.map_err(|_| End::Fault(Fault::Trouble))?;
            if page.epoch != listening.replay.start.epoch {
                self.lose_its_life(nsp);
                return Ok(());
            }
            if !page.complete {
                return Err(End::Gap);
            }
            let alike = Alike::of(&*pod.app, &socket);
            let reading = Reading {
                alike: &alike,
                log: &log,
                epoch: &page.epoch,
            };
            let mut frames = Vec::new();
            let told = |entry: &&Arc<Entry>| {
                let (origin, to) = (entry.origin.as_ref(), entry.to.as_ref());
                is_told(origin, to, &socket.recovery, &subject)
                    && pod.app.sees(&socket.state, entry.session.as_ref())
            };
            let mut oldest = page.entries.first().map(|entry| entry.id.ms);
            let mut bytes = 0;
            for entry in page.entries.iter().filter(told) {
                pod.app.fetch(alike.class, entry).await;
                let encoded = pod.deliver.encodings.get(&*pod.app, reading, entry);
                bytes += encoded.bytes();
                frames.extend_from_slice(&encoded.frames);
                // A page of pictures is not held as a whole.
                if bytes >= BATCH_BYTES {
                    let told = frames.len() as u64;
                    self.write_events(&frames, told, oldest.take()).await?;
                    frames.clear();
                    bytes = 0;
                }
            }
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

    /// Everybody in the partition has lost what a log was: they are not to come back all at once. Until
    /// its turn comes a client may go on to write, and hears nothing.
    fn lose_its_life(&mut self, nsp: &str) {
        self.listening.remove(nsp);
        self.close_within(NEW_LIFE, End::Gap);
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
        self.pod.count_delivered("websocket", told, oldest);
        Ok(())
    }
}
