use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::Value;
use tokio::{
    net::TcpStream,
    sync::mpsc,
    task::JoinHandle,
    time::{Duration, timeout},
};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async, tungstenite::Message};

/// Between the packets of a payload.
const NEXT: char = '\u{1e}';
/// Longer than a ping is away, and than any call is held.
const PATIENCE: Duration = Duration::from_secs(40);
/// A line that does not open in this time is tried elsewhere.
const OPENING: Duration = Duration::from_secs(5);

/// A connection, on either transport. Answers its pings.
pub enum Line {
    Socket(Box<WebSocketStream<MaybeTlsStream<TcpStream>>>),
    Polling(Polling),
}

/// It has ended, and whoever had it opens another one.
#[derive(Debug)]
pub struct Lost;

/// GETs one after the other, each on the next pod, beside the POSTs.
pub struct Polling {
    http: reqwest::Client,
    pods: Pods,
    heard: mpsc::Receiver<String>,
    polls: JoinHandle<()>,
}

/// The pods in turn.
#[derive(Clone)]
struct Pods {
    addresses: Arc<Vec<SocketAddr>>,
    turn: Arc<AtomicUsize>,
    sid: Arc<str>,
}

impl Line {
    /// At the pod of this turn.
    pub async fn open(addresses: &[SocketAddr], turn: usize, polls: bool) -> Result<Self, Lost> {
        let opening = async {
            if polls {
                return Ok(Self::Polling(Polling::open(addresses, turn).await?));
            }
            let address = addresses[turn % addresses.len()];
            let url = format!("ws://{address}/socket.io/?EIO=4&transport=websocket");
            let (stream, _) = connect_async(url).await.map_err(|_| Lost)?;
            let mut line = Self::Socket(Box::new(stream));
            line.next().await.map(|_| line)
        };
        timeout(OPENING, opening).await.map_err(|_| Lost)?
    }

    pub async fn send(&mut self, packet: String) -> Result<(), Lost> {
        match self {
            Self::Socket(stream) => {
                let sent = stream.send(Message::text(packet)).await;
                sent.map_err(|_| Lost)
            }
            Self::Polling(polling) => post(&polling.http, &polling.pods, packet).await,
        }
    }

    /// The next packet but pings.
    pub async fn next(&mut self) -> Result<String, Lost> {
        loop {
            let packet = match self {
                Self::Polling(polling) => return polling.heard.recv().await.ok_or(Lost),
                Self::Socket(stream) => timeout(PATIENCE, stream.next()).await,
            };
            match packet {
                Ok(Some(Ok(Message::Text(text)))) if text.as_str() == "2" => {
                    self.send("3".into()).await?;
                }
                Ok(Some(Ok(Message::Text(text)))) => return Ok(text.to_string()),
                Ok(Some(Ok(Message::Ping(_)))) => {}
                _ => return Err(Lost),
            }
        }
    }
}

impl Polling {
    async fn open(addresses: &[SocketAddr], turn: usize) -> Result<Self, Lost> {
        // As behind a balancer that sends each request elsewhere.
        let http = reqwest::Client::builder().timeout(PATIENCE).build();
        let http = http.unwrap();
        let mut pods = Pods {
            addresses: Arc::new(addresses.to_vec()),
            turn: Arc::new(AtomicUsize::new(turn)),
            sid: "".into(),
        };
        let open = get(&http, &pods).await?;
        let open: Value = serde_json::from_str(open.trim_start_matches('0')).unwrap();
        pods.sid = open["sid"].as_str().unwrap().into();
        let (hears, heard) = mpsc::channel(1024);
        let polls = tokio::spawn(poll(http.clone(), pods.clone(), hears));
        Ok(Self {
            http,
            pods,
            heard,
            polls,
        })
    }
}

impl Drop for Polling {
    fn drop(&mut self) {
        self.polls.abort();
    }
}

/// Until one of them fails, as with the official client.
async fn poll(http: reqwest::Client, pods: Pods, hears: mpsc::Sender<String>) {
    while let Ok(payload) = get(&http, &pods).await {
        for packet in payload.split(NEXT) {
            let done = match packet {
                "2" => post(&http, &pods, "3".into()).await.is_ok(),
                "1" => false,
                "6" => true,
                packet => hears.send(packet.into()).await.is_ok(),
            };
            if !done {
                return;
            }
        }
    }
}

impl Pods {
    fn url(&self) -> String {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let address = self.addresses[turn % self.addresses.len()];
        let url = format!("http://{address}/socket.io/?EIO=4&transport=polling&t=t{turn}");
        match &*self.sid {
            "" => url,
            sid => format!("{url}&sid={sid}"),
        }
    }
}

async fn get(http: &reqwest::Client, pods: &Pods) -> Result<String, Lost> {
    whole(http.get(pods.url())).await
}

async fn post(http: &reqwest::Client, pods: &Pods, packet: String) -> Result<(), Lost> {
    whole(http.post(pods.url()).body(packet)).await.map(drop)
}

async fn whole(request: reqwest::RequestBuilder) -> Result<String, Lost> {
    let answer = request.send().await.map_err(|_| Lost)?;
    if !answer.status().is_success() {
        return Err(Lost);
    }
    answer.text().await.map_err(|_| Lost)
}
