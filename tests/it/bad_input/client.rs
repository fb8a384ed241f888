//! A client that says whatever it is told to, by either transport, one socket on its connection.

use std::{collections::VecDeque, net::SocketAddr};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, protocol::frame::coding::CloseCode},
};

use crate::process::server::LONG;

pub type Stream = WebSocketStream<MaybeTlsStream<TcpStream>>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    WebSocket,
    Polling,
}

pub const WAYS: [Way; 2] = [Way::WebSocket, Way::Polling];
/// Between the packets of a payload.
const RS: char = '\u{1e}';

/// One Engine.IO packet as it stands.
#[derive(Clone, Debug)]
pub enum Piece {
    Text(String),
    Binary(Vec<u8>),
}

impl From<&str> for Piece {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

/// The server has ended the connection, or has not taken a request.
#[derive(Debug, PartialEq, Eq)]
pub enum End {
    Closed(Option<CloseCode>),
    Status(u16),
    /// No answer could be read.
    Cut,
}

pub struct Client {
    line: Line,
    namespace: &'static str,
    asked: u64,
    /// Events and answers that nobody has asked for yet.
    heard: VecDeque<(String, Value)>,
    answers: Vec<(u64, Value)>,
}

enum Line {
    Socket(Box<Stream>),
    Polling(Polling),
}

struct Polling {
    http: reqwest::Client,
    url: String,
    packets: VecDeque<String>,
}

impl Client {
    /// A connection that has joined nothing yet; `namespace` is where it is going to.
    pub async fn open(address: SocketAddr, way: Way, namespace: &'static str) -> Self {
        let line = match way {
            Way::WebSocket => {
                let url = format!("ws://{address}/socket.io/?EIO=4&transport=websocket");
                let (stream, _) = timeout(LONG, connect_async(url)).await.unwrap().unwrap();
                Line::Socket(Box::new(stream))
            }
            Way::Polling => Line::Polling(Polling {
                http: reqwest::Client::builder().timeout(LONG).build().unwrap(),
                url: format!("http://{address}/socket.io/?EIO=4&transport=polling"),
                packets: VecDeque::new(),
            }),
        };
        let mut client = Self {
            line,
            namespace,
            asked: 0,
            heard: VecDeque::new(),
            answers: Vec::new(),
        };
        let open = client.packet().await.unwrap();
        if let Line::Polling(polling) = &mut client.line {
            let open: Value = serde_json::from_str(&open[1..]).unwrap();
            let sid = open["sid"].as_str().unwrap();
            polling.url = format!("{}&sid={sid}", polling.url);
        }
        client
    }

    pub async fn join(
        address: SocketAddr,
        way: Way,
        namespace: &'static str,
        auth: &Value,
    ) -> Self {
        let mut client = Self::open(address, way, namespace).await;
        let place = client.place();
        client
            .send(&[Piece::Text(format!("40{place}{auth}"))])
            .await
            .unwrap();
        let answer = client.packet().await.unwrap();
        assert!(answer.starts_with(&format!("40{place}{{")), "{answer}");
        client
    }

    /// A WebSocket that asks to take over from polling.
    pub async fn probe(&self) -> Stream {
        let Line::Polling(polling) = &self.line else {
            panic!("it is one already");
        };
        let url = polling.url.replace("http:", "ws:");
        let url = url.replace("transport=polling", "transport=websocket");
        let (mut stream, _) = timeout(LONG, connect_async(url)).await.unwrap().unwrap();
        stream.send(Message::text("2probe")).await.unwrap();
        stream
    }

    /// What stands before the arguments of a packet.
    pub fn place(&self) -> String {
        match self.namespace {
            "/" => String::new(),
            namespace => format!("{namespace},"),
        }
    }

    /// As many frames, or one payload.
    pub async fn send(&mut self, pieces: &[Piece]) -> Result<(), End> {
        match &mut self.line {
            Line::Socket(stream) => {
                for piece in pieces {
                    let message = match piece {
                        Piece::Text(text) => Message::text(text.as_str()),
                        Piece::Binary(bytes) => Message::binary(bytes.clone()),
                    };
                    // To one that is being closed: what it was closed with is still to be read.
                    let _ = stream.send(message).await;
                }
                Ok(())
            }
            Line::Polling(polling) => {
                let packets = pieces.iter().map(|piece| match piece {
                    Piece::Text(text) => text.clone(),
                    Piece::Binary(bytes) => format!("b{}", STANDARD.encode(bytes)),
                });
                let body = packets.collect::<Vec<_>>().join(&RS.to_string());
                polling.post(body.into_bytes()).await
            }
        }
    }

