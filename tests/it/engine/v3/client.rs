//! A polling client of the revision before, each request to the next server.

use reqwest::Method;
use serde_json::{Value, json};
use switchboard::{model::Clock, server::Settings};
use tokio::task::JoinHandle;

use crate::engine::{
    client::{Client, Reply, Socket},
    echo,
    site::{LONG, Setting, Site, calm},
};

const BYTES: &str = "application/octet-stream";

/// A site that lets them in.
pub async fn site(setting: Setting, clock: Clock, settings: Settings) -> Site {
    let settings = Settings {
        allow_eio3: true,
        ..settings
    };
    Site::with(setting, clock, settings).await.0
}

/// Without pings.
pub async fn calm_site(setting: Setting) -> Site {
    site(setting, Clock::System, calm(echo::settings())).await
}

/// With the times of the suites, on a clock that stands still unless moved.
pub async fn still_site(setting: Setting) -> Site {
    site(setting, Clock::manual(1_000_000), echo::settings()).await
}

#[derive(Clone)]
pub struct Polling {
    pub client: Client,
    pub sid: String,
}

impl Polling {
    pub async fn open(client: &Client) -> Self {
        Self::open_with(client, "").await
    }

    /// `query`: beside its own.
    pub async fn open_with(client: &Client, query: &str) -> Self {
        let query = format!("EIO=3&transport=polling{query}");
        let reply = client.get(&query).await;
        let packets = split(reply.ok());
        let [open] = packets.as_slice() else {
            panic!("{packets:?}")
        };
        Self {
            client: client.clone(),
            sid: greeting(open, &json!(["websocket"])),
        }
    }

    /// Opened, and told that it is in the root namespace.
    pub async fn joined(client: &Client) -> Self {
        let polling = Self::open(client).await;
        assert_eq!(polling.packets().await, ["40", r#"42["auth",{}]"#]);
        polling
    }

    pub async fn poll(&self, t: &str) -> Reply {
        self.client.get(&self.query(t)).await
    }

    pub async fn packets(&self) -> Vec<String> {
        split(self.poll("").await.ok())
    }

    /// A GET that is parked when this returns.
    pub async fn park(&self) -> JoinHandle<Vec<String>> {
        let polling = self.clone();
        let parked = tokio::spawn(async move { polling.packets().await });
        self.client.site.parked(&self.sid).await;
        parked
    }

    pub async fn post(&self, body: impl Into<Vec<u8>>) -> Reply {
        let query = self.query("");
        self.client.request(Method::POST, &query, body).await
    }

    /// Packets as text.
    pub async fn say(&self, packets: &[&str]) {
        assert_eq!(self.post(payload(packets)).await.ok(), "ok");
    }

    pub async fn post_bytes(&self, body: &[u8]) -> Reply {
        let headers = [("content-type", BYTES)];
        let query = self.query("");
        let request = self
            .client
            .request_with(Method::POST, &query, body, &headers);
        request.await
    }

    pub async fn is_gone(&self) {
        assert_eq!(self.post("7:42[\"x\"]").await.refused().0, 400);
        assert_eq!(self.poll("").await.refused().0, 400);
    }

    /// A WebSocket that may take over: the server has said so.
    pub async fn probed(&self) -> Socket {
        let query = format!("EIO=3&transport=websocket&sid={}", self.sid);
        let mut socket = self.client.connect(&query).await.unwrap();
        socket.send("2probe").await;
        assert_eq!(socket.next().await.unwrap(), "3probe");
        socket
    }

    fn query(&self, t: &str) -> String {
        let t = if t.is_empty() {
            String::new()
        } else {
            format!("&t={t}")
        };
        format!("EIO=3&transport=polling&sid={}{t}", self.sid)
    }
}

pub async fn waited(parked: JoinHandle<Vec<String>>) -> Vec<String> {
    tokio::time::timeout(LONG, parked).await.unwrap().unwrap()
}

/// Its greeting, with the four keys of this revision; and who it is.
pub fn greeting(packet: &str, upgrades: &Value) -> String {
    let mut open: Value = serde_json::from_str(packet.strip_prefix('0').unwrap()).unwrap();
    let sid = open["sid"].take().as_str().unwrap().to_owned();
    let keys: Vec<&String> = open.as_object().unwrap().keys().collect();
    assert_eq!(keys.len(), 4, "{packet}");
    assert_eq!(open["upgrades"], *upgrades);
    assert!(open["pingInterval"].is_u64() && open["pingTimeout"].is_u64());
    sid
}

/// As JavaScript writes them.
pub fn payload(packets: &[&str]) -> String {
    let written = packets.iter().map(|packet| {
        let units = packet.encode_utf16().count();
        format!("{units}:{packet}")
    });
    written.collect()
}

/// As JavaScript reads them.
pub fn split(body: &str) -> Vec<String> {
    let units: Vec<u16> = body.encode_utf16().collect();
    let mut packets = Vec::new();
    let mut rest = units.as_slice();
    while !rest.is_empty() {
        let colon = rest
            .iter()
            .position(|unit| *unit == u16::from(b':'))
            .unwrap();
        let length: usize = String::from_utf16(&rest[..colon]).unwrap().parse().unwrap();
        let (packet, after) = rest[colon + 1..].split_at(length);
        packets.push(String::from_utf16(packet).unwrap());
        rest = after;
    }
    packets
}
