//! Guests and operators on a WebSocket, as plain as can be.

use std::{collections::VecDeque, net::SocketAddr};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, protocol::frame::coding::CloseCode},
};

use super::server::{LONG, Server, run, switchboard};

/// One socket on one connection.
pub struct Person {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    namespace: &'static str,
    asked: u64,
    heard: VecDeque<(String, Value)>,
    answers: Vec<(u64, Value)>,
    pub sid: String,
    /// By which it can be recovered.
    pub pid: String,
}

/// The server is gone.
#[derive(Debug)]
pub struct Gone(pub Option<CloseCode>);

impl Person {
    pub async fn guest(address: SocketAddr) -> Self {
        Self::join(address, "/public-portal", &json!({}))
            .await
            .unwrap()
    }

    pub async fn operator(address: SocketAddr, token: &str) -> Self {
        Self::join(address, "/", &json!({ "token": token }))
            .await
            .unwrap()
    }

    /// `Err` with what the server answers to a CONNECT that it refuses.
    pub async fn join(
        address: SocketAddr,
        namespace: &'static str,
        auth: &Value,
    ) -> Result<Self, Value> {
        let url = format!("ws://{address}/socket.io/?EIO=4&transport=websocket");
        let (stream, _) = timeout(LONG, connect_async(url)).await.unwrap().unwrap();
        let mut person = Self {
            stream,
            namespace,
            asked: 0,
            heard: VecDeque::new(),
            answers: Vec::new(),
            sid: String::new(),
            pid: String::new(),
        };
        let open = person.packet().await.unwrap();
        let open: Value = serde_json::from_str(open.strip_prefix('0').unwrap()).unwrap();
        person.sid = open["sid"].as_str().unwrap().into();
        let place = person.place();
        person.send(format!("40{place}{auth}")).await.unwrap();
        let answer = person.packet().await.unwrap();
        match answer.strip_prefix(&format!("44{place}")) {
            Some(refusal) => Err(serde_json::from_str(refusal).unwrap()),
            None => {
                let joined = answer.strip_prefix(&format!("40{place}"));
                let joined: Value = serde_json::from_str(joined.unwrap()).unwrap();
                person.pid = joined["pid"].as_str().unwrap_or_default().into();
                Ok(person)
            }
        }
    }

    fn place(&self) -> String {
        if self.namespace == "/" {
            String::new()
        } else {
            format!("{},", self.namespace)
        }
    }

    pub async fn send(&mut self, packet: String) -> Result<(), Gone> {
        self.stream
            .send(Message::text(packet))
            .await
            .map_err(|_| Gone(None))
    }

    /// Emits, and gives the number of the answer to come.
    pub async fn emit(&mut self, event: &str, payload: &Value) -> Result<u64, Gone> {
        self.asked += 1;
        let packet = format!(
            "42{}{}{}",
            self.place(),
            self.asked,
            json!([event, payload])
        );
        self.send(packet).await?;
        Ok(self.asked)
    }

    /// The answer of that number.
    pub async fn answer(&mut self, number: u64) -> Result<Value, Gone> {
        loop {
            if let Some(at) = self.answers.iter().position(|(known, _)| *known == number) {
                return Ok(self.answers.swap_remove(at).1);
            }
            self.take().await?;
        }
    }

    /// Whether the answer of that number was among what has been read so far.
    pub fn has_answer(&self, number: u64) -> bool {
        self.answers.iter().any(|(known, _)| *known == number)
    }

    pub async fn ask(&mut self, event: &str, payload: Value) -> Value {
        let number = self.emit(event, &payload).await.unwrap();
        self.answer(number).await.unwrap()
    }

    /// An answer that says yes.
    pub async fn granted(&mut self, event: &str, payload: Value) -> Value {
        let answer = self.ask(event, payload).await;
        assert_eq!(answer["ok"], true, "{event}: {answer}");
        answer
    }

    /// The next event of this name; those before it are passed over.
    pub async fn hear(&mut self, name: &str) -> Value {
        loop {
            while let Some((heard, payload)) = self.heard.pop_front() {
                if heard == name {
                    return payload;
                }
            }
            self.take().await.unwrap();
        }
    }

    /// How many events of this name are among what has been read and not been heard.
    pub fn has_heard(&self, name: &str) -> usize {
        self.heard.iter().filter(|(heard, _)| heard == name).count()
    }

