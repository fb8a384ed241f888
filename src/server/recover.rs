//! The socket it was: the same id and pid as before, then what it missed.

use std::sync::Arc;

use super::{
    App,
    app::{Arriving, Socket, Telling, Trouble},
    deliver::{Ahead, Alike, Reading, is_told},
    depart,
    effects::{Effects, Replaying},
    receive::{Fault, Inbound},
    repeats::Asked,
    settings::{BATCH_BYTES, POST_LEASE_MS},
    state::{ConnectionState, Replay, SocketState},
};
use crate::{
    hub::{BeginPost, ClaimId, Holder, PostRequest, PostResult, Posted, Recovery, Resumed},
    model::{Entry, Offset, RecoveryId, Sid},
    wire::socket::encode as write,
};

impl From<Trouble> for Fault {
    fn from(_: Trouble) -> Self {
        Self::Trouble
    }
}

impl<A: App> Inbound<'_, A> {
    pub(super) async fn recover(
        &mut self,
        resumed: Resumed,
        state: A::Socket,
        ahead: Option<Ahead>,
    ) -> Result<(), Fault> {
        let is_all = resumed.is_told_at_once();
        let recovery = resumed.recovery;
        let socket = self.socket_of(&recovery, state);
        let mut known = SocketState {
            id: socket.id.clone(),
            recovery: socket.recovery.clone(),
            state: socket.state.clone(),
            workspace: recovery.workspace.clone(),
            start: recovery.start.clone(),
            replay: None,
            asked: Asked::Nothing,
            is_put_off: false,
        };
        if let Some(before) = &resumed.fenced {
            let kept = serde_json::from_slice(&recovery.asked).ok();
            known.asked = Asked::Elsewhere(before.sid.clone(), self.pod.now(), kept);
        }
        known.replay = replay(recovery);
        let missed = at_once(&resumed.missed);
        let cursor = missed.last().map_or(resumed.from, |entry| entry.id);
        let at = Offset {
            epoch: known.start.epoch.clone(),
            at: cursor,
        };
        let arrived = self.pod.app.arrive(&socket, Arriving::Recovered(at)).await;
        // Also if it does not come in: the record is its own by now, and only it knows who held it before.
        let place = (socket.nsp.as_str(), &socket.recovery);
        self.end_elsewhere(resumed.fenced, place).await;
        let arrival = arrived?;
        // Ahead of what was missed: a client keeps what it is told before a CONNECT that never comes, and would
        // show it again after the next one. What it is told after it moves its offset.
        self.admit(&socket);
        if let Some(replay) = &known.replay {
            self.tell_missed(&socket, replay, missed);
            let replaying = Replaying {
                replay: replay.clone(),
                from: cursor,
                // What was too much for one step follows from the log.
                ahead: ahead.filter(|_| is_all),
            };
            let replaying = Some(replaying);
            self.effects.replays.push((socket.nsp.clone(), replaying));
        }
        self.connection.sockets.insert(socket.nsp.clone(), known);
        // Its token may have been revoked while it was away.
        self.effects.changed = true;
        tracing::debug!(nsp = socket.nsp, "recovered");
        self.greet(&socket, &arrival.say);
        Ok(())
    }

    /// What it has not been told as the socket that it was, which is over.
    pub(super) fn tell_left(&mut self, resumed: Resumed, state: A::Socket) {
        let socket = self.socket_of(&resumed.recovery, state);
        if let Some(replay) = replay(resumed.recovery) {
            self.tell_missed(&socket, &replay, &resumed.missed);
        }
    }

    /// Whether that can be: nothing has to be fetched first, and it is a step's worth.
    pub(super) fn can_tell_left(&self, resumed: &Resumed, state: &A::Socket) -> bool {
        let (app, missed) = (&self.pod.app, &resumed.missed);
        let class = app.class(state);
        let messages = missed.iter().filter_map(|entry| entry.message());
        let bytes: usize = messages.map(|it| it.content.text().len()).sum();
        let is_at_hand = missed.iter().all(|entry| app.is_at_hand(class, entry));
        !resumed.more && bytes <= BATCH_BYTES && is_at_hand
    }

    fn socket_of(&self, recovery: &Recovery, state: A::Socket) -> Socket<A::Socket> {
        Socket {
            id: recovery.socket.clone(),
            nsp: recovery.nsp.clone(),
            recovery: recovery.id.clone(),
            sid: self.sid.clone(),
            pod: self.connection.pod.clone(),
            address: self.connection.handshake.address,
            revision: self.connection.handshake.revision,
            state,
        }
    }

    /// The answer to CONNECT.
    pub(super) fn admit(&mut self, socket: &Socket<A::Socket>) {
        let pid = self.pid(socket);
        let effects = &mut self.effects;
        effects.admit(&socket.nsp, socket.id.as_str(), pid.as_deref());
    }

    /// What the application says to a socket that is in.
    pub(super) fn greet(&mut self, socket: &Socket<A::Socket>, say: &[Telling]) {
        for telling in say {
            self.effects.tell(&socket.nsp, telling);
        }
    }

    /// The connection that held this socket until now: given up by the client, though we had not noticed, or
    /// that of another page which shows the same pid. That page is told to leave, or the two would take the
    /// socket from each other for ever. A WebSocket is told by its pod; a polling one is nobody's, and told
    /// here. Whatever else is on that connection stays.
    pub(super) async fn end_elsewhere(&self, fenced: Option<Holder>, place: (&str, &RecoveryId)) {
        let Some(holder) = fenced else { return };
        let now = self.pod.now();
        let request = PostRequest {
            t: None,
            now,
            until: now + POST_LEASE_MS,
        };
        match self.pod.hub.begin_post(&holder.sid, request).await {
            Ok(BeginPost::Claimed { claim, state, .. }) => {
                self.send_away(&holder.sid, claim, &state, place).await;
            }
            // In the middle of something, and closed for it.
            Ok(BeginPost::Overlap(departed) | BeginPost::Overflow(departed)) => {
                depart::polling(self.pod, &holder.sid, *departed, "fenced").await;
            }
            // Over, or a WebSocket; or the hub is away, and its time runs out.
            _ => {}
        }
    }

    /// As if the client had left the namespace by itself.
    async fn send_away(
        &self,
        sid: &Sid,
        claim: ClaimId,
        state: &[u8],
        (nsp, id): (&str, &RecoveryId),
    ) {
        let Some(mut state) = ConnectionState::<A::Socket>::read(state) else {
            return;
        };
        // Who had come in anew instead of as that one is another one there.
        let gone = state.socket(sid, nsp).filter(|it| it.recovery == *id);
        let (mut farewell, mut listeners) = (Effects::new(state.handshake.revision), Vec::new());
        if gone.is_some() {
            state.sockets.shift_remove(nsp);
            farewell.text(write::disconnect(nsp));
            listeners.push((nsp.to_owned(), None));
        }
        let result = PostResult {
            state: state.write(),
            beat: None,
            outbox: farewell.say,
            listeners,
        };
        let posted = self.pod.hub.finish_post(sid, claim, result).await;
        if let (Ok(Posted::Done), Some(gone)) = (posted, gone) {
            // After trouble it is looked after by a deadline.
            let _ = depart::socket(self.pod, &gone, self.pod.settings.recovery_window_ms).await;
        }
    }

    /// A rest that was too long for one step follows from the log.
    pub(super) fn tell_missed(
        &mut self,
        socket: &Socket<A::Socket>,
        replay: &Replay,
        missed: &[Arc<Entry>],
    ) {
        let alike = Alike::of(&*self.pod.app, socket);
        let reading = Reading {
            alike: &alike,
            log: &replay.log,
            epoch: &replay.start.epoch,
        };
        let told = |entry: &&Arc<Entry>| {
            let (origin, to) = (entry.origin.as_ref(), entry.to.as_ref());
            is_told(origin, to, &socket.recovery, &replay.subject)
        };
        let sees = |entry: &&Arc<Entry>| self.pod.app.sees(&socket.state, entry.session.as_ref());
        for entry in missed.iter().filter(told).filter(sees) {
            let (app, encodings) = (&*self.pod.app, &self.pod.deliver.encodings);
            let encoded = encodings.get(app, reading, entry);
            for frame in &encoded.frames {
                self.effects.frames(vec![frame.clone()]);
            }
        }
    }
}

