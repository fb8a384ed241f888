//! What a script shows of a connection.

use bytes::Bytes;
use indexmap::IndexMap;

use super::{
    super::{pack::Unreadable, script::Reply},
    codec::{read_beat, read_frames, read_held, read_listeners, write_frames},
};
use crate::{
    hub::{Beat, Departed, Drained, Hold, Listener, OutboxItem, Persisted},
    model::{Frame, Millis},
};

/// All of a connection that is ever shown.
#[derive(Debug)]
pub struct Seen {
    pub state: Bytes,
    pub beat: Beat,
    listeners: IndexMap<String, Listener>,
    outbox: Vec<OutboxItem>,
    held: Vec<Held>,
}

/// An item that is held back, and its number.
#[derive(Debug)]
struct Held {
    number: String,
    frames: Vec<Frame>,
    hold: Hold,
}

impl Seen {
    pub fn read(reply: &mut Reply) -> Result<Self, Unreadable> {
        let state = reply.bytes()?;
        let beat = read_beat(reply)?;
        let listeners = read_listeners(&reply.bytes()?)?;
        let (mut items, mut outbox) = (reply.list()?, Vec::new());
        while !items.is_empty() {
            let frames = read_frames(&items.bytes()?)?;
            outbox.push(OutboxItem { frames, hold: None });
        }
        let (mut items, mut held) = (reply.list()?, Vec::new());
        while !items.is_empty() {
            let number = items.text()?;
            let (frames, hold) = read_held(&items.bytes()?)?;
            held.push(Held {
                number,
                frames,
                hold,
            });
        }
        Ok(Self {
            state,
            beat,
            listeners,
            outbox,
            held,
        })
    }

    /// The numbers of the held items whose condition has come true, and what is said of each.
    pub fn due(&self, now: Millis, persisted: &Persisted) -> Vec<(&str, Vec<u8>)> {
        let waiting = self.held.iter().map(|item| &item.hold);
        let mut surplus = Hold::surplus(waiting.filter(|hold| !persisted.holds(&hold.mark)));
        let mut said = |item: &Held| {
            if persisted.holds(&item.hold.mark) {
                Some(write_frames(&item.frames))
            } else if surplus > 0 && item.hold.is_patient() {
                surplus -= 1;
                Some(write_frames(&[]))
            } else if item.hold.until <= now {
                Some(write_frames(&item.hold.otherwise))
            } else {
                None
            }
        };
        let held = self.held.iter();
        held.filter_map(|item| Some((item.number.as_str(), said(item)?)))
            .collect()
    }

    pub fn drained(self) -> Drained {
        let looks = self.held.iter().map(|item| item.hold.until);
        Drained {
            look_again_at: looks.min(),
            holding: !self.held.is_empty(),
            connection: Some((self.state, self.beat)),
            outbox: self.outbox,
            listeners: self.listeners,
        }
    }

    /// As a repeat sees it, which may not change its batch: there is nothing to look at again.
    pub fn repeated(self) -> (Bytes, Drained) {
        let drained = Drained {
            outbox: self.outbox,
            listeners: self.listeners,
            ..Drained::default()
        };
        (self.state, drained)
    }

    pub fn departed(self) -> Departed {
        let held = self.held.into_iter().map(|item| OutboxItem {
            frames: item.frames,
            hold: Some(item.hold),
        });
        Departed {
            state: self.state,
            beat: self.beat,
            outbox: self.outbox.into_iter().chain(held).collect(),
            listeners: self.listeners,
        }
    }
}

/// The answer of a call that may have ended the connection.
pub fn read_departed(mut reply: Reply) -> Result<Option<Departed>, Unreadable> {
    match reply.text()?.as_str() {
        "departed" => Ok(Some(Seen::read(&mut reply)?.departed())),
        "none" => Ok(None),
        _ => Err(Unreadable),
    }
}
