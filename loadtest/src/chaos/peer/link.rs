//! Engine.IO over WebSocket or long-polling, until it is lost. It is given up as the official client would.

use anyhow::{Context, bail, ensure};
use futures_util::{SinkExt, StreamExt};
use serde::Deserialize;
use switchboard::wire::engine::{Packet, payload};
use tokio::{
    net::TcpStream,
    sync::mpsc,
    task::AbortHandle,
    time::{Duration, Instant, timeout, timeout_at},
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async, tungstenite::Message as WsMessage,
};

use super::Transport;

pub struct Link {
    kind: Kind,
    open: Open,
    /// A ping has to come by then.
    alive: Instant,
}

enum Kind {
    WebSocket(Box<WebSocketStream<MaybeTlsStream<TcpStream>>>),
    Polling(Polling),
}

/// Requests are made by tasks, since whoever listens or speaks may be interrupted, and a request that is
/// dropped half-way would be a fault of the client.
struct Polling {
    bodies: mpsc::Sender<String>,
    packets: mpsc::Receiver<anyhow::Result<Packet>>,
    tasks: [AbortHandle; 2],
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Open {
    sid: String,
    ping_interval: u64,
    ping_timeout: u64,
}

const PATIENCE: Duration = Duration::from_secs(5);
/// Packets that have come and are not looked at yet; the next poll waits while it is full.
const QUEUE: usize = 256;
/// Packets that wait for the POST before them.
const BODIES: usize = 16;
const MAX_PACKETS: usize = 10_000;

impl Link {
    /// `who` is for the front.
    pub async fn open(url: &str, transport: Transport, who: &str) -> anyhow::Result<Self> {
        let path = format!("{url}/socket.io/?EIO=4&who={who}");
        let opening = async {
            match transport {
                Transport::WebSocket => web_socket(&path).await,
                Transport::Polling | Transport::Both => polling(&path).await,
            }
        };
        let (kind, open) = timeout(PATIENCE, opening).await??;
        let alive = Instant::now() + open.patience();
        Ok(Self { kind, open, alive })
    }

    /// The next packet but pings, which are answered. Can be dropped and called again.
    pub async fn recv(&mut self) -> anyhow::Result<Packet> {
        loop {
            let next = timeout_at(self.alive, self.kind.recv());
            match next.await.context("ping timeout")?? {
                Packet::Ping(_) => {
                    self.alive = Instant::now() + self.open.patience();
                    self.send("3".to_owned()).await?;
                }
                Packet::Close => bail!("transport close"),
                Packet::Noop => {}
                packet => return Ok(packet),
            }
        }
    }

    /// Says that it goes, and sees to it that this is sent.
    pub async fn close(mut self, last: String) -> anyhow::Result<()> {
        self.send(last).await?;
        self.send("1".to_owned()).await?;
        let until = self.alive;
        if let Kind::Polling(polling) = &mut self.kind {
            let (gone, _) = mpsc::channel(1);
            drop(std::mem::replace(&mut polling.bodies, gone));
            // Until both tasks have ended: the one by the end of the queue, the other by the last GET.
            while let Ok(Some(_)) = timeout_at(until, polling.packets.recv()).await {}
        }
        Ok(())
    }

    pub async fn send(&mut self, text: String) -> anyhow::Result<()> {
        let sending = async {
            match &mut self.kind {
                Kind::WebSocket(socket) => Ok(socket.send(WsMessage::Text(text.into())).await?),
                Kind::Polling(polling) => {
                    let queued = polling.bodies.send(text).await;
                    queued.context("transport close")
                }
            }
        };
        timeout_at(self.alive, sending)
            .await
            .context("ping timeout")?
    }
}

impl Open {
    fn patience(&self) -> Duration {
        Duration::from_millis(self.ping_interval + self.ping_timeout)
    }