/// Told with the answer to CONNECT, which is held as a whole, and for a polling client by the hub: nothing with a file,
/// whose picture may have to be read first, and not more than a batch.
fn at_once(missed: &[Arc<Entry>]) -> &[Arc<Entry>] {
    let mut bytes = 0;
    let is_too_much = |entry: &Arc<Entry>| {
        let content = entry.message().map(|message| &message.content);
        bytes += content.map_or(0, |content| content.text().len());
        bytes > BATCH_BYTES || content.is_some_and(|content| content.file().is_some())
    };
    let end = missed.iter().position(is_too_much);
    &missed[..end.unwrap_or(missed.len())]
}

impl Resumed {
    /// Whether nothing of what was missed is left for the log.
    fn is_told_at_once(&self) -> bool {
        !self.more && at_once(&self.missed).len() == self.missed.len()
    }
}

fn replay(recovery: Recovery) -> Option<Replay> {
    let (log, subject) = recovery.log.zip(recovery.subject)?;
    Some(Replay {
        log,
        start: recovery.start,
        subject,
    })
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::model::{
        Attachment, Change, Content, Direction, EntryId, FORMAT, Message, MessageId, Prev, Sender,
        SenderKind, SessionId, WorkspaceId,
    };

    fn said(ms: u64, text: &str, file: Option<Attachment>) -> Arc<Entry> {
        let session = SessionId::new("s");
        let message = Message {
            id: MessageId(Uuid::nil()),
            session: session.clone(),
            seq: ms,
            direction: Direction::In,
            sender: Sender {
                kind: SenderKind::Guest,
                id: "s".into(),
                name: "Guest".into(),
            },
            content: Content::new(text.into(), file.map(Box::new)),
            client_id: None,
            at: ms,
        };
        Arc::new(Entry {
            v: FORMAT,
            id: EntryId { ms, seq: 0 },
            workspace: WorkspaceId::new("default"),
            session: Some(session),
            prev: Prev::default(),
            origin: None,
            to: None,
            change: Change::Message { message },
            after: None,
        })
    }

    #[test]
    fn what_is_told_at_once_ends_before_a_file_and_at_a_batch() {
        let file = Attachment {
            id: "f".into(),
            name: "cat.png".into(),
            mime: "image/png".into(),
            size: 1,
            width: Some(1),
            height: Some(1),
            has_thumbnail: false,
            links: None,
        };
        let half = "x".repeat(BATCH_BYTES / 2);
        let cases = [
            (vec![said(1, "a", None), said(2, "b", None)], 2),
            (
                vec![
                    said(1, "a", None),
                    said(2, "b", Some(file.clone())),
                    said(3, "c", None),
                ],
                1,
            ),
            (vec![said(1, "", Some(file))], 0),
            (
                vec![
                    said(1, &half, None),
                    said(2, &half, None),
                    said(3, "c", None),
                ],
                2,
            ),
            (vec![], 0),
        ];
        for (missed, expected) in cases {
            assert_eq!(at_once(&missed).len(), expected);
        }
    }
}
