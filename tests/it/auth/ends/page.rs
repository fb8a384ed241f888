//! A page with one socket, by either transport; polling, its requests go round the pods.

use std::{collections::VecDeque, net::SocketAddr};

use futures_util::{SinkExt as _, StreamExt as _};
use reqwest::header::{COOKIE, HeaderMap};
use serde_json::{Value, json};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, client::IntoClientRequest as _},
};

use crate::process::server::LONG;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    WebSocket,
    Polling,
}

pub const WAYS: [Way; 2] = [Way::WebSocket, Way::Polling];
/// Between the packets of a payload.
const RS: char = '\u{1e}';

/// Where it connects.
#[derive(Clone)]
pub struct Site {
    pub pods: Vec<SocketAddr>,
    pub mount: &'static str,
    /// What its browser sends along.
    pub headers: HeaderMap,
}

impl Site {
    pub fn new(pods: &[SocketAddr], mount: &'static str) -> Self {
        Self {
            pods: pods.to_vec(),
            mount,
            headers: HeaderMap::new(),
        }
    }

    /// Somebody has logged in.
    #[must_use]
    pub fn with_login(mut self, token: &str) -> Self {
        let cookie = format!("switchboard_login={token}");
        self.headers.insert(COOKIE, cookie.parse().unwrap());
        self
    }
}

pub struct Page {
    line: Line,
    asked: u64,
    answers: Vec<(u64, Value)>,
    heard: VecDeque<(String, Value)>,
    pub id: String,
    pub pid: String,
}

/// The server has ended the connection.
#[derive(Debug)]
pub struct Over;

enum Line {
    Socket(Box<WebSocketStream<MaybeTlsStream<TcpStream>>>),
    Polling(Polling),
}

struct Polling {
    http: reqwest::Client,
    site: Site,
    requests: usize,
    sid: String,
    packets: VecDeque<String>,
}

impl Page {
    /// `Err` with the refusal of its CONNECT, `null` if its connection is closed instead.
    pub async fn join(site: &Site, way: Way, auth: &Value) -> Result<Self, Value> {
        let line = match way {
            Way::WebSocket => Line::socket(site).await,
            Way::Polling => Line::polling(site),
        };
        let mut page = Self {
            line,
            asked: 0,
            answers: Vec::new(),
            heard: VecDeque::new(),
            id: String::new(),
            pid: String::new(),
        };
        let open = page.packet().await.unwrap();
        if let Line::Polling(polling) = &mut page.line {
            let open: Value = serde_json::from_str(&open[1..]).unwrap();
            polling.sid = open["sid"].as_str().unwrap().to_owned();
        }
        if page.send(format!("40{auth}")).await.is_err() {
            return Err(Value::Null);
        }
        let Ok(answer) = page.packet().await else {
            return Err(Value::Null);
        };
        let said: Value = serde_json::from_str(&answer[2..]).unwrap();
        if answer.starts_with("44") {
            return Err(said);
        }
        assert!(answer.starts_with("40"), "{answer}");
        page.id = said["sid"].as_str().unwrap().to_owned();
        page.pid = said["pid"].as_str().unwrap().to_owned();
        Ok(page)
    }

    pub async fn emit(&mut self, event: &str, payload: &Value) -> Result<u64, Over> {
        self.asked += 1;
        let packet = format!("42{}{}", self.asked, json!([event, payload]));
        self.send(packet).await?;
        Ok(self.asked)
    }

    pub async fn ask(&mut self, event: &str, payload: &Value) -> Result<Value, Over> {
        let number = self.emit(event, payload).await?;
        loop {
            if let Some(at) = self.answers.iter().position(|(known, _)| *known == number) {
                return Ok(self.answers.swap_remove(at).1);
            }
            let packet = self.packet().await?;
            assert!(self.keep(&packet), "not to be expected: {packet}");
        }
    }

