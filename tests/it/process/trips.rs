//! What a client costs in commands to Redis, as the pod itself counts them.

use std::collections::BTreeMap;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async, tungstenite::Message};

use super::server::LOOK;
use crate::support::{pods::Pods, token::token};

/// Commands that no client causes: the pod's own turn of each partition, its lease and health, and
/// the writer's.
const OWN: [&str; 13] = [
    "dead_pods",
    "hear_writer",
    "subscribe_again",
    "expired",
    "renew_pod",
    "format",
    "top",
    "queue",
    "ingest",
    "lease_writer",
    "set_persisted",
    "raise",
    "tell",
];

/// All of them on, and none is hit.
const LIMITS: [(&str, &str); 4] = [
    ("RATE_GUEST", "1000/1s"),
    ("RATE_OPERATOR", "1000/1s"),
    ("RATE_HANDSHAKE", "1000/1s"),
    ("RATE_SESSION", "1000/1s"),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_websocket_costs_as_few_commands_as_can_be() {
    let mut site = Site::start().await;
    let mut operator = Ws::open(&site).await;
    assert_eq!(site.spent().await, [("charge", 1)], "a handshake");
    operator.connect("", json!({ "token": site.token() })).await;
    assert_eq!(
        site.spent().await,
        [("commit", 1), ("subscribe", 1)],
        "an operator connects"
    );

    let mut guest = Ws::open(&site).await;
    guest.connect("/public-portal,", json!({})).await;
    assert_eq!(
        site.spent().await,
        [("begin_recovery", 1), ("charge", 1)],
        "another handshake, and a guest connects"
    );
    guest.asks("guest:start", json!({ "name": "Marie" })).await;
    let started = [
        ("commit", 1),
        ("read", 1),
        ("save_recovery", 1),
        ("subscribe", 1),
    ];
    assert_eq!(site.spent().await, started, "a guest starts");
    operator.event("session:created").await;

    for n in 0..5 {
        guest
            .asks(
                "guest:message",
                json!({ "message": n.to_string(), "clientMessageId": n.to_string() }),
            )
            .await;
        operator.event("guest:message").await;
        assert_eq!(
            site.spent().await,
            [("commit", 1)],
            "a message, and its delivery"
        );
    }
    guest.ping().await;
    operator.ping().await;
    assert_eq!(site.spent().await, [], "a ping");

    guest.close().await;
    assert_eq!(
        site.spent_at_last(1).await,
        [("commit", 1)],
        "a guest leaves"
    );
    operator.close().await;
    assert_eq!(
        site.spent_at_last(1).await,
        [("commit", 1)],
        "an operator leaves"
    );
    site.pods.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_limit_a_handshake_is_not_counted() {
    let mut site = Site::of(Pods::start(1).await).await;
    Ws::open(&site).await;
    assert_eq!(site.spent().await, []);
    Poll::open(&site).await;
    assert_eq!(site.spent().await, [("open", 1)]);
    site.pods.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn polling_costs_a_claim_and_a_result_beside_the_message() {
    let mut site = Site::start().await;
    let guest = Poll::open(&site).await;
    let opened = [("charge", 1), ("open", 1)];
    assert_eq!(site.spent().await, opened, "a handshake");
    guest.post("40/public-portal,").await;
    let connected = [("begin_post", 1), ("begin_recovery", 1), ("finish_post", 1)];
    assert_eq!(site.spent().await, connected, "a CONNECT");
    guest.get().await;
    assert_eq!(
        site.spent().await,
        [("begin_get", 1), ("finish_get", 1)],
        "its answer"
    );
    guest.post(r#"42/public-portal,0["guest:start",{}]"#).await;
    let started = [
        ("begin_post", 1),
        ("commit", 1),
        ("finish_post", 1),
        ("save_recovery", 1),
    ];
    assert_eq!(site.spent().await, started, "a start");
    guest.get().await;
    let first = [
        ("begin_get", 1),
        ("finish_get", 1),
        ("read", 1),
        ("subscribe", 1),
    ];
    assert_eq!(
        site.spent().await,
        first,
        "its answer, and a first look at the log"
    );
    let answered = [("begin_get", 1), ("finish_get", 1), ("read", 1)];

    for n in 1..4 {
        let message =
            json!(["guest:message", { "message": "hello", "clientMessageId": n.to_string() }]);
        guest.post(&format!("42/public-portal,{n}{message}")).await;
        let said = [("begin_post", 1), ("commit", 1), ("finish_post", 1)];
        assert_eq!(site.spent().await, said, "a message");
        guest.get().await;
        let mut spent = site.spent().await;
        // That the message before is stored waits in the outbox: one more, when it is.
        spent.retain(|(script, _)| *script != "release");
        assert_eq!(spent, answered, "its ack");
    }
    site.pods.stop().await;
}

/// One pod, and what it has spent so far.
struct Site {
    pods: Pods,
    before: BTreeMap<String, u64>,
}

impl Site {
    async fn start() -> Self {
        Self::of(Pods::start_with(1, &LIMITS).await).await
    }

    async fn of(pods: Pods) -> Self {
        let mut site = Self {
            pods,
            before: BTreeMap::new(),
        };
        site.spent().await;
        site
    }

    fn token(&self) -> String {
        token(&self.pods.secrets(), "1", "Ada", "default", 60)
    }

    /// Commands since the last look, once nothing more is on its way.
    async fn spent(&mut self) -> Vec<(&'static str, u64)> {
        let mut now = self.count().await;
        loop {
            tokio::time::sleep(LOOK * 20).await;
            let later = self.count().await;
            if later == now {
                break;
            }
            now = later;
        }
        let spent = now.iter().filter_map(|(script, count)| {
            let before = self.before.get(script).copied().unwrap_or(0);
            (*count > before).then(|| (&*script.clone().leak(), count - before))
        });
        let spent = spent.collect();
        self.before = now;
        spent
    }

    /// ... and at least so many have been sent.
    async fn spent_at_last(&mut self, least: u64) -> Vec<(&'static str, u64)> {
        let before: u64 = self.before.values().sum();
        while self.count().await.values().sum::<u64>() < before + least {
            tokio::time::sleep(LOOK).await;
        }
        self.spent().await
    }

    async fn count(&self) -> BTreeMap<String, u64> {
        let page = self.pods.servers()[0].measured().await;
        let lines = page.lines().filter_map(|line| {
            let rest = line.strip_prefix("switchboard_hub_commands_total{script=\"")?;
            let (script, count) = rest.split_once("\"} ")?;
            (!OWN.contains(&script)).then(|| (script.to_owned(), count.parse().unwrap()))
        });
        lines.collect()
    }

    fn url(&self, scheme: &str, transport: &str) -> String {
        let address = self.pods.addresses()[0];
        format!("{scheme}://{address}/socket.io/?EIO=4&transport={transport}")
    }
}

struct Ws {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    nsp: &'static str,
    asked: u64,
}

impl Ws {
    async fn open(site: &Site) -> Self {
        let (socket, _) = connect_async(site.url("ws", "websocket")).await.unwrap();
        let mut ws = Self {
            socket,
            nsp: "",
            asked: 0,
        };
        assert!(ws.next().await.starts_with('0'));
        ws
    }

    async fn connect(&mut self, nsp: &'static str, auth: Value) {
        self.nsp = nsp;
        self.send(format!("40{nsp}{auth}")).await;
        self.event("ready").await;
    }

    /// Sends an event and waits for its ack.
    async fn asks(&mut self, event: &str, payload: Value) {
        self.asked += 1;
        let packet = json!([event, payload]);
        self.send(format!("42{}{}{packet}", self.nsp, self.asked))
            .await;
        let ack = format!("43{}{}[", self.nsp, self.asked);
        while !self.next().await.starts_with(&ack) {}
    }

    async fn event(&mut self, name: &str) {
        let named = format!("42{}[\"{name}\"", self.nsp);
        while !self.next().await.starts_with(&named) {}
    }

    /// A WebSocket ping comes back when all before it was read.
    async fn ping(&mut self) {
        self.socket.send(Message::Ping("".into())).await.unwrap();
        while !matches!(self.socket.next().await.unwrap().unwrap(), Message::Pong(_)) {}
    }

    async fn close(mut self) {
        self.socket.close(None).await.unwrap();
    }

    async fn send(&mut self, packet: String) {
        self.socket.send(Message::text(packet)).await.unwrap();
    }

    async fn next(&mut self) -> String {
        loop {
            if let Message::Text(text) = self.socket.next().await.unwrap().unwrap() {
                return text.to_string();
            }
        }
    }
}

struct Poll {
    client: reqwest::Client,
    url: String,
}

impl Poll {
    async fn open(site: &Site) -> Self {
        let (client, url) = (reqwest::Client::new(), site.url("http", "polling"));
        let open = client.get(&url).send().await.unwrap().text().await.unwrap();
        let open: Value = serde_json::from_str(&open[1..]).unwrap();
        let url = format!("{url}&sid={}", open["sid"].as_str().unwrap());
        Self { client, url }
    }

    async fn post(&self, packet: &str) {
        let post = self.client.post(&self.url).body(packet.to_owned());
        assert_eq!(post.send().await.unwrap().text().await.unwrap(), "ok");
    }

    async fn get(&self) -> String {
        let get = self.client.get(&self.url).send().await.unwrap();
        assert_eq!(get.status(), 200);
        get.text().await.unwrap()
    }
}
