use indexmap::IndexMap;

use crate::{
    hub::{Batch, Drained, Listener, OutboxItem},
    model::{EntryId, Frame},
    server::{
        App, Pod,
        app::Socket,
        deliver::encode,
        receive::Fault,
        settings::{BATCH_BYTES, READ_LIMIT},
        state::ConnectionState,
    },
    wire::engine::{Message, Packet, payload},
};

/// What a GET is answered with, and what to record of it.
#[derive(Default)]
pub struct Gathered {
    pub frames: Vec<Frame>,
    pub batch: Batch,
    /// A log was trimmed, or lost, below what this client has seen.
    pub gap: bool,
    bytes: usize,
}

impl Gathered {
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty() && !self.batch.ping
    }

    /// Positions moved, though nothing is to be told (the client's own messages): not worth an
    /// answer, but not to be read again either.
    pub fn body(&self) -> String {
        let ping = self.batch.ping.then(|| "2".to_owned());
        let packets: Vec<String> = ping
            .into_iter()
            .chain(self.frames.iter().map(text))
            .collect();
        payload::join(packets.iter().map(String::as_str))
    }

    fn push(&mut self, frames: &[Frame]) {
        self.bytes += frames.iter().map(Frame::len).sum::<usize>();
        self.frames.extend_from_slice(frames);
    }

    fn is_full(&self) -> bool {
        self.bytes >= BATCH_BYTES
    }
}

/// Answers and greetings first, then what the logs have for each socket.
pub async fn gather<A: App>(
    pod: &Pod<A>,
    state: &ConnectionState<A::Socket>,
    sid: &crate::model::Sid,
    drained: &Drained,
) -> Result<Gathered, Fault> {
    let mut gathered = Gathered::default();
    take_outbox(&drained.outbox, &mut gathered);
    for (nsp, listener) in &drained.listeners {
        if gathered.is_full() || gathered.batch.outbox < drained.outbox.len() {
            break;
        }
        if let Some(socket) = state.socket(sid, nsp) {
            read_log(pod, state, &socket, listener, None, &mut gathered).await?;
        }
    }
    Ok(gathered)
}

/// The very batch of a GET that is repeated.
pub async fn gather_again<A: App>(
    pod: &Pod<A>,
    state: &ConnectionState<A::Socket>,
    sid: &crate::model::Sid,
    drained: &Drained,
    batch: Batch,
) -> Result<Gathered, Fault> {
    let mut gathered = Gathered::default();
    for item in drained.outbox.iter().take(batch.outbox) {
        gathered.push(&item.frames);
    }
    for (nsp, upto) in &batch.cursors {
        if let (Some(socket), Some(listener)) = (state.socket(sid, nsp), drained.listeners.get(nsp))
        {
            read_log(pod, state, &socket, listener, Some(*upto), &mut gathered).await?;
        }
    }
    gathered.batch = batch;
    Ok(gathered)
}

fn take_outbox(outbox: &[OutboxItem], gathered: &mut Gathered) {
    for item in outbox {
        if gathered.is_full() {
            break;
        }
        gathered.push(&item.frames);
        gathered.batch.outbox += 1;
    }
}

async fn read_log<A: App>(
    pod: &Pod<A>,
    state: &ConnectionState<A::Socket>,
    socket: &Socket<A::Socket>,
    listener: &Listener,
    upto: Option<EntryId>,
    gathered: &mut Gathered,
) -> Result<(), Fault> {
    let page = pod
        .hub
        .read(&listener.log, listener.cursor, READ_LIMIT)
        .await
        .map_err(|_| Fault::Trouble)?;
    let epoch = state
        .sockets
        .get(&socket.nsp)
        .and_then(|known| known.replay.as_ref())
        .map(|replay| &replay.start.epoch);
    if !page.complete || epoch != Some(&page.epoch) {
        gathered.gap = true;
        return Ok(());
    }
    let class = pod.app.class(&socket.state);
    for entry in &page.entries {
        if gathered.is_full() || upto.is_some_and(|upto| entry.id > upto) {
            break;
        }
        if entry.origin.as_ref() != Some(&socket.recovery) {
            let encoded = encode(
                &*pod.app,
                class,
                &socket.nsp,
                &listener.log,
                &page.epoch,
                entry,
            );
            gathered.push(&encoded.frames);
            let seconds = pod.now().saturating_sub(entry.id.ms) as f64 / 1000.0;
            pod.metrics
                .delivery_seconds
                .with_label_values(&["polling"])
                .observe(seconds);
        }
        gathered.batch.cursors.insert(socket.nsp.clone(), entry.id);
    }
    Ok(())
}

/// Where the sockets stand once a batch has been read, for the next look.
pub fn advance(listeners: &mut IndexMap<String, Listener>, batch: &Batch) {
    for (nsp, cursor) in &batch.cursors {
        if let Some(listener) = listeners.get_mut(nsp) {
            listener.cursor = *cursor;
        }
    }
}

fn text(frame: &Frame) -> String {
    match frame {
        Frame::Text(text) => text.to_string(),
        Frame::Binary(bytes) => Packet::Message(Message::Binary(bytes.clone())).encode_text(),
    }
}
