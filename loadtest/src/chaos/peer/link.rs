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

struct Polling {
    http: reqwest::Client,
    url: String,
    requests: u64,
    packets: mpsc::Receiver<anyhow::Result<Packet>>,
    polls: AbortHandle,
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

    pub async fn send(&mut self, text: String) -> anyhow::Result<()> {
        let sending = async {
            match &mut self.kind {
                Kind::WebSocket(socket) => Ok(socket.send(WsMessage::Text(text.into())).await?),
                Kind::Polling(polling) => polling.post(text).await,
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
    let polls = tokio::spawn(poll(http.clone(), url.clone(), queue)).abort_handle();
    let polling = Polling {
        http,
        url,
        requests: 0,
        packets,
        polls,
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

impl Polling {
    async fn post(&mut self, text: String) -> anyhow::Result<()> {
        self.requests += 1;
        let url = format!("{}&t=p{:x}", self.url, self.requests);
        let post = self.http.post(url).body(text);
        let post = post.header("content-type", "text/plain;charset=UTF-8");
        let answer = post.send().await.map_err(without_sid)?;
        ensure!(answer.status() == 200, "POST: {}", answer.status());
        answer.bytes().await.map_err(without_sid)?;
        Ok(())
    }
}

impl Drop for Polling {
    fn drop(&mut self) {
        self.polls.abort();
    }
}
