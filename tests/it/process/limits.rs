//! Limits hold on whichever server a client comes to, and though it comes anew.

use std::net::SocketAddr;

use serde_json::{Value, json};
use switchboard::config::Secrets;
use tokio::time::timeout;
use tokio_tungstenite::connect_async;

use super::{
    server::{LONG, Server, page, switchboard},
    talk::{Person, message},
};
use crate::support::{
    folder::Folder, pods::Pods, relay::Relays, schema::Schema, servers::Redis, token::token,
};

const HANDSHAKE: &str = "/socket.io/?EIO=4&transport=polling";

#[tokio::test(flavor = "multi_thread")]
async fn p8_who_reconnects_to_another_server_object_is_still_limited() {
    let limits = ["--rate-guest", "2/1h", "--rate-operator", "3/1h"];
    let relays = Relays::start_with(2, &limits).await;
    let secrets = relays.config.secrets().unwrap();
    still_limited(&relays.addresses(), &secrets).await;
    relays.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p8_who_reconnects_to_another_pod_is_still_limited() {
    let limits = [("RATE_GUEST", "2/1h"), ("RATE_OPERATOR", "3/1h")];
    let pods = Pods::start_with(2, &limits).await;
    still_limited(&pods.addresses(), &pods.secrets()).await;
    pods.stop().await;
}

async fn still_limited(servers: &[SocketAddr], secrets: &Secrets) {
    let [here, there] = *servers else {
        panic!("two servers")
    };
    let mut guest = Person::guest(here).await;
    let started = guest.granted("guest:start", json!({})).await;
    for text in ["1", "2"] {
        guest.granted("guest:message", message(text, text)).await;
    }
    limited(guest.ask("guest:message", message("3", "3")).await);
    drop(guest);

    let mut back = Person::guest(there).await;
    let again = json!({ "token": started["token"] });
    let again = back.granted("guest:start", again).await;
    assert_eq!(again["sessionId"], started["sessionId"]);
    limited(back.ask("guest:message", message("3", "3")).await);
    let repeated = back.granted("guest:message", message("2", "2")).await;
    assert_eq!(repeated["duplicate"], true);
    let history = back.history("guest:history", None).await;
    let stored: Vec<&Value> = history.iter().map(|message| &message["message"]).collect();
    assert_eq!(stored, ["1", "2"], "what was refused is nowhere");

    let mut other = Person::guest(there).await;
    let others = other.granted("guest:start", json!({})).await;
    other.granted("guest:message", message("1", "1")).await;

    let token = token(secrets, "7", "Ada", "default", 60);
    for (n, server) in [here, there, here].into_iter().enumerate() {
        let mut operator = Person::operator(server, &token).await;
        let to = [&started, &others][n % 2];
        operator.granted("staff:message", says(to, n)).await;
    }
    let mut operator = Person::operator(there, &token).await;
    limited(operator.ask("staff:message", says(&others, 3)).await);
}

fn says(session: &Value, n: usize) -> Value {
    let mut said = message("hello", &n.to_string());
    said["sessionId"] = session["sessionId"].clone();
    said
}

#[track_caller]
fn limited(answer: Value) {
    const HOUR_MS: u64 = 3_600_000;
    let error = &answer["error"];
    let told = (&answer["ok"], &error["code"], &error["message"]);
    let expected = (
        &json!(false),
        &json!("rate_limited"),
        &json!("Too many messages, please wait a moment"),
    );
    assert_eq!(told, expected, "{answer}");
    let wait_ms = error["retryAfterMs"].as_u64().unwrap();
    assert!((HOUR_MS - 60_000..=HOUR_MS).contains(&wait_ms), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn p8_handshakes_count_on_all_pods_and_are_measured() {
    let limits = [
        ("RATE_HANDSHAKE", "4/1h"),
        ("RATE_SESSION", "1/1h"),
        ("TRUSTED_PROXIES", ""),
    ];
    let pods = Pods::start_with(2, &limits).await;
    let addresses = pods.addresses();
    let mut guests = Vec::new();
    for n in 0..4 {
        guests.push(Person::guest(addresses[n % 2]).await);
    }
    for address in &addresses {
        let (status, body) = page(*address, HANDSHAKE).await;
        let body: Value = serde_json::from_str(&body).unwrap();
        assert_eq!((status, &body["code"]), (429, &json!("rate_limited")));
    }
    guests[0].granted("guest:start", json!({})).await;
    let answer = guests[1].ask("guest:start", json!({})).await;
    assert_eq!(answer["error"]["code"], "rate_limited", "{answer}");
    let said = answer["error"]["message"].as_str().unwrap();
    let expected = "Too many new conversations from your network, please try again in ";
    assert!(said.starts_with(expected), "{answer}");
    let http = reqwest::Client::new();
    for _ in 0..3 {
        let asked = http.get(format!("http://{}{HANDSHAKE}", addresses[0]));
        let asked = asked.header("x-forwarded-for", "192.0.2.1").send();
        assert_eq!(asked.await.unwrap().status(), 429);
    }
    let told = |line: &str| line.contains("TRUSTED_PROXIES has to list it");
    let log = pods.servers()[0].err();
    log.wait(told).await;
    assert_eq!(log.now().iter().filter(|line| told(line)).count(), 1);
    for (pod, limit, times) in [(0, "handshakes", 4), (1, "handshakes", 1), (1, "start", 1)] {
        let line = format!("switchboard_limit_total{{limit=\"{limit}\"}} {times}");
        pods.servers()[pod].measured_with(&line).await;
    }
    pods.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p8_a_proxy_that_is_trusted_speaks_for_many() {
    let folder = Folder::fresh();
    let limits = ["--rate-handshake", "1/1h", "--trusted-proxies", "127.0.0.1"];
    let server = Server::start_with(folder.path(), &limits).await;
    let http = reqwest::Client::new();
    let url = format!("http://{}{HANDSHAKE}", server.address);
    for (client, expected) in [
        ("192.0.2.1", 200),
        ("192.0.2.2", 200),
        ("192.0.2.1", 429),
        ("192.0.2.3, 192.0.2.2", 429),
    ] {
        let asked = http.get(&url).header("x-forwarded-for", client).send();
        assert_eq!(asked.await.unwrap().status(), expected, "{client}");
    }
    assert_eq!(server.page(HANDSHAKE).await.0, 200, "who speaks for itself");
    assert_eq!(server.page(HANDSHAKE).await.0, 429);
    server.stop().await;
}

/// Who is not counted in time is let in: with a Redis that stands still a WebSocket opens as before.
#[tokio::test(flavor = "multi_thread")]
async fn p8_a_redis_that_does_not_answer_holds_no_handshake() {
    let (mut redis, schema) = (Redis::start(&[]).await, Schema::fresh().await);
    let mut command = switchboard();
    command
        .args(["--listen=127.0.0.1:0", "--metrics-listen=127.0.0.1:0"])
        .args(["--rate-handshake=1/1h", "--drain-timeout=0s"])
        // Whoever is held for so long is not let in while the test waits.
        .arg("--redis-hold=1h")
        .env("REDIS_URL", redis.url())
        .env("DATABASE_URL", schema.url())
        .env("JWT_SECRET", "what the operators' tokens are signed with")
        .env(
            "SIGNING_KEY",
            "what guests' tokens and pids are signed with",
        );
    let server = Server::spawn(command).await;
    let url = format!(
        "ws://{}/socket.io/?EIO=4&transport=websocket",
        server.address
    );
    redis.pause().await;
    for _ in 0..2 {
        timeout(LONG, connect_async(&url)).await.unwrap().unwrap();
    }
    redis.resume().await;
    server.kill().await;
}
