use indexmap::IndexMap;

use super::speech::Speech;
use crate::{
    hub::{Batch, Drained, Listener, OutboxItem},
    model::{EntryId, Frame, Millis, Sid},
    server::{
        App, Pod,
        answer::Answer,
        deliver::{Alike, Reading, is_told},
        receive::Fault,
        settings::{BATCH_BYTES, READ_LIMIT},
        state::ConnectionState,
    },
};

/// What a GET is answered with, and what to record of it.
#[derive(Default)]
pub struct Gathered {
    pub frames: Vec<Frame>,
    pub batch: Batch,
    /// A log was trimmed, or lost, below what this client has seen.
    pub gap: bool,
    /// Events of entries among its frames.
    pub told: u64,
    /// When the first of its entries was committed.
    pub oldest: Option<Millis>,
    bytes: usize,
}

impl Gathered {
    /// Positions moved, though nothing is to be told (the client's own messages): not worth an
    /// answer, but not to be read again either.
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty() && !self.batch.ping
    }

    pub fn answer(&self, speech: Speech) -> Answer {
        if self.is_empty() {
            speech.noop()
        } else {
            speech.frames(self.batch.ping, self.frames.iter())
        }
    }

    fn push(&mut self, frames: &[Frame]) {
        self.bytes += frames.iter().map(Frame::len).sum::<usize>();
        self.frames.extend_from_slice(frames);
    }

    fn is_full(&self) -> bool {
        self.bytes >= BATCH_BYTES
    }
}

/// A connection whose answers and logs are gathered.
pub struct Gatherer<'a, A: App> {
    pub pod: &'a Pod<A>,
    pub sid: &'a Sid,
    pub state: &'a ConnectionState<A::Socket>,
    pub drained: &'a Drained,
}

impl<A: App> Gatherer<'_, A> {
    /// Answers and greetings first, then what the logs have for each socket.
    pub async fn gather(&self) -> Result<Gathered, Fault> {
        let mut gathered = Gathered::default();
        for item in &self.drained.outbox {
            if gathered.is_full() {
                return Ok(gathered);
            }
            self.push(&mut gathered, item);
            gathered.batch.outbox += 1;
        }
        for (nsp, listener) in &self.drained.listeners {
            self.read_log(nsp, listener, None, &mut gathered).await?;
        }
        Ok(gathered)
    }

    /// The very batch of a GET that is repeated.
    pub async fn gather_again(&self, batch: Batch) -> Result<Gathered, Fault> {
        let mut gathered = Gathered::default();
        for item in self.drained.outbox.iter().take(batch.outbox) {
            self.push(&mut gathered, item);
        }
        for (nsp, upto) in &batch.cursors {
            if let Some(listener) = self.drained.listeners.get(nsp) {
                let upto = Some(*upto);
                self.read_log(nsp, listener, upto, &mut gathered).await?;
            }
        }
        gathered.batch = batch;
        Ok(gathered)
    }

    fn push(&self, gathered: &mut Gathered, item: &OutboxItem) {
        if !item.frames.iter().any(|frame| self.state.is_moot(frame)) {
            gathered.push(&item.frames);
        }
    }

    async fn read_log(
        &self,
        nsp: &str,
        listener: &Listener,
        upto: Option<EntryId>,
        gathered: &mut Gathered,
    ) -> Result<(), Fault> {
        let Some(socket) = self.state.socket(self.sid, nsp) else {
            return Ok(());
        };
        let (log, cursor) = (&listener.log, listener.cursor);
        let page = self.pod.hub.read(log, cursor, READ_LIMIT).await?;
        let known = self.state.sockets.get(nsp);
        let replay = known.and_then(|known| known.replay.as_ref());
        let replay = replay.filter(|replay| page.complete && replay.start.epoch == page.epoch);
        let Some(replay) = replay else {
            gathered.gap = true;
            return Ok(());
        };
        let alike = Alike::of(&*self.pod.app, &socket);
        let (app, epoch) = (&self.pod.app, &page.epoch);
        for entry in &page.entries {
            // What is told again is told as far as before, whatever it has grown to: a picture may be at hand by now.
            let is_over = match upto {
                Some(upto) => entry.id > upto,
                None => gathered.is_full(),
            };
            if is_over {
                break;
            }
            let (origin, to) = (entry.origin.as_ref(), entry.to.as_ref());
            let sees = app.sees(&socket.state, entry.session.as_ref());
            if sees && is_told(origin, to, &socket.recovery, &replay.subject) {
                let reading = Reading {
                    alike: &alike,
                    log,
                    epoch,
                };
                app.fetch(alike.class, entry).await;
                let encoded = self.pod.deliver.encodings.get(&**app, reading, entry);
                gathered.push(&encoded.frames);
                gathered.told += encoded.frames.len() as u64;
                gathered.oldest.get_or_insert(entry.id.ms);
            }
            gathered.batch.cursors.insert(nsp.to_owned(), entry.id);
        }
        Ok(())
    }
}

/// Where the sockets stand once a batch has been read, for the next look.
pub fn advance(listeners: &mut IndexMap<String, Listener>, batch: &Batch) {
    for (nsp, cursor) in &batch.cursors {
        if let Some(listener) = listeners.get_mut(nsp) {
            listener.cursor = *cursor;
        }
    }
}