    pub async fn granted(&mut self, event: &str, payload: &Value) -> Value {
        let answer = self.ask(event, payload).await.unwrap();
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
            let packet = self.packet().await.unwrap();
            assert!(self.keep(&packet), "not to be expected: {packet}");
        }
    }

    /// What it is told besides events and answers, to the end of its connection.
    pub async fn over(&mut self) -> Vec<String> {
        let mut told = Vec::new();
        while let Ok(packet) = self.packet().await {
            if !self.keep(&packet) {
                told.push(packet);
            }
        }
        told
    }

    /// The last that it is told, and that nothing comes after it.
    pub async fn farewell(&mut self) -> String {
        let farewell = loop {
            let packet = self.packet().await.unwrap();
            if !self.keep(&packet) {
                break packet;
            }
        };
        assert!(self.packet().await.is_err(), "its connection goes on");
        farewell
    }

    /// All that it hears by a WebSocket that takes over from polling.
    pub async fn upgrade(&self) -> Vec<String> {
        let Line::Polling(polling) = &self.line else {
            panic!("it is one already");
        };
        let (address, mount, sid) = (polling.site.pods[0], polling.site.mount, &polling.sid);
        let url = format!("ws://{address}{mount}?EIO=4&transport=websocket&sid={sid}");
        let (mut stream, _) = timeout(LONG, connect_async(url)).await.unwrap().unwrap();
        stream.send(Message::text("2probe")).await.unwrap();
        let mut heard = Vec::new();
        while let Some(Ok(Message::Text(text))) = timeout(LONG, stream.next()).await.unwrap() {
            heard.push(text.to_string());
            if text.as_str() == "3probe" {
                stream.send(Message::text("5")).await.unwrap();
            }
        }
        heard
    }

    /// Among what nobody has listened to yet.
    pub fn has_heard(&self, name: &str) -> bool {
        self.heard.iter().any(|(heard, _)| heard == name)
    }

    /// Whether any answer has come that nobody has asked for yet.
    pub fn has_answers(&self) -> bool {
        !self.answers.is_empty()
    }

    /// Whether a packet was an event or an answer.
    fn keep(&mut self, packet: &str) -> bool {
        if let Some(answer) = packet.strip_prefix("43") {
            let payload = answer.find('[').unwrap();
            let [value]: [Value; 1] = serde_json::from_str(&answer[payload..]).unwrap();
            let number = answer[..payload].parse().unwrap();
            self.answers.push((number, value));
            return true;
        }
        let Some(event) = packet.strip_prefix("42") else {
            return false;
        };
        let mut args: Vec<Value> = serde_json::from_str(event).unwrap();
        let name = args[0].as_str().unwrap().to_owned();
        let payload = args.get_mut(1).map(Value::take).unwrap_or_default();
        self.heard.push_back((name, payload));
        true
    }

    async fn send(&mut self, packet: String) -> Result<(), Over> {
        match &mut self.line {
            Line::Socket(stream) => {
                let sent = stream.send(Message::text(packet)).await;
                sent.map_err(|_| Over)
            }
            Line::Polling(polling) => polling.post(packet).await,
        }
    }

    /// The next packet but pings, which it answers.
    async fn packet(&mut self) -> Result<String, Over> {
        loop {
            let packet = match &mut self.line {
                Line::Socket(stream) => match timeout(LONG, stream.next()).await.unwrap() {
                    Some(Ok(Message::Text(text))) => text.to_string(),
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return Err(Over),
                    Some(Ok(_)) => continue,
                },
                Line::Polling(polling) => polling.packet().await?,
            };
            match packet.as_str() {
                "2" => self.send("3".into()).await?,
                "6" => {}
                _ => return Ok(packet),
            }
        }
    }
}

impl Line {
    async fn socket(site: &Site) -> Self {
        let (address, mount) = (site.pods[0], site.mount);
        let url = format!("ws://{address}{mount}?EIO=4&transport=websocket");
        let mut request = url.into_client_request().unwrap();
        request.headers_mut().extend(site.headers.clone());
        let connecting = timeout(LONG, connect_async(request));
        let (stream, _) = connecting.await.unwrap().unwrap();
        Self::Socket(Box::new(stream))
    }

    fn polling(site: &Site) -> Self {
        let http = reqwest::Client::builder().timeout(LONG);
        Self::Polling(Polling {
            http: http.build().unwrap(),
            site: site.clone(),
            requests: 0,
            sid: String::new(),
            packets: VecDeque::new(),
        })
    }
}

impl Polling {
    /// Of the next pod.
    fn url(&mut self) -> String {
        let pod = self.site.pods[self.requests % self.site.pods.len()];
        self.requests += 1;
        let (mount, t) = (self.site.mount, self.requests);
        let sid = match self.sid.as_str() {
            "" => String::new(),
            sid => format!("&sid={sid}"),
        };
        format!("http://{pod}{mount}?EIO=4&transport=polling&t={t}{sid}")
    }

    async fn post(&mut self, body: String) -> Result<(), Over> {
        let url = self.url();
        let answer = self.http.post(url).body(body).send().await.unwrap();
        (answer.status() == 200).then_some(()).ok_or(Over)
    }

    async fn packet(&mut self) -> Result<String, Over> {
        while self.packets.is_empty() {
            let url = self.url();
            let request = self.http.get(url).headers(self.site.headers.clone());
            let answer = request.send().await.unwrap();
            if answer.status() != 200 {
                return Err(Over);
            }
            let body = answer.text().await.unwrap();
            self.packets.extend(body.split(RS).map(str::to_owned));
        }
        Ok(self.packets.pop_front().unwrap())
    }
}
