//! Socket.IO of one namespace, with recovery as the official client does it.

use std::time::Duration;

use anyhow::{Context, bail};
use serde_json::{Map, Value};
use switchboard::wire::{
    engine::{Message as EngineMessage, Packet},
    socket::{self, Event, Kind},
};
use tokio::{sync::watch, time::timeout};

use super::{Orders, Transport, link::Link, plant::Plant};
use crate::{
    chaos::record::{Journal, Message, What},
    client::connect_packet,
};

pub struct Client {
    pub who: String,
    pub journal: Journal,
    pub orders: watch::Receiver<Orders>,
    pub plant: Plant,
    /// What was heard and nobody has looked at: name and payload.
    pub news: Vec<(String, Value)>,
    place: Place,
    link: Option<Link>,
    pid: Option<String>,
    offset: Option<String>,
    asked: u64,
    kicks: u64,
}

/// Where a client goes.
#[derive(Clone, Debug)]
pub struct Place {
    pub url: String,
    pub nsp: &'static str,
    pub transport: Transport,
    pub auth: Map<String, Value>,
}

const JOIN: Duration = Duration::from_secs(5);
/// Longer than the relay holds a request or an ack.
const ANSWER: Duration = Duration::from_secs(5);

impl Client {
    pub fn new(
        who: &str,
        place: Place,
        journal: Journal,
        orders: watch::Receiver<Orders>,
        plant: Plant,
    ) -> Self {
        Self {
            who: who.to_owned(),
            journal,
            orders,
            plant,
            news: Vec::new(),
            place,
            link: None,
            pid: None,
            offset: None,
            asked: 0,
            kicks: 0,
        }
    }

    pub fn note(&self, what: What) {
        self.journal.note(&self.who, what);
    }

    pub fn connected(&self) -> bool {
        self.link.is_some()
    }

    /// Whether it was recovered: then it has, or will get, whatever it missed.
    pub async fn connect(&mut self) -> anyhow::Result<bool> {
        self.link = None;
        let mut link = Link::open(&self.place.url, self.place.transport, &self.who).await?;
        let mut auth = self.place.auth.clone();
        if let Some(pid) = &self.pid {
            auth.insert("pid".into(), pid.as_str().into());
            if let Some(offset) = &self.offset {
                auth.insert("offset".into(), offset.as_str().into());
            }
        }
        link.send(connect_packet(self.place.nsp, auth.into()))
            .await?;
        let mut missed = Vec::new();
        let fields = timeout(JOIN, joined(&mut link, &mut missed)).await??;
        let pid = fields.get("pid").and_then(Value::as_str).map(str::to_owned);
        let recovered = pid.is_some() && pid == self.pid;
        self.pid = pid;
        self.link = Some(link);
        self.kicks = self.orders.borrow().kicks;
        self.note(What::Connect { recovered });
        for event in missed {
            self.pass(event);
        }
        Ok(recovered)
    }

    /// What is answered, if that comes in time. An error is a lost connection.
    pub async fn ask(&mut self, event: &str, payload: &Value) -> anyhow::Result<Option<Value>> {
        self.asked += 1;
        let asked = self.asked;
        let text = socket::encode::event(self.place.nsp, Some(asked), event, Some(payload), None)?;
        let answered = async {
            let sent = match &mut self.link {
                Some(link) => link.send(text).await,
                None => bail!("no connection"),
            };
            self.kept(sent)?;
            loop {
                if let Some((id, answer)) = self.hear().await?
                    && id == asked
                {
                    return Ok(answer);
                }
            }
        };
        // One that was already given up is not lost by the time-out.
        timeout(ANSWER, answered).await.ok().transpose()
    }

    /// The next ack, or none after something else. Can be dropped and called again.
    pub async fn hear(&mut self) -> anyhow::Result<Option<(u64, Value)>> {
        let link = self.link.as_mut().context("no connection")?;
        let kicks = self.kicks;
        let packet = tokio::select! {
            packet = link.recv() => packet,
            _ = self.orders.wait_for(|orders| orders.kicks > kicks) => {
                Err(anyhow::anyhow!("told to come back"))
            }
        };
        let packet = self.kept(packet)?;
        let understood = kind(&packet);
        match self.kept(understood)? {
            Some(Kind::Event(event)) => self.pass(event),
            Some(Kind::Ack(ack)) => {
                let answer = ack.args.into_iter().next().unwrap_or_default();
                return Ok(Some((ack.id, answer)));
            }
            Some(Kind::Disconnect) => {
                return self.kept(Err(anyhow::anyhow!("the server has ended the socket")));
            }
            _ => {}
        }
        Ok(None)
    }

    /// Goes for good, and says so.
    pub async fn leave(&mut self) {
        if let Some(link) = self.link.take() {
            let nsp = self.place.nsp.to_owned();
            let kind = Kind::Disconnect;
            let text = socket::encode::packet(&socket::Packet { nsp, kind }).text;
            // If that does not arrive, it has gone all the same.
            let _ = link.close(text).await;
        }
        self.note(What::Left);
    }

    pub fn drop_link(&mut self, reason: impl Into<String>) {
        if self.link.take().is_some() {
            let reason = reason.into();
            self.note(What::Disconnect { reason });
        }
    }

    fn kept<T>(&mut self, result: anyhow::Result<T>) -> anyhow::Result<T> {
        if let Err(error) = &result {
            self.drop_link(format!("{error:#}"));
        }
        result
    }

    fn pass(&mut self, event: Event) {
        for event in self.plant.pass(event) {
            self.on_event(event);
        }
    }

    fn on_event(&mut self, event: Event) {
        if let (Some(Value::String(offset)), true) = (event.args.last(), self.pid.is_some()) {
            self.offset = Some(offset.clone());
        }
        let name = event.name.as_str().unwrap_or_default().to_owned();
        let payload = event.args.into_iter().next().unwrap_or_default();
        if matches!(name.as_str(), "guest:message" | "staff:message") {
            let session = text(&payload, "sessionId");
            let message = message(&payload);
            self.note(What::Heard { session, message });
        }
        self.news.push((name, payload));
    }
}

/// Until it is let in; what it missed comes before that.
async fn joined(link: &mut Link, missed: &mut Vec<Event>) -> anyhow::Result<Map<String, Value>> {
    loop {
        match kind(&link.recv().await?)? {
            Some(Kind::Connect(fields)) => return Ok(fields.unwrap_or_default()),
            Some(Kind::Event(event)) => missed.push(event),
            Some(Kind::ConnectError { message, .. }) => bail!("refused: {message}"),
            _ => {}
        }
    }
}

fn kind(packet: &Packet) -> anyhow::Result<Option<Kind>> {
    Ok(match packet {
        Packet::Message(EngineMessage::Text(text)) => Some(socket::parse(text)?.packet.kind),
        _ => None,
    })
}

/// Of an event, or of a page of history.
pub fn message(payload: &Value) -> Message {
    Message {
        cid: text(payload, "message"),
        id: text(payload, "messageId"),
        seq: payload["seq"].as_u64().unwrap_or_default(),
    }
}

pub fn text(payload: &Value, field: &str) -> String {
    payload[field].as_str().unwrap_or_default().to_owned()
}
