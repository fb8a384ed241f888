//! Who writes.

use std::{collections::HashMap, pin::pin, sync::Arc};

use serde_json::json;
use tokio::time::{Instant, sleep_until};

use crate::{
    client::{Client, Heard, granted},
    figures::Latencies,
    floor,
    load::Course,
    oracle::Marks,
    tag::Tag,
    window::Window,
};

/// One guest, or what stands for one at the floor.
pub struct Sender {
    number: usize,
    client: Client,
    course: Arc<Course>,
    window: Arc<Window>,
    /// Its ack ids, with what they are the ack of and when that was sent.
    waiting: HashMap<u64, (u64, u64)>,
    sent: Sent,
}

/// Messages without an ack, however small the window: a relay may deliver long before it answers.
const UNANSWERED: usize = 10_000;

/// What became of its messages.
pub struct Sent {
    pub count: u64,
    pub acked: Marks,
    pub refused: u64,
    pub acks: Latencies,
    /// Why it ended before its time.
    pub trouble: Option<anyhow::Error>,
}

impl Sender {
    pub fn new(
        number: usize,
        client: Client,
        course: Arc<Course>,
        window: Arc<Window>,
    ) -> anyhow::Result<Self> {
        let sent = Sent {
            count: 0,
            acked: Marks::default(),
            refused: 0,
            acks: Latencies::new()?,
            trouble: None,
        };
        Ok(Self {
            number,
            client,
            course,
            window,
            waiting: HashMap::new(),
            sent,
        })
    }

    /// Writes until it is time to stop, then waits for the acks that are still to come.
    pub async fn run(&mut self) -> anyhow::Result<()> {
        let mut over = pin!(sleep_until(self.course.until));
        let mut stopped = false;
        while !stopped || !self.waiting.is_empty() {
            tokio::select! {
                heard = self.client.hear() => self.on_heard(heard?),
                () = &mut over, if !stopped => stopped = true,
                sent = turn(&self.course, &self.window, self.number, self.sent.count),
                    if !stopped && self.waiting.len() < UNANSWERED =>
                {
                    self.say(sent).await?;
                }
            }
        }
        Ok(())
    }

    /// Its number, and what became of its messages so far.
    pub fn end(self) -> (usize, Sent) {
        (self.number, self.sent)
    }

    async fn say(&mut self, sent: u64) -> anyhow::Result<()> {
        let (sender, seq) = (self.number, self.sent.count);
        let text = self
            .course
            .run
            .text(Tag { sender, seq, sent }, self.course.size);
        self.window.take(seq);
        self.sent.count += 1;
        if self.course.floor {
            self.sent.acked.insert(seq);
            return self.client.write(floor::frame(&text)).await;
        }
        let payload = json!({ "message": text, "type": "text" });
        let id = self.client.emit("guest:message", &payload).await?;
        self.waiting.insert(id, (seq, sent));
        Ok(())
    }

    fn on_heard(&mut self, heard: Heard) {
        let Heard::Ack(id, answer) = heard else {
            return;
        };
        let Some((seq, sent)) = self.waiting.remove(&id) else {
            return;
        };
        match granted("guest:message", answer) {
            Ok(_) => {
                self.sent.acked.insert(seq);
                if self.course.measures(sent) {
                    self.sent.acks.record(self.course.run.now() - sent);
                }
                if self.course.until_acked {
                    self.window.part_done(seq);
                }
            }
            Err(refusal) => {
                self.sent.refused += 1;
                self.sent.trouble.get_or_insert(refusal);
                self.window.give_up(seq);
            }
        }
    }
}

/// Waits until the next message is due and has room; gives the time that it counts from. That is
/// now for who was waiting for the clock, whose ticks are a millisecond wide, and the time it was
/// due for who has fallen behind.
async fn turn(course: &Course, window: &Window, number: usize, seq: u64) -> u64 {
    let counts_from = match course.due(number, seq) {
        Some(due) if Instant::now() < due => {
            sleep_until(due).await;
            Some(course.run.now())
        }
        Some(due) => Some(course.run.at(due)),
        None => None,
    };
    window.room(seq).await;
    counts_from.unwrap_or_else(|| course.run.now())
}
