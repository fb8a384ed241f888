//! Who reads.

use std::sync::{Arc, atomic::Ordering::Relaxed};

use crate::{
    client::Client,
    figures::Latencies,
    load::Course,
    oracle::{Arrival, Oracle},
    window::Window,
};

/// One operator, or what stands for one at the floor.
pub struct Receiver {
    client: Client,
    course: Arc<Course>,
    /// Of each sender, where its messages are in flight until they are delivered.
    windows: Vec<Arc<Window>>,
    pub oracle: Oracle,
    pub latencies: Latencies,
    /// Deliveries while it was measured.
    pub in_time: u64,
}

/// How a delivery begins; operators hear of other things as well.
const MESSAGE: &str = "42[\"guest:message\"";

impl Receiver {
    pub fn new(
        client: Client,
        course: Arc<Course>,
        windows: Vec<Arc<Window>>,
    ) -> anyhow::Result<Self> {
        Ok(Self {
            client,
            oracle: Oracle::new(windows.len()),
            latencies: Latencies::new()?,
            in_time: 0,
            course,
            windows,
        })
    }

    /// Reads until the connection ends, or until it is dropped.
    pub async fn run(&mut self) -> anyhow::Result<()> {
        loop {
            let text = self.client.text().await?;
            if text.starts_with(MESSAGE) {
                self.on_message(&text);
            }
        }
    }

    fn on_message(&mut self, text: &str) {
        let Some(tag) = self.course.run.find(text) else {
            return;
        };
        let now = self.course.run.now();
        if self.oracle.see(tag.sender, tag.seq) != Arrival::New {
            return;
        }
        self.course.arrived.fetch_add(1, Relaxed);
        self.in_time += u64::from(self.course.measures(now));
        if self.course.measures(tag.sent) {
            self.latencies.record(now.saturating_sub(tag.sent));
        }
        if !self.course.until_acked {
            self.windows[tag.sender].part_done(tag.seq);
        }
    }
}
