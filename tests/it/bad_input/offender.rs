//! A guest or an operator who sends what should not be sent, and comes back if that was the end.

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use super::{
    client::{Client, End, Piece, Way},
    house::{FINE, GUESTS, House, MARK, STAFF},
};
use crate::process::talk::message;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Guest,
    Operator,
}

pub const SIDES: [Side; 2] = [Side::Guest, Side::Operator];

pub struct Offender {
    pub client: Client,
    pub way: Way,
    pub side: Side,
    pub session: String,
    /// Of the guest, or of the operator.
    token: String,
    /// What its session must hold.
    said: Vec<String>,
}

/// What is sent.
#[derive(Clone, Debug)]
pub enum Say {
    /// The JSON of an event that wants an answer, right or wrong.
    Event(String),
    /// Packets as they stand, but for `{p}`: the namespace with its comma.
    Packets(Vec<Piece>),
}

/// What comes of it.
#[derive(Clone, Debug, PartialEq)]
pub enum Expect {
    /// An answer that refuses, with code and field.
    Refused(&'static str, Option<&'static str>),
    Granted,
    /// An answer that grants, and this text in the session.
    Stored(String),
    /// Nothing, and the connection goes on.
    Silence,
    /// This connection ends.
    Ends,
}

pub struct Case {
    pub name: String,
    pub say: Say,
    pub expect: Expect,
}

impl Case {
    pub fn event(name: impl Into<String>, args: impl Into<String>, expect: Expect) -> Self {
        Self {
            name: name.into(),
            say: Say::Event(args.into()),
            expect,
        }
    }

    pub fn packets(pieces: &[Piece], expect: Expect) -> Self {
        let name = format!("{pieces:?}").chars().take(120).collect();
        Self {
            name,
            say: Say::Packets(pieces.to_vec()),
            expect,
        }
    }
}

impl Offender {
    pub async fn come(house: &House, way: Way, side: Side) -> Self {
        let address = house.server.address;
        let mut guest = Client::join(address, way, GUESTS, &json!({})).await;
        let started = guest
            .granted("guest:start", &json!({ "name": "Offender" }))
            .await;
        let text = |name: &str| started[name].as_str().unwrap().to_owned();
        let session = text("sessionId");
        let (client, token) = match side {
            Side::Guest => (guest, text("token")),
            Side::Operator => {
                let token = house.token("8").await;
                let auth = json!({ "token": token });
                let mut operator = Client::join(address, way, STAFF, &auth).await;
                let taken = json!({ "sessionId": session });
                operator.granted("staff:connect_to_session", &taken).await;
                (operator, token)
            }
        };
        Self {
            client,
            way,
            side,
            session,
            token,
            said: Vec::new(),
        }
    }

    /// On a new connection, as whom it was.
    pub async fn come_back(&mut self, house: &House) {
        let address = house.server.address;
        let auth = match self.side {
            Side::Guest => json!({}),
            Side::Operator => json!({ "token": self.token }),
        };
        let namespace = if self.side == Side::Guest {
            GUESTS
        } else {
            STAFF
        };
        self.client = Client::join(address, self.way, namespace, &auth).await;
        if self.side == Side::Guest {
            let resumed = self
                .client
                .granted("guest:start", &json!({ "token": self.token }))
                .await;
            assert_eq!(resumed["sessionId"], self.session.as_str());
        }
    }

    /// The event and payload by which this side says something.
    pub fn message(&self, text: &str) -> (&'static str, Value) {
        let mut payload = message(text, &uuid::Uuid::new_v4().to_string());
        match self.side {
            Side::Guest => ("guest:message", payload),
            Side::Operator => {
                payload["sessionId"] = self.session.clone().into();
                ("staff:message", payload)
            }
        }
    }

    /// It can go on: a line of its own is taken, and its session holds all such and nothing else.
    pub async fn goes_on(&mut self) {
        let line = format!("{FINE}{}", self.said.len());
        let (event, payload) = self.message(&line);
        self.client.granted(event, &payload).await;
        self.said.push(line);
        self.is_whole("it goes on").await;
    }

    /// This was taken, and is in its session.
    pub fn has_said(&mut self, line: &str) {
        self.said.push(line.to_owned());
    }

