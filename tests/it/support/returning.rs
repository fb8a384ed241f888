//! A guest on a WebSocket who comes back by itself, as the official client does: with what it was, and to
//! whoever is next.

use std::net::SocketAddr;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::{
    net::TcpStream,
    sync::{mpsc, watch},
    time::{Duration, Instant, sleep, timeout},
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Error, Message},
};

use super::lengths;

const NSP: &str = "/public-portal,";
/// The official client gives up an attempt then.
const CONNECT: Duration = Duration::from_secs(20);

/// What became of it.
#[derive(Debug, Default)]
pub struct Story {
    pub session: String,
    /// Texts of the messages of staff, as they came.
    pub heard: Vec<String>,
    pub recovered: usize,
    pub renewed: usize,
    /// Attempts that were refused by an answer, and those that got none in time.
    pub refused: usize,
    pub ignored: usize,
    /// From the loss of a connection to being back.
    pub away: Vec<Duration>,
}

/// Lives until it is told to end; `joined` hears of each time that it has come in.
pub struct Returning {
    pub addresses: watch::Receiver<Vec<SocketAddr>>,
    pub number: usize,
    pub joined: mpsc::Sender<(usize, String)>,
    pub end: watch::Receiver<bool>,
}

type Stream = WebSocketStream<MaybeTlsStream<TcpStream>>;

#[derive(Default)]
struct Memory {
    pid: Option<String>,
    offset: Option<String>,
}

impl Returning {
    pub async fn live(mut self) -> Story {
        let (mut story, mut memory) = (Story::default(), Memory::default());
        let (mut attempt, mut lost) = (self.number, None);
        let (first, most) = lengths::pauses();
        let mut pause = first;
        while !*self.end.borrow() {
            let addresses = self.addresses.borrow().clone();
            let address = addresses[attempt % addresses.len()];
            attempt += 1;
            match timeout(CONNECT, come(address, &mut story, &mut memory)).await {
                Ok(Ok(mut stream)) => {
                    if let Some(at) = lost.take() {
                        story.away.push(Instant::elapsed(&at));
                    }
                    pause = first;
                    let told = (self.number, story.session.clone());
                    let _ = self.joined.send(told).await;
                    self.listen(&mut stream, &mut story, &mut memory).await;
                    lost = Some(Instant::now());
                }
                Ok(Err(Error::Http(_))) => story.refused += 1,
                Ok(Err(_)) => {}
                Err(_) => story.ignored += 1,
            }
            sleep(pause.mul_f64(0.5 + rand::random::<f64>())).await;
            pause = most.min(pause * 2);
        }
        story
    }

    async fn listen(&mut self, stream: &mut Stream, story: &mut Story, memory: &mut Memory) {
        loop {
            let packet = tokio::select! {
                packet = next(stream) => packet,
                _ = self.end.wait_for(|end| *end) => return,
            };
            match packet {
                Ok(packet) => take(&packet, story, memory),
                Err(_) => return,
            }
        }
    }
}

/// In, with its session.
async fn come(
    address: SocketAddr,
    story: &mut Story,
    memory: &mut Memory,
) -> Result<Stream, Error> {
    let url = format!("ws://{address}/socket.io/?EIO=4&transport=websocket");
    let (mut stream, _) = connect_async(url).await?;
    next(&mut stream).await?;
    let auth = match &memory.pid {
        Some(pid) => json!({ "pid": pid, "offset": memory.offset }),
        None => json!({}),
    };
    stream.send(Message::text(format!("40{NSP}{auth}"))).await?;
    let answer = loop {
        let packet = next(&mut stream).await?;
        match packet.strip_prefix(&format!("40{NSP}")) {
            Some(answer) => break serde_json::from_str::<Value>(answer).unwrap(),
            None => take(&packet, story, memory),
        }
    };
    let pid = answer["pid"].as_str().map(str::to_owned);
    let is_first = memory.pid.is_none();
    let is_recovered = !is_first && memory.pid == pid;
    memory.pid = pid;
    if is_recovered {
        story.recovered += 1;
        return Ok(stream);
    }
    story.renewed += usize::from(!is_first);
    let start = json!(["guest:start", { "name": "Marie" }]);
    stream
        .send(Message::text(format!("42{NSP}1{start}")))
        .await?;
    loop {
        let packet = next(&mut stream).await?;
        if let Some(answer) = packet.strip_prefix(&format!("43{NSP}1")) {
            let answer: Value = serde_json::from_str(answer).unwrap();
            if answer[0]["error"]["code"] == "unavailable" {
                // As a client that has no session yet: it begins anew.
                *memory = Memory::default();
                return Err(Error::ConnectionClosed);
            }
            story.session = answer[0]["sessionId"].as_str().unwrap().to_owned();
            return Ok(stream);
        }
        take(&packet, story, memory);
    }
}

fn take(packet: &str, story: &mut Story, memory: &mut Memory) {
    let Some(event) = packet.strip_prefix(&format!("42{NSP}")) else {
        return;
    };
    let event: Vec<Value> = serde_json::from_str(event).unwrap();
    if let Some(offset) = event
        .last()
        .and_then(Value::as_str)
        .filter(|_| event.len() > 1)
    {
        memory.offset = Some(offset.to_owned());
    }
    if event[0] == "staff:message" {
        story
            .heard
            .push(event[1]["message"].as_str().unwrap().to_owned());
    }
}

/// The next packet but pings, which are answered.
async fn next(stream: &mut Stream) -> Result<String, Error> {
    loop {
        match stream
            .next()
            .await
            .unwrap_or(Err(Error::ConnectionClosed))?
        {
            Message::Text(text) if text.as_str() == "2" => stream.send(Message::text("3")).await?,
            Message::Text(text) => return Ok(text.to_string()),
            Message::Close(_) => return Err(Error::ConnectionClosed),
            _ => {}
        }
    }
}
