//! A Socket.IO client of one namespace over WebSocket.

use anyhow::{Context, bail};
use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use switchboard::wire::{
    engine::{Message, Packet},
    socket::{self, Event, Kind},
};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async, tungstenite::Message as WsMessage,
};

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

impl Client {
    /// Connects and joins the namespace.
    pub async fn join(url: &str, nsp: &'static str, auth: Value) -> anyhow::Result<Self> {
        let url = format!(
            "{}/socket.io/?EIO=4&transport=websocket",
            url.replacen("http", "ws", 1)
        );
        let (socket, _) = connect_async(&url).await.context("cannot connect")?;
        let mut client = Self {
            socket,
            nsp,
            next_ack: 0,
        };
        let Packet::Open(_) = client.packet().await? else {
            bail!("no handshake")
        };
        let connect = socket::Packet {
            nsp: nsp.to_owned(),
            kind: Kind::Connect(auth.as_object().cloned()),
        };
        client.write(socket::encode::packet(&connect).text).await?;
        loop {
            let Packet::Message(Message::Text(text)) = client.packet().await? else {
                continue;
            };
            match socket::parse(&text)?.packet.kind {
                Kind::Connect(_) => return Ok(client),
                Kind::ConnectError { message, .. } => bail!("refused: {message}"),
                _ => {}
            }
        }
    }

    /// Emits an event with an ack id, which is returned.
    pub async fn emit(&mut self, event: &str, payload: &Value) -> anyhow::Result<u64> {
        let id = self.next_ack;
        self.next_ack += 1;
        self.write(socket::encode::event(
            self.nsp,
            Some(id),
            event,
            Some(payload),
            None,
        )?)
        .await?;
        Ok(id)
    }

    /// Emits and waits for the ack; events that come before it are dropped.
    pub async fn ask(&mut self, event: &str, payload: &Value) -> anyhow::Result<Value> {
        let asked = self.emit(event, payload).await?;
        loop {
            match self.hear().await? {
                Heard::Ack(id, answer) if id == asked => return granted(event, answer),
                _ => {}
            }
        }
    }

    /// The next event or ack; answers pings on the way. Can be dropped and called again.
    pub async fn hear(&mut self) -> anyhow::Result<Heard> {
        loop {
            match self.packet().await? {
                Packet::Ping(_) => self.write("3".to_owned()).await?,
                Packet::Message(Message::Text(text)) => match socket::parse(&text)?.packet.kind {
                    Kind::Event(event) => return Ok(Heard::Event(event)),
                    Kind::Ack(ack) => {
                        return Ok(Heard::Ack(
                            ack.id,
                            ack.args.into_iter().next().unwrap_or_default(),
                        ));
                    }
                    _ => {}
                },
                _ => {}
            }
        }
    }

    async fn packet(&mut self) -> anyhow::Result<Packet> {
        loop {
            match self
                .socket
                .next()
                .await
                .context("the connection was closed")??
            {
                WsMessage::Text(text) => return Ok(Packet::decode_text(&text)?),
                WsMessage::Close(_) => bail!("the connection was closed"),
                _ => {}
            }
        }
    }

    async fn write(&mut self, text: String) -> anyhow::Result<()> {
        Ok(self.socket.send(WsMessage::text(text)).await?)
    }
}

/// The answer, unless it is a refusal.
pub fn granted(event: &str, answer: Value) -> anyhow::Result<Value> {
    if answer["ok"] == true {
        Ok(answer)
    } else {
        bail!("{event} was refused: {}", answer["error"])
    }
}