    /// The newest that it has said, and nothing beside, is what the history tells.
    pub async fn is_whole(&mut self, name: &str) {
        let limit = 20;
        let (event, query) = match self.side {
            Side::Guest => ("guest:history", json!({ "limit": limit })),
            Side::Operator => (
                "staff:history",
                json!({ "limit": limit, "sessionId": self.session }),
            ),
        };
        let history = self.client.granted(event, &query).await;
        let messages = history["messages"].as_array().unwrap();
        let texts: Vec<_> = messages
            .iter()
            .map(|it| it["message"].as_str().unwrap())
            .collect();
        let newest = self.said.len().saturating_sub(limit);
        assert_eq!(texts, self.said[newest..], "{name}");
    }

    /// One case, while the others chat.
    pub async fn tries(&mut self, house: &mut House, case: &Case) {
        let (messages, sessions) = house.rows();
        let (got, ()) = tokio::join!(self.say(&case.say), house.goes_on());
        let name = format!("{:?} by {:?}: {}", self.side, self.way, case.name);
        let stored = i64::from(matches!(case.expect, Expect::Stored(_)));
        self.judge(house, case, got, &name).await;
        self.is_whole(&name).await;
        assert_eq!(house.rows(), (messages + stored, sessions), "{name}");
    }

    async fn say(&mut self, say: &Say) -> Result<Option<Value>, End> {
        match say {
            Say::Event(args) => self.client.ask_text(args).await.map(Some),
            Say::Packets(pieces) => {
                let place = self.client.place();
                let pieces: Vec<_> = pieces
                    .iter()
                    .map(|piece| match piece {
                        Piece::Text(text) => Piece::Text(text.replace("{p}", &place)),
                        Piece::Binary(bytes) => Piece::Binary(bytes.clone()),
                    })
                    .collect();
                self.client.send(&pieces).await.map(|()| None)
            }
        }
    }

    async fn judge(
        &mut self,
        house: &mut House,
        case: &Case,
        got: Result<Option<Value>, End>,
        name: &str,
    ) {
        match (&case.expect, got) {
            (Expect::Refused(code, field), Ok(Some(answer))) => {
                assert_eq!(refusal(&answer), (*code, *field), "{name}: {answer}");
                house.count(&self.refusals(code));
            }
            (Expect::Granted, Ok(Some(answer))) => {
                assert_eq!(answer["ok"], true, "{name}: {answer}")
            }
            (Expect::Stored(text), Ok(Some(answer))) => {
                assert_eq!(answer["ok"], true, "{name}: {answer}");
                self.said.push(text.clone());
            }
            (Expect::Silence, Ok(None)) => {}
            (Expect::Ends, got) => {
                // A WebSocket hears it when it reads; a POST is answered with it.
                let end = match got {
                    Ok(None) => self.client.end().await,
                    Ok(Some(answer)) => panic!("{name} is answered: {answer}"),
                    Err(end) => end,
                };
                self.has_ended(house, end, name).await;
            }
            (expect, got) => panic!("{name}: {expect:?} is expected, not {got:?}"),
        }
    }

    /// In the way that is documented; comes back.
    pub async fn has_ended(&mut self, house: &mut House, end: End, name: &str) {
        let (expected, transport) = match self.way {
            Way::WebSocket => (End::Closed(Some(CloseCode::Protocol)), "websocket"),
            Way::Polling => (End::Status(400), "polling"),
        };
        assert_eq!(end, expected, "{name}");
        house.count(&format!(
            "switchboard_connections_closed_total{{reason=\"parse error\",transport=\"{transport}\"}}"
        ));
        self.come_back(house).await;
    }

    /// The metric of refusals.
    pub fn refusals(&self, code: &str) -> String {
        let role = if self.side == Side::Guest {
            "guest"
        } else {
            "operator"
        };
        format!("switchboard_commands_failed_total{{reason=\"{code}\",role=\"{role}\"}}")
    }
}

/// Code and field of an answer that refuses, which has to be well-formed.
pub fn refusal(answer: &Value) -> (&str, Option<&str>) {
    let error = answer["error"]
        .as_object()
        .unwrap_or_else(|| panic!("{answer}"));
    assert_eq!(answer["ok"], false, "{answer}");
    assert_eq!(answer.as_object().unwrap().len(), 2, "{answer}");
    assert!(
        !answer.to_string().contains(MARK),
        "it repeats what was said: {answer}"
    );
    let known = ["code", "message", "field", "retryAfterMs"];
    assert!(
        error.keys().all(|key| known.contains(&key.as_str())),
        "{answer}"
    );
    assert!(!error["message"].as_str().unwrap().is_empty(), "{answer}");
    (
        error["code"].as_str().unwrap(),
        error.get("field").map(|field| field.as_str().unwrap()),
    )
}
