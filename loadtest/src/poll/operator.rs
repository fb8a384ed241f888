//! An operator who answers every message of its guests with the same text.

use std::sync::Arc;

use serde_json::json;
use tokio::sync::watch;

use super::Course;
use crate::{
    client::{Client, Heard, granted},
    oracle::{Arrival, Oracle},
};

pub struct Operator {
    number: usize,
    /// How many operators share the guests.
    staff: usize,
    client: Client,
    pub heard: Oracle,
    pub answers: u64,
    pub acked: u64,
    pub trouble: Option<anyhow::Error>,
}

impl Operator {
    pub fn new(number: usize, staff: usize, guests: usize, client: Client) -> Self {
        Self {
            number,
            staff,
            client,
            heard: Oracle::new(guests),
            answers: 0,
            acked: 0,
            trouble: None,
        }
    }

    /// Answers until it is told to stop.
    pub async fn run(mut self, course: Arc<Course>, mut stopped: watch::Receiver<bool>) -> Self {
        let trouble = tokio::select! {
            ended = self.answer_all(&course) => ended.err(),
            _ = stopped.wait_for(|stopped| *stopped) => None,
        };
        if let Some(trouble) = trouble {
            self.trouble.get_or_insert(trouble);
        }
        self
    }

    async fn answer_all(&mut self, course: &Course) -> anyhow::Result<()> {
        loop {
            match self.client.hear().await? {
                Heard::Ack(_, answer) => match granted("staff:message", answer) {
                    Ok(_) => self.acked += 1,
                    Err(refusal) => drop(self.trouble.get_or_insert(refusal)),
                },
                Heard::Event(event) if event.name.as_str() == Some("guest:message") => {
                    if let Some(said) = event.args.first() {
                        self.on_message(course, said).await?;
                    }
                }
                Heard::Event(_) => {}
            }
        }
    }

    /// Every operator hears every guest; one of them answers. What comes twice is answered once,
    /// or one fault would look like two.
    async fn on_message(
        &mut self,
        course: &Course,
        said: &serde_json::Value,
    ) -> anyhow::Result<()> {
        let text = said["message"].as_str().unwrap_or_default();
        let Some(tag) = course.run.find(text) else {
            return Ok(());
        };
        let new = self.heard.see(tag.sender, tag.seq) == Arrival::New;
        if new && tag.sender % self.staff == self.number {
            let session = &said["sessionId"];
            let answer = json!({ "sessionId": session, "message": text, "type": "text" });
            self.client.emit("staff:message", &answer).await?;
            self.answers += 1;
        }
        Ok(())
    }
}
