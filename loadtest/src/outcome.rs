//! What came of a run.

use serde_json::{Value, json};

use crate::{
    figures::{Latencies, per_second},
    oracle::Faults,
    receiver::Receiver,
    sender::Sent,
    troubles::Troubles,
};

pub struct Outcome {
    title: String,
    seconds: u64,
    sent: u64,
    acked: u64,
    refused: u64,
    acks: Latencies,
    delivered: u64,
    deliveries: Latencies,
    faults: Faults,
    troubles: Troubles,
}

impl Outcome {
    pub fn new(title: &str, seconds: u64) -> anyhow::Result<Self> {
        Ok(Self {
            title: title.to_owned(),
            seconds,
            sent: 0,
            acked: 0,
            refused: 0,
            acks: Latencies::new()?,
            delivered: 0,
            deliveries: Latencies::new()?,
            faults: Faults::default(),
            troubles: Troubles::default(),
        })
    }

    pub fn add_sender(&mut self, sent: Sent) -> anyhow::Result<()> {
        self.sent += sent.count;
        self.acked += sent.acked.len();
        self.refused += sent.refused;
        self.acks.add(&sent.acks)?;
        self.troubles.add(sent.trouble);
        Ok(())
    }

    pub fn add_receiver(
        &mut self,
        receiver: &Receiver,
        senders: &[(usize, Sent)],
        trouble: Option<anyhow::Error>,
    ) -> anyhow::Result<()> {
        self.delivered += receiver.in_time;
        self.deliveries.add(&receiver.latencies)?;
        let owed = senders.iter().map(|(_, sent)| (sent.count, &sent.acked));
        self.faults += receiver.oracle.judge(owed);
        self.troubles.add(trouble);
        Ok(())
    }

    /// Whether anything went wrong. A run in which nothing was delivered has shown nothing.
    pub fn failed(&self) -> bool {
        self.faults.any()
            || self.unanswered() > 0
            || self.refused > 0
            || self.troubles.any()
            || self.deliveries.len() == 0
    }

    pub fn deliveries_per_second(&self) -> f64 {
        per_second(self.delivered, self.seconds)
    }

    /// Of the deliveries.
    pub fn latency_ms(&self, quantile: f64) -> f64 {
        self.deliveries.ms(quantile)
    }

    pub fn print(&self) {
        println!("{}", self.title);
        let delivered = self.deliveries_per_second();
        println!("  delivered   {delivered:.0}/s");
        println!("  delivery    {}", self.deliveries.line());
        if self.acks.len() > 0 {
            let acked = per_second(self.acks.len(), self.seconds);
            println!("  acked       {acked:.0}/s");
            println!("  ack         {}", self.acks.line());
        }
        let (sent, answered) = (self.sent, self.acked);
        println!("  messages    {sent} sent, {answered} acknowledged, warm-up included");
        println!("  faults      {}", self.faults());
        self.troubles.print();
    }

    pub fn json(&self) -> Value {
        let mut fields = json!({
            "scenario": self.title,
            "seconds": self.seconds,
            "sent": self.sent,
            "acked": self.acked,
            "refused": self.refused,
            "unanswered": self.unanswered(),
            "deliveries_per_second": self.deliveries_per_second(),
            "delivery_ms": self.deliveries.json(),
            "acks_per_second": per_second(self.acks.len(), self.seconds),
            "ack_ms": self.acks.json(),
            "troubles": self.troubles.json(),
            "failed": self.failed(),
        });
        self.faults.put(&mut fields);
        fields
    }

    fn faults(&self) -> String {
        let (faults, refused, unanswered) = (self.faults, self.refused, self.unanswered());
        format!("{faults}, {refused} refused, {unanswered} unanswered")
    }

    fn unanswered(&self) -> u64 {
        self.sent - self.acked - self.refused
    }
}

/// The relay's figures as multiples of the floor's.
pub fn compare(relay: &Outcome, floor: &Outcome) -> Value {
    let times = |relay: f64, floor: f64| (relay / floor * 1000.0).round() / 1000.0;
    json!({
        "deliveries_per_second": times(relay.deliveries_per_second(), floor.deliveries_per_second()),
        "p50": times(relay.latency_ms(0.5), floor.latency_ms(0.5)),
        "p99": times(relay.latency_ms(0.99), floor.latency_ms(0.99)),
    })
}
