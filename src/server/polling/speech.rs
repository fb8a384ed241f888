use crate::{
    model::Frame,
    server::{
        answer::{self, Answer},
        state::Handshake,
    },
    wire::engine::{
        Message, Packet, Revision, payload,
        v3::payload::{Body, Part, join},
    },
};

/// How a polling client is answered: as its revision of the protocol has it.
#[derive(Clone, Copy, Debug)]
pub struct Speech {
    revision: Revision,
    takes_bytes: bool,
}

const NOOP: &str = "6";
const CLOSE: &str = "1";
const PING: &str = "2";

impl Speech {
    pub fn of(handshake: &Handshake) -> Self {
        Self {
            revision: handshake.revision,
            takes_bytes: !handshake.b64,
        }
    }

    /// Of a connection that nothing is known of but what a request says.
    pub fn of_request(revision: Revision) -> Self {
        Self {
            revision,
            takes_bytes: false,
        }
    }

    pub fn noop(self) -> Answer {
        self.packet(NOOP)
    }

    pub fn close(self) -> Answer {
        self.packet(CLOSE)
    }

    pub fn packet(self, text: &str) -> Answer {
        match self.revision {
            Revision::V4 => answer::payload(text.to_owned()),
            Revision::V3 => written(join(&[Part::Text(text)], false)),
        }
    }

    pub fn frames<'a>(self, ping: bool, frames: impl Iterator<Item = &'a Frame>) -> Answer {
        match self.revision {
            Revision::V4 => {
                let ping = ping.then(|| PING.to_owned());
                let packets: Vec<String> = ping.into_iter().chain(frames.map(text)).collect();
                answer::payload(payload::join(packets.iter().map(String::as_str)))
            }
            // It is the client that pings.
            Revision::V3 => {
                let parts: Vec<Part<'_>> = frames.map(part).collect();
                written(join(&parts, self.takes_bytes))
            }
        }
    }
}

fn text(frame: &Frame) -> String {
    match frame {
        Frame::Text(text) => text.to_string(),
        Frame::Binary(bytes) => Packet::Message(Message::Binary(bytes.clone())).encode_text(),
    }
}

fn part(frame: &Frame) -> Part<'_> {
    match frame {
        Frame::Text(text) => Part::Text(text),
        Frame::Binary(bytes) => Part::Message(bytes),
    }
}

fn written(body: Body) -> Answer {
    match body {
        Body::Text(text) => answer::payload(text),
        Body::Bytes(bytes) => answer::payload_of_bytes(bytes),
    }
}
