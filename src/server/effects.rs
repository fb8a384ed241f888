use serde_json::Value;

use super::{
    app::{Late, Saying, Telling, Wait, What},
    deliver::Ahead,
    state::Replay,
};
use crate::{
    hub::{AS_LONG_AS_IT_TAKES, Hold, Mark, OutboxItem},
    model::{EntryId, Epoch, Frame, Millis, Partition},
    wire::{
        engine::Revision,
        socket::{Kind, MAX_ATTACHMENTS, Packet, encode, v2},
    },
};

/// What packets of a client did to its connection, for its transport to carry out: in a POST with
/// one write to the hub, on a WebSocket at once.
#[derive(Debug)]
pub struct Effects {
    /// In which its client is told.
    revision: Revision,
    pub say: Vec<OutboxItem>,
    /// Sockets that now replay a log, or (`None`) no longer do, by namespace.
    pub replays: Vec<(String, Option<Replaying>)>,
    /// A socket is not what it was: what it is told may read differently from now on, or it may have to leave.
    pub changed: bool,
}

/// A log that a socket replays, from a position.
#[derive(Debug)]
pub struct Replaying {
    pub replay: Replay,
    pub from: EntryId,
    /// The log was subscribed before the position was known.
    pub ahead: Option<Ahead>,
}

impl Effects {
    pub fn new(revision: Revision) -> Self {
        Self {
            revision,
            say: Vec::new(),
            replays: Vec::new(),
            changed: false,
        }
    }

    /// The answer to a CONNECT.
    pub fn admit(&mut self, nsp: &str, sid: &str, pid: Option<&str>) {
        self.text(match self.revision {
            Revision::V4 => encode::connect(nsp, sid, pid),
            Revision::V3 => v2::connect(nsp),
        });
    }

    /// The other answer.
    pub fn refuse(&mut self, nsp: &str, message: &str, data: Option<&Value>) {
        self.text(match self.revision {
            Revision::V4 => encode::connect_error(nsp, message, data),
            Revision::V3 => v2::error(nsp, message),
        });
    }

    /// The same at a later time, unless it is moot by then: see [`super::state::ConnectionState::is_moot`].
    pub fn refuse_at(&mut self, nsp: &str, message: &str, until: Millis) {
        let otherwise = vec![Frame::text(v2::error(nsp, message))];
        let hold = Some(Hold {
            mark: never(),
            until,
            otherwise,
        });
        let frames = Vec::new();
        self.say.push(OutboxItem { frames, hold });
    }

    pub fn frames(&mut self, frames: Vec<Frame>) {
        self.say.push(OutboxItem { frames, hold: None });
    }

    pub fn text(&mut self, text: String) {
        self.frames(vec![Frame::text(text)]);
    }

    pub fn tell(&mut self, nsp: &str, telling: &Telling) {
        let frames = self.event(nsp, telling);
        self.frames(frames);
    }

    /// `id`: of the event that is being answered.
    pub fn say(&mut self, nsp: &str, id: Option<u64>, saying: Saying, hold_until: Millis) {
        let Saying { what, wait } = saying;
        let frames = match what {
            What::Ack(payload) => ack(nsp, id, &payload),
            What::Event(telling) => self.event(nsp, &telling),
            What::Packet(kind) => packet(nsp, kind),
        };
        if frames.is_empty() {
            return;
        }
        let hold = wait.map(|Wait { mark, late }| {
            let (until, otherwise) = match late {
                Late::Answer(payload) => (hold_until, ack(nsp, id, &payload)),
                Late::Drop => (hold_until, Vec::new()),
                Late::Wait => (AS_LONG_AS_IT_TAKES, Vec::new()),
            };
            Hold {
                mark,
                until,
                otherwise,
            }
        });
        self.say.push(OutboxItem { frames, hold });
    }

    fn event(&self, nsp: &str, telling: &Telling) -> Vec<Frame> {
        let offset = telling.offset.as_ref();
        let offset = offset.filter(|_| self.revision == Revision::V4);
        let offset = offset.map(ToString::to_string);
        let (name, payload) = (telling.event, Some(&telling.payload));
        let text = encode::event(nsp, None, name, payload, offset.as_deref());
        text.into_iter().map(Frame::text).collect()
    }
}

/// No entry is of this life.
fn never() -> Mark {
    Mark {
        partition: Partition::random(),
        epoch: Epoch(String::new()),
        id: EntryId::ZERO,
    }
}

/// Binary attachments follow their header in the same item: nothing may come between. With more of them
/// than clients take, it would cost the client its connection; so it is not said, and the log has why.
fn packet(nsp: &str, kind: Kind) -> Vec<Frame> {
    let encoded = encode::packet(&Packet {
        nsp: nsp.to_owned(),
        kind,
    });
    let attachments = encoded.attachments.len();
    if attachments > MAX_ATTACHMENTS {
        tracing::error!(
            nsp,
            attachments,
            "a packet with too many attachments is not sent"
        );
        return Vec::new();
    }
    let header = std::iter::once(Frame::text(encoded.text));
    header
        .chain(encoded.attachments.into_iter().map(Frame::Binary))
        .collect()
}

fn ack(nsp: &str, id: Option<u64>, payload: &Value) -> Vec<Frame> {
    let text = id.and_then(|id| encode::ack(nsp, id, payload).ok());
    text.into_iter().map(Frame::text).collect()
}
