//! A Socket.IO client of one namespace over WebSocket.

use anyhow::{Context, bail};
use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use switchboard::wire::{
    engine::{Message, Packet},
    socket::{self, Event, Kind},
};
use tokio::{
    net::TcpStream,
    time::{Instant, timeout_at},
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async_with_config,
    tungstenite::{Message as WsMessage, Utf8Bytes, protocol::WebSocketConfig},
};

use crate::limits;

pub struct Client {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    nsp: &'static str,
    next_ack: u64,
}

/// What the server says.
pub enum Heard {
    Event(Event),
    Ack(u64, Value),
}

/// The default of 128 KiB, allocated at once, is too much for thousands of guests in one process.
const READ_BUFFER: usize = 16 * 1024;

impl Client {
    /// Connects and joins the namespace.
    pub async fn join(url: &str, nsp: &'static str, auth: Value) -> anyhow::Result<Self> {
        let path = "/socket.io/?EIO=4&transport=websocket";
        let mut client = Self::open(&format!("{url}{path}"), nsp).await?;
        let joining = client.connect(auth);
        timeout_at(Instant::now() + limits::CONNECT, joining)
            .await
            .with_context(|| format!("{url} does not answer"))?
            .with_context(|| format!("cannot join {nsp} at {url}"))?;
        Ok(client)
    }

    /// A WebSocket on which nothing has been said.
    pub async fn open(url: &str, nsp: &'static str) -> anyhow::Result<Self> {
        let config = WebSocketConfig::default().read_buffer_size(READ_BUFFER);
        let address = url.replacen("http", "ws", 1);
        // Without Nagle, as in browsers: it would hold back a message until the last one's ack.
        let connecting = connect_async_with_config(&address, Some(config), true);
        let (socket, _) = timeout_at(Instant::now() + limits::CONNECT, connecting)
            .await
            .with_context(|| format!("{url} does not answer"))?
            .with_context(|| format!("cannot connect to {url} ({})", limits::open_files()))?;
        Ok(Self {
            socket,
            nsp,
            next_ack: 0,
        })
    }

    /// Emits an event with an ack id, which is returned.
    pub async fn emit(&mut self, event: &str, payload: &Value) -> anyhow::Result<u64> {
        let id = self.next_ack;
        self.next_ack += 1;
        let text = socket::encode::event(self.nsp, Some(id), event, Some(payload), None)?;
        self.write(text).await?;
        Ok(id)
    }

    /// Emits and waits for the ack; events that come before it are dropped.
    pub async fn ask(&mut self, event: &str, payload: &Value) -> anyhow::Result<Value> {
        let asking = async {
            let asked = self.emit(event, payload).await?;
            loop {
                match self.hear().await? {
                    Heard::Ack(id, answer) if id == asked => return granted(event, answer),
                    _ => {}
                }
            }
        };
        timeout_at(Instant::now() + limits::CONNECT, asking)
            .await
            .with_context(|| format!("{event} is not answered"))?
    }

    /// The next event or ack. Can be dropped and called again.
    pub async fn hear(&mut self) -> anyhow::Result<Heard> {
        loop {
            if let Some(heard) = heard(&self.text().await?)? {
                return Ok(heard);
            }
        }
    }

    /// The next text as it came, but for pings, which are answered on the way. Can be dropped and
    /// called again.
    pub async fn text(&mut self) -> anyhow::Result<Utf8Bytes> {
        loop {
            match self.socket.next().await {
                None | Some(Ok(WsMessage::Close(_))) => bail!("the connection was closed"),
                Some(Ok(WsMessage::Text(text))) if text == "2" => self.write("3").await?,
                Some(Ok(WsMessage::Text(text))) => return Ok(text),
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(error).context("the connection was lost"),
            }
        }
    }

    pub async fn write(&mut self, text: impl Into<Utf8Bytes>) -> anyhow::Result<()> {
        Ok(self.socket.send(WsMessage::Text(text.into())).await?)
    }

    async fn connect(&mut self, auth: Value) -> anyhow::Result<()> {
        let Packet::Open(_) = Packet::decode_text(&self.text().await?)? else {
            bail!("no handshake")
        };
        self.write(connect_packet(self.nsp, auth)).await?;
        loop {
            match kind(&self.text().await?)? {
                Some(Kind::Connect(_)) => return Ok(()),
                Some(Kind::ConnectError { message, .. }) => bail!("refused: {message}"),
                _ => {}
            }
        }
    }
}

/// The packet that joins a namespace.
pub fn connect_packet(nsp: &str, auth: Value) -> String {
    let kind = match auth {
        Value::Object(fields) => Kind::Connect(Some(fields)),
        _ => Kind::Connect(None),
    };
    let nsp = nsp.to_owned();
    socket::encode::packet(&socket::Packet { nsp, kind }).text
}

/// What an Engine.IO text says, if it is an event or an ack.
pub fn heard(text: &str) -> anyhow::Result<Option<Heard>> {
    Ok(match kind(text)? {
        Some(Kind::Event(event)) => Some(Heard::Event(event)),
        Some(Kind::Ack(ack)) => {
            let answer = ack.args.into_iter().next().unwrap_or_default();
            Some(Heard::Ack(ack.id, answer))
        }
        Some(Kind::Disconnect) => bail!("the server has ended the socket"),
        _ => None,
    })
}

/// The answer, unless it is a refusal.
pub fn granted(event: &str, answer: Value) -> anyhow::Result<Value> {
    if answer["ok"] == true {
        Ok(answer)
    } else {
        bail!("{event} was refused: {}", answer["error"])
    }
}

fn kind(text: &str) -> anyhow::Result<Option<Kind>> {
    Ok(match Packet::decode_text(text)? {
        Packet::Message(Message::Text(text)) => Some(socket::parse(&text)?.packet.kind),
        _ => None,
    })
}
