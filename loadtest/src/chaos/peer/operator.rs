//! An operator, in one tab: takes who waits, and writes to whomever it likes.

use rand::{Rng, seq::IteratorRandom};
use serde_json::{Value, json};

use super::{Phase, client::Client, talk::Talk};
use crate::chaos::record::{Role, What};

pub struct Operator {
    talk: Talk,
    workspace: String,
}

pub const NAMESPACE: &str = "/";
/// Of the turns in which somebody waits, those in which it takes somebody.
const EAGERNESS: f64 = 0.5;

impl Operator {
    pub fn new(client: Client, seed: u64, workspace: &str) -> Self {
        let talk = Talk::new(client, seed);
        let workspace = workspace.to_owned();
        Self { talk, workspace }
    }

    pub async fn run(mut self) {
        let (role, workspace) = (Role::Operator, self.workspace.clone());
        self.talk.client.note(What::Hello { role, workspace });
        while self.talk.phase() != Phase::Leave {
            if self.turn().await.is_err() {
                self.talk.pause().await;
            }
        }
        while self.catch_up().await.is_err() {
            self.talk.pause().await;
        }
        self.talk.client.leave().await;
    }

    async fn catch_up(&mut self) -> anyhow::Result<()> {
        while !self.talk.present().await {}
        if self.talk.behind {
            self.read().await?;
            self.talk.behind = false;
        }
        Ok(())
    }

    async fn turn(&mut self) -> anyhow::Result<()> {
        self.catch_up().await?;
        self.talk.listen().await?;
        self.take().await?;
        let sessions = self.talk.sessions.keys();
        let Some(session) = sessions.choose(&mut self.talk.chance).cloned() else {
            return Ok(());
        };
        self.talk.say("staff:message", &session).await
    }

    /// The list of sessions, and what was said in each.
    async fn read(&mut self) -> anyhow::Result<()> {
        let mut cursor = Value::Null;
        loop {
            let mut ask = json!({ "limit": 50 });
            if !cursor.is_null() {
                ask["cursor"] = cursor;
            }
            let page = self.talk.granted("staff:sessions", &ask).await?;
            anyhow::ensure!(page["incomplete"] != true, "the list is incomplete");
            for session in page["sessions"].as_array().unwrap_or(&Vec::new()) {
                self.talk.learn_session(session);
            }
            cursor = page["cursor"].clone();
            if cursor.is_null() {
                break;
            }
        }
        let sessions: Vec<String> = self.talk.sessions.keys().cloned().collect();
        for session in sessions {
            let one = json!({ "sessionId": session });
            self.talk
                .load("staff:history", &one, &session, false)
                .await?;
        }
        Ok(())
    }

    /// Another one may be faster, and then that one has it.
    async fn take(&mut self) -> anyhow::Result<()> {
        let mut waiting = self.talk.sessions.iter().filter(|(_, waits)| **waits);
        let Some((session, _)) = waiting.next() else {
            return Ok(());
        };
        let one = json!({ "sessionId": session });
        if self.talk.phase() == Phase::Talk && self.talk.chance.random_bool(EAGERNESS) {
            let answer = self
                .talk
                .client
                .ask("staff:connect_to_session", &one)
                .await?;
            if let Some(answer) = answer.filter(|answer| answer["ok"] == true) {
                self.talk.learn_session(&answer["session"]);
            }
        }
        Ok(())
    }
}