    fn read(packet: &Packet) -> anyhow::Result<Self> {
        match packet {
            Packet::Open(json) => Ok(serde_json::from_str(json)?),
            other => bail!("no handshake: {other:?}"),
        }
    }
}

impl Kind {
    async fn recv(&mut self) -> anyhow::Result<Packet> {
        match self {
            Self::WebSocket(socket) => loop {
                match socket.next().await {
                    Some(Ok(WsMessage::Text(text))) => return Ok(Packet::decode_text(&text)?),
                    None | Some(Ok(WsMessage::Close(_))) => bail!("transport close"),
                    Some(Err(error)) => return Err(error).context("transport error"),
                    Some(Ok(_)) => {}
                }
            },
            Self::Polling(polling) => polling.packets.recv().await.context("transport close")?,
        }
    }
}

async fn web_socket(path: &str) -> anyhow::Result<(Kind, Open)> {
    let url = format!("{path}&transport=websocket").replacen("http", "ws", 1);
    let (mut socket, _) = connect_async(url).await?;
    let Some(Ok(WsMessage::Text(text))) = socket.next().await else {
        bail!("no handshake")
    };
    let open = Open::read(&Packet::decode_text(&text)?)?;
    Ok((Kind::WebSocket(Box::new(socket)), open))
}

async fn polling(path: &str) -> anyhow::Result<(Kind, Open)> {
    let http = reqwest::Client::builder().no_proxy().build()?;
    let path = format!("{path}&transport=polling");
    let packets = get(&http, &format!("{path}&t=o")).await?;
    let open = Open::read(packets.first().context("no handshake")?)?;
    let url = format!("{path}&sid={}", open.sid);
    let (queue, packets) = mpsc::channel(QUEUE);
    let (bodies, queued) = mpsc::channel(BODIES);
    let polls = tokio::spawn(poll(http.clone(), url.clone(), queue.clone()));
    let posts = tokio::spawn(post_each(http, url, queued, queue));
    let polling = Polling {
        bodies,
        packets,
        tasks: [polls.abort_handle(), posts.abort_handle()],
    };
    Ok((Kind::Polling(polling), open))
}

/// One GET after the other until one fails.
async fn poll(http: reqwest::Client, url: String, queue: mpsc::Sender<anyhow::Result<Packet>>) {
    for number in 0_u64.. {
        let packets = match get(&http, &format!("{url}&t=g{number:x}")).await {
            Ok(packets) => packets,
            Err(error) => {
                let _ = queue.send(Err(error)).await;
                return;
            }
        };
        for packet in packets {
            if queue.send(Ok(packet)).await.is_err() {
                return;
            }
        }
    }
}

async fn get(http: &reqwest::Client, url: &str) -> anyhow::Result<Vec<Packet>> {
    let answer = http.get(url).send().await.map_err(without_sid)?;
    ensure!(answer.status() == 200, "GET: {}", answer.status());
    let body = answer.bytes().await.map_err(without_sid)?;
    Ok(payload::decode(&body, MAX_PACKETS)?)
}

fn without_sid(error: reqwest::Error) -> anyhow::Error {
    anyhow::Error::from(error.without_url()).context("transport error")
}

/// One POST after the other until one fails.
async fn post_each(
    http: reqwest::Client,
    url: String,
    mut bodies: mpsc::Receiver<String>,
    queue: mpsc::Sender<anyhow::Result<Packet>>,
) {
    let mut number = 0_u64;
    while let Some(body) = bodies.recv().await {
        number += 1;
        if let Err(error) = post(&http, &format!("{url}&t=p{number:x}"), body).await {
            let _ = queue.send(Err(error)).await;
            return;
        }
    }
}

async fn post(http: &reqwest::Client, url: &str, body: String) -> anyhow::Result<()> {
    let post = http.post(url).body(body);
    let post = post.header("content-type", "text/plain;charset=UTF-8");
    let answer = post.send().await.map_err(without_sid)?;
    ensure!(answer.status() == 200, "POST: {}", answer.status());
    answer.bytes().await.map_err(without_sid)?;
    Ok(())
}

impl Drop for Polling {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}
