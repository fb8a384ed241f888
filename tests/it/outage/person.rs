use std::{collections::VecDeque, net::SocketAddr};

use serde_json::{Value, json};
use tokio::time::{Duration, timeout};

use super::line::{Line, Lost};

/// A question without an answer in this time is asked again on another connection.
const PATIENCE: Duration = Duration::from_secs(15);

/// One socket on one connection, as the official client keeps it.
pub struct Person {
    line: Line,
    place: String,
    asked: u64,
    heard: VecDeque<(String, Value)>,
    answers: Vec<(u64, Value)>,
    /// It goes on where the one before had ended.
    pub recovered: bool,
    pid: Option<Value>,
    offset: Option<Value>,
}

/// Who comes, and what it keeps from one connection to the next.
#[derive(Clone, Debug)]
pub struct Pass {
    pub namespace: &'static str,
    pub auth: Value,
    pub polls: bool,
    pid: Option<Value>,
    offset: Option<Value>,
}

impl Pass {
    pub fn guest(polls: bool) -> Self {
        Self {
            namespace: "/public-portal",
            auth: json!({}),
            polls,
            pid: None,
            offset: None,
        }
    }

    pub fn operator(token: &str) -> Self {
        Self {
            namespace: "/",
            auth: json!({ "token": token }),
            polls: false,
            pid: None,
            offset: None,
        }
    }
}

impl Person {
    pub async fn join(addresses: &[SocketAddr], turn: usize, pass: &Pass) -> Result<Self, Lost> {
        let place = match pass.namespace {
            "/" => String::new(),
            other => format!("{other},"),
        };
        let mut auth = pass.auth.clone();
        if let (Some(pid), Some(offset)) = (&pass.pid, &pass.offset) {
            (auth["pid"], auth["offset"]) = (pid.clone(), offset.clone());
        }
        let mut person = Self {
            line: Line::open(addresses, turn, pass.polls).await?,
            place,
            asked: 0,
            heard: VecDeque::new(),
            answers: Vec::new(),
            recovered: false,
            pid: None,
            offset: pass.offset.clone(),
        };
        person
            .line
            .send(format!("40{}{auth}", person.place))
            .await?;
        let connected = async {
            while person.pid.is_none() {
                person.take().await?;
            }
            Ok::<_, Lost>(())
        };
        timeout(PATIENCE, connected).await.map_err(|_| Lost)??;
        person.recovered = pass.offset.is_some() && person.pid == pass.pid;
        Ok(person)
    }

    /// For the next connection of whoever has this one.
    pub fn keep(&self, pass: &mut Pass) {
        (pass.pid, pass.offset) = (self.pid.clone(), self.offset.clone());
    }

    /// The answer, or that there is none.
    pub async fn ask(&mut self, event: &str, payload: &Value) -> Result<Value, Lost> {
        self.asked += 1;
        let number = self.asked;
        let packet = format!("42{}{number}{}", self.place, json!([event, payload]));
        self.line.send(packet).await?;
        let answered = async {
            loop {
                if let Some(at) = self.answers.iter().position(|(of, _)| *of == number) {
                    return Ok(self.answers.swap_remove(at).1);
                }
                self.take().await?;
            }
        };
        timeout(PATIENCE, answered).await.map_err(|_| Lost)?
    }

    /// An answer that says yes, however often it has to be asked for on this connection.
    pub async fn granted(&mut self, event: &str, payload: &Value) -> Result<Value, Lost> {
        loop {
            let answer = self.ask(event, payload).await?;
            if answer["ok"] == true {
                return Ok(answer);
            }
            passes(&answer);
            tokio::time::sleep(super::PAUSE).await;
        }
    }

    /// Waits for nothing but the next event. May be left in between.
    pub async fn hear(&mut self) -> Result<(String, Value), Lost> {
        loop {
            if let Some(heard) = self.heard.pop_front() {
                return Ok(heard);
            }
            self.take().await?;
        }
    }

    /// All of a session's messages, in pages.
    pub async fn history(&mut self, session: &str) -> Result<Vec<Value>, Lost> {
        let mut messages: Vec<Value> = Vec::new();
        loop {
            let mut selector = json!({ "limit": 50, "sessionId": session });
            if let Some(first) = messages.first() {
                selector["beforeSeq"] = first["seq"].clone();
            }
            let page = self.granted("staff:history", &selector).await?;
            let earlier = page["messages"].as_array().unwrap().clone();
            messages.splice(0..0, earlier);
            if page["more"] == false {
                return Ok(messages);
            }
        }
    }

    async fn take(&mut self) -> Result<(), Lost> {
        let packet = self.line.next().await?;
        let place = self.place.as_str();
        if let Some(answer) = packet.strip_prefix(&format!("43{place}")) {
            let payload = answer.find('[').unwrap();
            let [value]: [Value; 1] = serde_json::from_str(&answer[payload..]).unwrap();
            let number = answer[..payload].parse().unwrap();
            self.answers.push((number, value));
        } else if let Some(event) = packet.strip_prefix(&format!("42{place}")) {
            let args: Vec<Value> = serde_json::from_str(event).unwrap();
            if args.len() > 1 && args.last().unwrap().is_string() {
                self.offset = args.last().cloned();
            }
            let name = args[0].as_str().unwrap().to_owned();
            let payload = args.get(1).cloned().unwrap_or_default();
            self.heard.push_back((name, payload));
        } else if let Some(connected) = packet.strip_prefix(&format!("40{place}")) {
            let connected: Value = serde_json::from_str(connected).unwrap();
            self.pid = Some(connected["pid"].clone());
        } else if packet.starts_with("44") {
            // Refused for now: what is wrong with the token would be wrong for ever.
            assert!(!packet.contains("unauthorized"), "{packet}");
            return Err(Lost);
        } else {
            panic!("not to be expected: {packet}");
        }
        Ok(())
    }
}

/// A refusal that a client repeats by itself.
pub fn passes(answer: &Value) {
    let code = answer["error"]["code"].as_str().unwrap_or_default();
    assert!(["unavailable", "pending"].contains(&code), "{answer}");
}
