use std::{collections::BTreeMap, net::SocketAddr};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use switchboard::model::Offset;
use tokio::{
    net::{TcpSocket, TcpStream},
    time::timeout,
};
use tokio_tungstenite::{WebSocketStream, client_async, tungstenite::Message};

use crate::process::server::LONG;

/// Takes little before it is read.
const RECEIVE_BYTES: u32 = 8 * 1024;

/// An operator who reads when told to, and notes what the guests say.
pub struct Peer {
    stream: WebSocketStream<TcpStream>,
    token: String,
    pid: String,
    offset: Option<Offset>,
    /// By session, the number of the last message: each came once and in order.
    pub heard: BTreeMap<String, u64>,
}

impl Peer {
    pub async fn join(address: SocketAddr, token: &str) -> Self {
        let mut peer = Self {
            stream: connect(address).await,
            token: token.to_owned(),
            pid: String::new(),
            offset: None,
            heard: BTreeMap::new(),
        };
        let auth = json!({ "token": token });
        peer.enter(auth).await;
        while peer.offset.is_none() {
            assert!(peer.read().await);
        }
        peer
    }

    /// As the official client does it, to whichever server.
    pub async fn come_back(&mut self, address: SocketAddr) {
        self.stream = connect(address).await;
        let offset = self.offset.as_ref().unwrap().to_string();
        let known = self.pid.clone();
        let auth = json!({ "token": self.token, "pid": known, "offset": offset });
        self.enter(auth).await;
        assert_eq!(self.pid, known, "it is recovered");
    }

    async fn enter(&mut self, auth: Value) {
        self.stream
            .send(Message::text(format!("40{auth}")))
            .await
            .unwrap();
        self.pid.clear();
        while self.pid.is_empty() {
            assert!(self.read().await);
        }
    }

    /// Until every session has come to so many messages. `false` if the server has ended it before.
    pub async fn hear(&mut self, sessions: &[String], messages: u64) -> bool {
        let all = |heard: &BTreeMap<String, u64>| {
            sessions.iter().all(|id| heard.get(id) >= Some(&messages))
        };
        while !all(&self.heard) {
            if !self.read().await {
                return false;
            }
        }
        true
    }

    /// `false` at the end of the connection.
    async fn read(&mut self) -> bool {
        let text = match timeout(LONG, self.stream.next()).await.unwrap() {
            Some(Ok(Message::Text(text))) => text,
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => return true,
            _ => return false,
        };
        if text.as_str() == "2" {
            return self.stream.send(Message::text("3")).await.is_ok();
        }
        if let Some(joined) = text.strip_prefix("40") {
            let joined: Value = serde_json::from_str(joined).unwrap();
            self.pid = joined["pid"].as_str().unwrap().to_owned();
        }
        if let Some(event) = text.strip_prefix("42") {
            self.note(&serde_json::from_str::<Value>(event).unwrap());
        }
        true
    }

    fn note(&mut self, event: &Value) {
        let args = event.as_array().unwrap();
        let Some(offset) = args.last().and_then(Value::as_str) else {
            return;
        };
        let offset: Offset = offset.parse().unwrap();
        if let Some(before) = &self.offset {
            assert_eq!(offset.epoch, before.epoch);
            assert!(offset.at >= before.at, "{event}");
        }
        self.offset = Some(offset);
        if args[0] == "guest:message" {
            let session = args[1]["sessionId"].as_str().unwrap().to_owned();
            let seq = args[1]["seq"].as_u64().unwrap();
            let before = self.heard.insert(session, seq);
            assert!(before.is_none_or(|before| before < seq), "{event}");
        }
    }
}

async fn connect(address: SocketAddr) -> WebSocketStream<TcpStream> {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(RECEIVE_BYTES).unwrap();
    let stream = socket.connect(address).await.unwrap();
    let url = format!("ws://{address}/socket.io/?EIO=4&transport=websocket");
    client_async(url, stream).await.unwrap().0
}