    /// Without looking at what is said: not even whether it is text.
    pub async fn send_bytes(&mut self, bytes: Vec<u8>) -> Result<(), End> {
        match &mut self.line {
            Line::Socket(_) => self.send(&[Piece::Binary(bytes)]).await,
            Line::Polling(polling) => polling.post(bytes).await,
        }
    }

    /// The WebSocket itself, for what only frames can say.
    pub fn stream(&mut self) -> &mut Stream {
        match &mut self.line {
            Line::Socket(stream) => stream,
            Line::Polling(_) => panic!("it polls"),
        }
    }

    /// Number and text of an event that wants an answer. `args` is JSON, or looks like it.
    pub fn request(&mut self, args: &str) -> (u64, Piece) {
        self.asked += 1;
        let packet = format!("42{}{}{args}", self.place(), self.asked);
        (self.asked, Piece::Text(packet))
    }

    /// The answer to an event whose arguments are this text.
    pub async fn ask_text(&mut self, args: &str) -> Result<Value, End> {
        let (number, piece) = self.request(args);
        self.send(&[piece]).await?;
        self.answer(number).await
    }

    pub async fn ask(&mut self, event: &str, payload: &Value) -> Result<Value, End> {
        self.ask_text(&json!([event, payload]).to_string()).await
    }

    pub async fn granted(&mut self, event: &str, payload: &Value) -> Value {
        let answer = self.ask(event, payload).await.unwrap();
        assert_eq!(answer["ok"], true, "{event}: {answer}");
        answer
    }

    pub async fn answer(&mut self, number: u64) -> Result<Value, End> {
        loop {
            if let Some(at) = self.answers.iter().position(|(known, _)| *known == number) {
                return Ok(self.answers.swap_remove(at).1);
            }
            self.take().await?;
        }
    }

    /// The next event, whatever it is.
    pub async fn hear(&mut self) -> (String, Value) {
        loop {
            if let Some(heard) = self.heard.pop_front() {
                return heard;
            }
            self.take().await.unwrap();
        }
    }

    /// How it ends, which it has to.
    pub async fn end(&mut self) -> End {
        loop {
            if let Err(end) = self.packet().await {
                return end;
            }
        }
    }

    async fn take(&mut self) -> Result<(), End> {
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
    pub async fn packet(&mut self) -> Result<String, End> {
        loop {
            let packet = match &mut self.line {
                Line::Socket(stream) => frame(stream).await?,
                Line::Polling(polling) => polling.packet().await?,
            };
            match packet.as_str() {
                "2" => self.send(&["3".into()]).await?,
                "6" => {}
                _ => return Ok(packet),
            }
        }
    }
}

async fn frame(stream: &mut Stream) -> Result<String, End> {
    loop {
        match timeout(LONG, stream.next()).await.unwrap() {
            Some(Ok(Message::Text(text))) => return Ok(text.to_string()),
            Some(Ok(Message::Close(frame))) => {
                return Err(End::Closed(frame.map(|frame| frame.code)));
            }
            Some(Err(_)) | None => return Err(End::Closed(None)),
            Some(Ok(_)) => {}
        }
    }
}

impl Polling {
    async fn post(&self, body: Vec<u8>) -> Result<(), End> {
        // Cut off while it was sent: a body that is much too large.
        let Ok(answer) = self.http.post(&self.url).body(body).send().await else {
            return Err(End::Cut);
        };
        match answer.status().as_u16() {
            200 => Ok(()),
            status => Err(End::Status(status)),
        }
    }

    async fn packet(&mut self) -> Result<String, End> {
        while self.packets.is_empty() {
            let answer = self.http.get(&self.url).send().await.unwrap();
            let status = answer.status().as_u16();
            if status != 200 {
                return Err(End::Status(status));
            }
            let body = answer.text().await.unwrap();
            self.packets.extend(body.split(RS).map(str::to_owned));
        }
        Ok(self.packets.pop_front().unwrap())
    }
}
