//! What came of guests on long-polling.

use std::sync::atomic::Ordering::Relaxed;

use serde_json::{Value, json};

use super::{Course, guest::Talk, operator::Operator};
use crate::{
    figures::{Latencies, per_second},
    oracle::Faults,
    shape::Shape,
    troubles::Troubles,
};

pub struct Report {
    talks: Vec<Talk>,
    acks: Latencies,
    round_trips: Latencies,
    /// Of guests and operators together.
    faults: Faults,
    unanswered_staff: u64,
    troubles: Troubles,
}

impl Report {
    pub fn new() -> anyhow::Result<Self> {
        Ok(Self {
            talks: Vec::new(),
            acks: Latencies::new()?,
            round_trips: Latencies::new()?,
            faults: Faults::default(),
            unanswered_staff: 0,
            troubles: Troubles::default(),
        })
    }

    /// All guests first, then the operators: those are judged by what the guests have sent.
    pub fn add_guest(&mut self, mut talk: Talk) -> anyhow::Result<()> {
        self.acks.add(&talk.acks)?;
        self.round_trips.add(&talk.round_trips)?;
        self.faults += talk.answers.judge([(talk.sent, &talk.acked)].into_iter());
        self.troubles.add(talk.trouble.take());
        self.talks.push(talk);
        self.talks.sort_unstable_by_key(|talk| talk.number);
        Ok(())
    }

    pub fn add_operator(&mut self, operator: Operator) {
        let owed = self.talks.iter().map(|talk| (talk.sent, &talk.acked));
        self.faults += operator.heard.judge(owed);
        self.unanswered_staff += operator.answers - operator.acked;
        self.troubles.add(operator.trouble);
    }

    pub fn failed(&self, course: &Course) -> bool {
        self.faults.any()
            || self.unanswered() > 0
            || self.refused() > 0
            || self.troubles.any()
            || course.tally.failed.load(Relaxed) > 0
            || self.round_trips.len() == 0
    }

    pub fn tell(&self, course: &Course, shape: &Shape) {
        if shape.json {
            println!("{}", self.json(course, shape));
            return;
        }
        let per_message = self.per_message(course);
        let (sent, acked) = (self.sent(), self.acked());
        let [gets, posts, failed] = counts(course);
        println!("polling");
        println!("  acked       {:.0}/s", self.acked_per_second(shape));
        println!("  ack         {}", self.acks.line());
        println!("  round trip  {}", self.round_trips.line());
        println!("  requests    {per_message:.2} for a message and its answer");
        println!("              {gets} GET, {posts} POST, {failed} failed");
        println!("  messages    {sent} sent, {acked} acknowledged, warm-up included");
        let (refused, unanswered) = (self.refused(), self.unanswered());
        let faults = self.faults;
        println!("  faults      {faults}, {refused} refused, {unanswered} unanswered");
        self.troubles.print();
    }

    fn json(&self, course: &Course, shape: &Shape) -> Value {
        let [gets, posts, failed] = counts(course);
        let mut fields = json!({
            "scenario": "polling",
            "seconds": shape.seconds,
            "sent": self.sent(),
            "acked": self.acked(),
            "refused": self.refused(),
            "unanswered": self.unanswered(),
            "acks_per_second": self.acked_per_second(shape),
            "ack_ms": self.acks.json(),
            "round_trip_ms": self.round_trips.json(),
            "requests_per_message": self.per_message(course),
            "gets": gets,
            "posts": posts,
            "failed_requests": failed,
            "troubles": self.troubles.json(),
            "failed": self.failed(course),
        });
        self.faults.put(&mut fields);
        fields
    }

    fn acked_per_second(&self, shape: &Shape) -> f64 {
        per_second(self.acks.len(), shape.seconds)
    }

    fn per_message(&self, course: &Course) -> f64 {
        course.tally.requests() as f64 / self.acked().max(1) as f64
    }

    fn sent(&self) -> u64 {
        self.talks.iter().map(|talk| talk.sent).sum()
    }

    fn acked(&self) -> u64 {
        self.talks.iter().map(|talk| talk.acked.len()).sum()
    }

    fn refused(&self) -> u64 {
        self.talks.iter().map(|talk| talk.refused).sum()
    }

    /// Of both sides.
    fn unanswered(&self) -> u64 {
        self.sent() - self.acked() - self.refused() + self.unanswered_staff
    }
}

/// GETs, POSTs, and how many of both have failed.
fn counts(course: &Course) -> [u64; 3] {
    let tally = &course.tally;
    [&tally.gets, &tally.posts, &tally.failed].map(|count| count.load(Relaxed))
}
