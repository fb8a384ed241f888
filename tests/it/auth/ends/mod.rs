//! A token's end ends what rests on it: sockets of operators, on whichever pod, by either transport.

mod joined;
mod late;
pub mod page;
mod rooms;
mod unjoined;

use std::net::SocketAddr;

use serde_json::{Value, json};
use switchboard::{config::Secrets, model::Clock};
use tokio::time::{Instant, sleep};

use self::page::{Page, Site, WAYS, Way};
use crate::{
    process::server::LOOK,
    rest::client::Client,
    support::{pods::Pods, relay::Relays, token::token},
};

const NATIVE: &str = "/socket.io/";
/// Of tokens that end while the test looks on, in seconds.
const SHORT: i64 = 3;
/// Before the second that its token names, nobody is sent away; and not long after the next.
const LATE_MS: u64 = 3_000;

pub fn short(secrets: &Secrets) -> String {
    token(secrets, "7", "Olga", "default", SHORT)
}

pub fn long(secrets: &Secrets, operator: &str) -> String {
    token(secrets, operator, "Olga", "default", 3600)
}

/// When a token ends, in ms.
pub fn end_of(token: &str) -> u64 {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    let claims = token.split('.').nth(1).unwrap();
    let claims = URL_SAFE_NO_PAD.decode(claims).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    claims["exp"].as_u64().unwrap() * 1000
}

/// Nobody lets it in any more.
pub async fn until_refused(pod: SocketAddr, token: &str) {
    let client = Client::with_token(pod, token);
    let begun = Instant::now();
    while client.get("/me").await.status != 401 {
        assert!(begun.elapsed().as_secs() < 10, "its token is still taken");
        sleep(LOOK).await;
    }
}

/// What makes a page log in again.
pub fn assert_says_log_in(refusal: Option<Value>) {
    let refusal = refusal.expect("it is let in");
    assert_eq!(refusal["message"], "Invalid token");
    assert_eq!(refusal["data"]["code"], "unauthorized");
}

/// Two pods: on each an operator by WebSocket, and one whose requests go to both in turn. All are told to leave when
/// their token ends, as if they were revoked, and nobody else is.
async fn p5_all_are_sent_away(pods: &[SocketAddr], secrets: &Secrets) {
    let both = Site::new(pods, NATIVE);
    let stays = json!({ "token": long(secrets, "8") });
    let mut others = Vec::new();
    for way in WAYS {
        others.push(Page::join(&both, way, &stays).await.unwrap());
    }
    let token = short(secrets);
    let auth = json!({ "token": token });
    let mut pages = Vec::new();
    for pod in pods {
        let site = Site::new(&[*pod], NATIVE);
        pages.push(Page::join(&site, Way::WebSocket, &auth).await.unwrap());
    }
    pages.push(Page::join(&both, Way::Polling, &auth).await.unwrap());
    let told = pages.iter_mut().map(|page| async {
        assert_eq!(page.farewell().await, "41", "told to leave, for good");
        Clock::System.now()
    });
    for at in futures_util::future::join_all(told).await {
        let late = at.checked_sub(end_of(&token)).expect("not before its end");
        assert!(late < LATE_MS, "{late} ms after its end");
    }
    for way in WAYS {
        assert_says_log_in(Page::join(&both, way, &auth).await.err());
    }
    // With a new token it goes on as the socket that it was.
    for (page, way) in pages.iter().rev().zip(WAYS.into_iter().rev()) {
        let auth = json!({ "token": long(secrets, "7"), "pid": page.pid, "offset": null });
        let mut back = Page::join(&both, way, &auth).await.unwrap();
        assert_eq!(back.id, page.id);
        back.granted("staff:sessions", &json!({})).await;
    }
    for other in &mut others {
        other.granted("staff:sessions", &json!({})).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn p5_a_token_that_ends_ends_its_sockets_on_every_server_object() {
    let relays = Relays::start_with(2, &[]).await;
    let secrets = relays.config.secrets().unwrap();
    p5_all_are_sent_away(&relays.addresses(), &secrets).await;
    let closed = &relays.backends.metrics.server.closed;
    for (transport, count) in [("websocket", 2), ("polling", 1)] {
        let labels = [transport, "token ended"];
        assert_eq!(closed.with_label_values(&labels).get(), count);
    }
    relays.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p5_a_token_that_ends_ends_its_sockets_on_every_pod() {
    let pods = Pods::start(2).await;
    p5_all_are_sent_away(&pods.addresses(), &pods.secrets()).await;
    pods.stop().await;
}

/// They poll, and none asks for anything while their token ends.
#[tokio::test(flavor = "multi_thread")]
async fn p5_who_comes_late_is_told_by_its_next_request() {
    let relays = Relays::start_with(1, &[]).await;
    let secrets = relays.config.secrets().unwrap();
    let pods = relays.addresses();
    let site = Site::new(&pods, NATIVE);
    let token = short(&secrets);
    let auth = json!({ "token": token });
    let mut polls = Page::join(&site, Way::Polling, &auth).await.unwrap();
    let mut posts = Page::join(&site, Way::Polling, &auth).await.unwrap();
    let upgrades = Page::join(&site, Way::Polling, &auth).await.unwrap();
    until_refused(pods[0], &token).await;
    assert_eq!(polls.farewell().await, "41");
    assert_eq!(upgrades.upgrade().await, ["3probe", "41"]);
    assert!(posts.emit("staff:sessions", &json!({})).await.is_err());
    relays.stop().await;
}