    /// All of the history, in pages.
    pub async fn history(&mut self, event: &str, session: Option<&str>) -> Vec<Value> {
        let mut messages: Vec<Value> = Vec::new();
        loop {
            let mut selector = json!({ "limit": 50 });
            if let Some(session) = session {
                selector["sessionId"] = session.into();
            }
            if let Some(first) = messages.first() {
                selector["beforeSeq"] = first["seq"].clone();
            }
            let page = self.granted(event, selector).await;
            let earlier = page["messages"].as_array().unwrap().clone();
            assert!(!earlier.is_empty() || page["more"] == false);
            messages.splice(0..0, earlier);
            if page["more"] == false {
                return messages;
            }
        }
    }

    /// The next packet that is neither an event nor an answer.
    pub async fn farewell(&mut self) -> String {
        loop {
            let packet = self.packet().await.unwrap();
            if !packet.starts_with("42") && !packet.starts_with("43") {
                return packet;
            }
        }
    }

    /// What the server closes it with.
    pub async fn closed(&mut self) -> Option<CloseCode> {
        loop {
            if let Err(Gone(code)) = self.packet().await {
                return code;
            }
        }
    }

    async fn take(&mut self) -> Result<(), Gone> {
        let packet = self.packet().await?;
        let place = self.place();
        if let Some(answer) = packet.strip_prefix(&format!("43{place}")) {
            let payload = answer.find('[').unwrap();
            let [value]: [Value; 1] = serde_json::from_str(&answer[payload..]).unwrap();
            self.answers
                .push((answer[..payload].parse().unwrap(), value));
        } else if let Some(event) = packet.strip_prefix(&format!("42{place}")) {
            let mut args: Vec<Value> = serde_json::from_str(event).unwrap();
            let name = args[0].as_str().unwrap().to_owned();
            let payload = args.get_mut(1).map(Value::take).unwrap_or_default();
            self.heard.push_back((name, payload));
        } else {
            panic!("not to be expected: {packet}");
        }
        Ok(())
    }

    /// The next packet but pings, which it answers.
    async fn packet(&mut self) -> Result<String, Gone> {
        loop {
            match timeout(LONG, self.stream.next()).await.unwrap() {
                Some(Ok(Message::Text(text))) if text.as_str() == "2" => {
                    self.send("3".into()).await?;
                }
                Some(Ok(Message::Text(text))) => return Ok(text.to_string()),
                Some(Ok(Message::Close(frame))) => return Err(Gone(frame.map(|frame| frame.code))),
                Some(Err(_)) | None => return Err(Gone(None)),
                Some(Ok(_)) => {}
            }
        }
    }
}

/// Guest and operator in a conversation.
pub struct Talk {
    pub guest: Person,
    pub operator: Person,
    pub session: String,
    /// Brings the guest back.
    pub token: String,
    pub operator_token: String,
}

pub const GUEST: &str = "Marie Zwetschge";
pub const EMAIL: &str = "marie.zwetschge@example.org";
pub const OPERATOR: &str = "Olga Quittenbaum";

impl Talk {
    /// A guest who has started, and an operator who has taken the session.
    pub async fn begin(server: &Server, data: &std::path::Path) -> Self {
        let operator_token = operator_token(data).await;
        let mut operator = Person::operator(server.address, &operator_token).await;
        let mut guest = Person::guest(server.address).await;
        let details = json!({ "name": GUEST, "email": EMAIL });
        let started = guest.granted("guest:start", details).await;
        let session = started["sessionId"].as_str().unwrap().to_owned();
        let claim = json!({ "sessionId": session });
        operator.granted("staff:connect_to_session", claim).await;
        guest.hear("session:agent_joined").await;
        let token = started["token"].as_str().unwrap().to_owned();
        Self {
            guest,
            operator,
            session,
            token,
            operator_token,
        }
    }

    /// Gives the message as the operator sees it at once.
    pub async fn guest_says(&mut self, text: &str) -> Value {
        self.guest
            .granted("guest:message", message(text, text))
            .await;
        self.operator.hear("guest:message").await
    }

    /// Gives the message as the guest sees it at once.
    pub async fn operator_says(&mut self, text: &str) -> Value {
        let mut said = message(text, text);
        said["sessionId"] = self.session.clone().into();
        self.operator.granted("staff:message", said).await;
        self.guest.hear("staff:message").await
    }
}

pub fn message(text: &str, client_id: &str) -> Value {
    json!({ "message": text, "type": "text", "clientMessageId": client_id })
}

/// What `switchboard token` prints last.
pub async fn operator_token(data: &std::path::Path) -> String {
    let arguments = ["token", "--operator", "7", "--name", OPERATOR, "--data-dir"];
    let output = run(switchboard().args(arguments).arg(data)).await;
    assert!(output.status.success(), "{output:?}");
    last_line(&output.stdout)
}

pub fn last_line(output: &[u8]) -> String {
    String::from_utf8_lossy(output)
        .lines()
        .last()
        .unwrap_or_default()
        .to_owned()
}
