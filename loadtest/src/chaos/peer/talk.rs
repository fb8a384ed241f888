//! What guests and operators have in common: how they say something, and how they read what they missed.

use std::collections::{BTreeMap, HashMap};

use anyhow::bail;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use tokio::time::{Duration, Instant, sleep_until, timeout};

use super::{
    Phase,
    client::{Client, message, text},
};
use crate::chaos::record::{Message, What};

pub struct Talk {
    pub client: Client,
    pub chance: ChaCha8Rng,
    /// What it still has to read, since it was not recovered.
    pub behind: bool,
    /// Of an operator: those it knows, and whether they wait.
    pub sessions: BTreeMap<String, bool>,
    /// Up to where it had everything when it was last there.
    floors: HashMap<String, u64>,
    /// Up to where it has everything once it is not behind.
    tops: HashMap<String, u64>,
    epoch: String,
    said: u64,
    pending: Option<(String, String)>,
    due: Instant,
    idle: bool,
}

/// Between two messages of one client, on the average.
const PACE: Duration = Duration::from_millis(500);
/// Before something that did not work is tried again.
const PAUSE: Duration = Duration::from_millis(200);
const PAGE: usize = 100;

impl Talk {
    pub fn new(client: Client, seed: u64) -> Self {
        Self {
            client,
            chance: ChaCha8Rng::seed_from_u64(seed),
            behind: true,
            sessions: BTreeMap::new(),
            floors: HashMap::new(),
            tops: HashMap::new(),
            epoch: String::new(),
            said: 0,
            pending: None,
            due: Instant::now(),
            idle: false,
        }
    }

    pub fn phase(&self) -> Phase {
        self.client.orders.borrow().phase
    }

    /// Connects if it has to. Whether it is there now.
    pub async fn present(&mut self) -> bool {
        if self.client.connected() {
            return true;
        }
        match self.client.connect().await {
            Ok(true) => true,
            Ok(false) => {
                if !self.behind {
                    self.floors = self.tops.clone();
                }
                self.behind = true;
                true
            }
            Err(_) => {
                self.pause().await;
                false
            }
        }
    }

    /// Listens until the next message is due, or to all that comes if nothing is to be said any more.
    pub async fn listen(&mut self) -> anyhow::Result<()> {
        let until = match self.phase() {
            Phase::Talk => self.due,
            _ => Instant::now() + PAUSE,
        };
        let listening = async {
            loop {
                self.client.hear().await?;
                self.learn();
            }
        };
        tokio::select! {
            lost = listening => lost,
            () = sleep_until(until) => Ok(()),
        }
    }

    /// Says the next thing in this session, or again what was not acknowledged.
    pub async fn say(&mut self, event: &str, session: &str) -> anyhow::Result<()> {
        if self.pending.is_none() && self.phase() == Phase::Talk {
            self.said += 1;
            let cid = format!("{}:{}", self.client.who, self.said);
            self.pending = Some((cid, session.to_owned()));
        }
        let Some((cid, session)) = self.pending.clone() else {
            if !std::mem::replace(&mut self.idle, true) {
                self.client.note(What::Idle);
            }
            return Ok(());
        };
        self.client.note(What::Sent {
            cid: cid.clone(),
            session: session.clone(),
        });
        let payload = json!({
            "sessionId": session, "message": cid, "type": "text", "clientMessageId": cid,
        });
        let answer = match self.client.plant.false_ack(self.said) {
            Some(answer) => Some(answer),
            None => self.client.ask(event, &payload).await?,
        };
        self.learn();
        self.answered(cid, answer).await;
        Ok(())
    }

    async fn answered(&mut self, cid: String, answer: Option<Value>) {
        match answer {
            Some(answer) if answer["ok"] == true => {
                let (id, seq) = (text(&answer, "messageId"), answer["seq"].as_u64());
                let seq = seq.unwrap_or_default();
                self.client.note(What::Acked { cid, id, seq });
                self.pending = None;
                let pace = PACE.mul_f64(self.chance.random_range(0.5..1.5));
                self.due = Instant::now() + pace;
            }
            Some(answer) => {
                let code = text(&answer["error"], "code");
                self.client.note(What::Refused { cid, code });
                self.pause().await;
            }
            // It was not answered, which says nothing.
            None => {}
        }
    }

    /// Reads what it has not got of a session; all of it at the `last`.
    pub async fn load(
        &mut self,
        event: &str,
        selector: &Value,
        session: &str,
        last: bool,
    ) -> anyhow::Result<()> {
        let floor = self.floors.get(session).copied().unwrap_or_default();
        let floor = if last { 0 } else { floor };
        let mut messages: Vec<Message> = Vec::new();
        loop {
            let mut ask = selector.clone();
            ask["limit"] = PAGE.into();
            if let Some(first) = messages.first() {
                ask["beforeSeq"] = first.seq.into();
            }
            let answer = self.granted(event, &ask).await?;
            let page: Vec<Value> = serde_json::from_value(answer["messages"].clone())?;
            let mut page: Vec<Message> = page.iter().map(message).collect();
            let reached = page.first().is_none_or(|first| first.seq <= floor + 1);
            page.append(&mut messages);
            messages = page;
            if reached || answer["more"] != true {
                break;
            }
        }
        let top = messages.last().map_or(0, |message| message.seq);
        self.rise(session, top);
        let session = session.to_owned();
        self.client.note(What::Loaded {
            session,
            messages,
            last,
        });
        Ok(())
    }

    /// Asks for something that only fails while there is trouble.
    pub async fn granted(&mut self, event: &str, payload: &Value) -> anyhow::Result<Value> {
        let answer = self.client.ask(event, payload).await?;
        self.learn();
        match answer {
            Some(answer) if answer["ok"] == true => Ok(answer),
            Some(answer) => bail!("{event}: {}", answer["error"]),
            None => bail!("{event} is not answered"),
        }
    }

    /// What it has heard in a session is complete up to there, unless it is behind.
    fn learn(&mut self) {
        let news = std::mem::take(&mut self.client.news);
        for (name, payload) in &news {
            if name.ends_with(":message") {
                let seq = payload["seq"].as_u64().unwrap_or_default();
                self.rise(&text(payload, "sessionId"), seq);
            } else if payload["session"].is_object() {
                self.learn_session(&payload["session"]);
            } else if name == "ready" {
                self.learn_epoch(text(payload, "epoch"));
            }
        }
    }

    pub fn learn_session(&mut self, session: &Value) {
        let waits = session["status"] == "waiting";
        self.sessions.insert(text(session, "sessionId"), waits);
    }

    /// With another one, what was heard may not be what is stored: all is read again.
    fn learn_epoch(&mut self, epoch: String) {
        if self.epoch != epoch {
            self.epoch = epoch;
            self.floors.clear();
            self.tops.clear();
        }
    }

    fn rise(&mut self, session: &str, seq: u64) {
        let top = self.tops.entry(session.to_owned()).or_default();
        *top = (*top).max(seq);
    }

    /// After something that did not work; a connection that was lost has said why.
    pub async fn pause(&mut self) {
        let pause = PAUSE.mul_f64(self.chance.random_range(0.5..1.5));
        // Whatever comes meanwhile is not lost, it waits.
        let _ = timeout(pause, std::future::pending::<()>()).await;
    }
}
