//! A guest on long-polling.

use std::{collections::HashMap, sync::Arc};

use anyhow::Context;
use serde_json::{Value, json};
use switchboard::wire::engine::Packet;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::{
    Course,
    joined::{Joined, emit, text},
};
use crate::{
    client::{Heard, granted, heard},
    figures::Latencies,
    limits,
    oracle::{Arrival, Marks, Oracle},
    shape::LINGER,
    tag::Tag,
};

pub struct Guest {
    number: usize,
    joined: Joined,
    course: Arc<Course>,
    next: u64,
    waiting: HashMap<u64, Waiting>,
    talk: Talk,
}

/// What became of its messages.
pub struct Talk {
    pub number: usize,
    pub sent: u64,
    pub acked: Marks,
    pub refused: u64,
    pub acks: Latencies,
    /// From sending a message to the operator's answer.
    pub round_trips: Latencies,
    pub answers: Oracle,
    pub trouble: Option<anyhow::Error>,
}

/// A message in flight.
struct Waiting {
    sent: u64,
    acked: bool,
    answered: bool,
}

impl Guest {
    pub fn new(number: usize, joined: Joined, course: Arc<Course>) -> anyhow::Result<Self> {
        let talk = Talk {
            number,
            sent: 0,
            acked: Marks::default(),
            refused: 0,
            acks: Latencies::new()?,
            round_trips: Latencies::new()?,
            answers: Oracle::new(1),
            trouble: None,
        };
        Ok(Self {
            number,
            joined,
            course,
            next: 0,
            waiting: HashMap::new(),
            talk,
        })
    }

    /// Writes until it is time to stop, then waits for what is still to come.
    pub async fn run(&mut self) -> anyhow::Result<()> {
        loop {
            let writing = Instant::now() < self.course.until;
            if !writing && self.waiting.is_empty() {
                return self.linger().await;
            }
            let room = writing && self.waiting.len() < self.course.in_flight;
            let due = self.course.due(self.number, self.next);
            let at = due.unwrap_or_else(Instant::now).min(self.course.until);
            tokio::select! {
                biased;
                packet = self.joined.next() => self.on_packet(packet?).await?,
                () = sleep_until(at), if room => self.say(due).await?,
                () = sleep_until(self.course.until), if writing && !room => {}
            }
        }
    }

    /// Leaves as a closed page does, and says what came of it.
    pub async fn end(self, trouble: Option<anyhow::Error>) -> Talk {
        let mut talk = self.talk;
        if let Some(trouble) = trouble {
            talk.trouble.get_or_insert(trouble);
        } else {
            // The GET under way may fail from now on, and so may this; nobody waits for either.
            self.joined.polls.abort();
            let close = ["1".to_owned()];
            let leaving = self.joined.polling.post(&close);
            let _ = timeout_at(Instant::now() + limits::CONNECT, leaving).await;
        }
        talk
    }

    /// Listens for a moment for what comes twice.
    async fn linger(&mut self) -> anyhow::Result<()> {
        let end = Instant::now() + LINGER;
        while let Ok(packet) = timeout_at(end, self.joined.next()).await {
            self.on_packet(packet?).await?;
        }
        Ok(())
    }

    /// Sends all that is due and has room, in one POST.
    async fn say(&mut self, due: Option<Instant>) -> anyhow::Result<()> {
        let mut packets = Vec::new();
        let mut due = due;
        while self.waiting.len() < self.course.in_flight {
            let now = Instant::now();
            if now >= self.course.until || due.is_some_and(|due| due > now) {
                break;
            }
            let (sender, seq) = (self.number, self.next);
            let sent = self.course.run.at(due.unwrap_or(now));
            let text = self
                .course
                .run
                .text(Tag { sender, seq, sent }, self.course.size);
            let payload = json!({ "message": text, "type": "text" });
            packets.push(emit(seq, "guest:message", &payload)?);
            let (acked, answered) = (false, false);
            self.waiting.insert(
                seq,
                Waiting {
                    sent,
                    acked,
                    answered,
                },
            );
            self.next += 1;
            self.talk.sent = self.next;
            due = self.course.due(self.number, self.next);
        }
        if packets.is_empty() {
            return Ok(());
        }
        self.joined.polling.post(&packets).await
    }

    async fn on_packet(&mut self, (at, packet): (Instant, Packet)) -> anyhow::Result<()> {
        self.joined.answer_ping(&packet).await?;
        let at = self.course.run.at(at);
        match heard(&text(&packet))? {
            Some(Heard::Ack(seq, answer)) => self.on_ack(seq, answer, at),
            Some(Heard::Event(event)) if event.name.as_str() == Some("staff:message") => {
                let said = event.args.first().context("an answer without a payload")?;
                self.on_answer(said["message"].as_str().unwrap_or_default(), at);
            }
            _ => {}
        }
        Ok(())
    }

    fn on_ack(&mut self, seq: u64, answer: Value, at: u64) {
        let Some(waiting) = self.waiting.get_mut(&seq) else {
            return;
        };
        if let Err(refusal) = granted("guest:message", answer) {
            self.talk.refused += 1;
            self.talk.trouble.get_or_insert(refusal);
            self.waiting.remove(&seq);
            return;
        }
        waiting.acked = true;
        self.talk.acked.insert(seq);
        if self.course.measures(waiting.sent) {
            self.talk.acks.record(at.saturating_sub(waiting.sent));
        }
        self.whether_done(seq);
    }

    fn on_answer(&mut self, text: &str, at: u64) {
        let Some(tag) = self.course.run.find(text) else {
            return;
        };
        // An answer to another guest's message is none of ours: the oracle knows one sender, 0.
        let sender = usize::from(tag.sender != self.number);
        if self.talk.answers.see(sender, tag.seq) != Arrival::New {
            return;
        }
        if self.course.measures(tag.sent) {
            self.talk.round_trips.record(at.saturating_sub(tag.sent));
        }
        if let Some(waiting) = self.waiting.get_mut(&tag.seq) {
            waiting.answered = true;
            self.whether_done(tag.seq);
        }
    }

    fn whether_done(&mut self, seq: u64) {
        if self
            .waiting
            .get(&seq)
            .is_some_and(|w| w.acked && w.answered)
        {
            self.waiting.remove(&seq);
            self.course.one_done();
        }
    }
}
