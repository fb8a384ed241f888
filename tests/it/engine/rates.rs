//! How often one may come.

use reqwest::Method;
use serde_json::{Value, json};
use switchboard::{hub::Limit, model::Clock, server::Origins};
use tokio_tungstenite::tungstenite::Error;

use super::{
    client::{Client, RAW, Reply},
    echo,
    site::{Servers, Setting, Site, calm},
};

in_three_settings! {
    p8_one_handshake_too_many_is_told_when_to_come_back,
    p8_a_websocket_too_many_is_refused_before_it_is_one,
    p8_who_is_in_is_not_counted,
    p8_a_trusted_proxy_says_who_is_counted,
    p8_nobody_else_says_who_is_counted,
    p11_who_cannot_be_counted_is_let_in,
}

const QUERY: &str = "EIO=4&transport=polling";
const WEBSOCKET: &str = "EIO=4&transport=websocket";
const MAX: u32 = 3;
const SHOP: &str = "https://shop.example";

/// Three in ten seconds, which do not pass by themselves.
async fn limited(setting: Setting, proxies: &str) -> (Site, Servers) {
    let mut settings = calm(echo::settings());
    settings.origins = Origins::Listed(vec![SHOP.into()]);
    settings.proxies = proxies.parse().unwrap();
    settings.handshakes = Limit {
        max: MAX,
        window_ms: 10_000,
    };
    Site::with(setting, Clock::manual(1_000_000), settings).await
}

async fn open(client: &Client, forwarded: &str) -> Reply {
    let headers = [("x-forwarded-for", forwarded)];
    client.request_with(Method::GET, QUERY, "", &headers).await
}

#[track_caller]
fn assert_refused(reply: &Reply, retry_after_ms: u64, seconds: &str) {
    assert_eq!(reply.status, 429, "{reply:?}");
    assert_eq!(reply.header("retry-after"), seconds);
    assert_eq!(reply.header("content-type"), "application/json");
    assert_eq!(reply.header("cache-control"), "no-store");
    let body: Value = serde_json::from_str(&reply.body).unwrap();
    let expected = json!({
        "code": "rate_limited",
        "message": "Too many new connections from your network, please wait a moment",
        "retryAfterMs": retry_after_ms,
    });
    assert_eq!(body, expected);
}

/// Those that were refused, on all servers.
fn refusals(servers: &Servers) -> u64 {
    let counts = servers.iter().map(|server| {
        let limits = &server.pod().metrics.refused;
        limits.with_label_values(&["handshakes"]).get()
    });
    counts.sum()
}

async fn p8_one_handshake_too_many_is_told_when_to_come_back(setting: Setting) {
    let (site, running) = limited(setting, "").await;
    let client = Client::new(&site, RAW).on_page(SHOP);
    for _ in 0..MAX {
        client.handshake().await;
    }
    assert_refused(&client.get(QUERY).await, 10_000, "10");
    site.clock.advance(8_001);
    let refused = client.get(QUERY).await;
    assert_refused(&refused, 1_999, "2");
    // Else the page would not be told.
    assert_eq!(refused.header("access-control-allow-origin"), SHOP);
    assert_eq!(refused.header("access-control-allow-credentials"), "true");
    site.clock.advance(1_998);
    assert_refused(&client.get(QUERY).await, 1, "1");
    assert_eq!(refusals(&running), 3);
    site.clock.advance(1);
    for _ in 0..MAX {
        client.handshake().await.is_alive().await;
    }
    assert_refused(&client.get(QUERY).await, 10_000, "10");
}

async fn p8_a_websocket_too_many_is_refused_before_it_is_one(setting: Setting) {
    let (site, running) = limited(setting, "").await;
    let client = Client::new(&site, RAW);
    // Both kinds are connections.
    client.handshake().await;
    for _ in 1..MAX {
        client.websocket().await;
    }
    let Err(Error::Http(answer)) = client.connect(WEBSOCKET).await.map(|_| ()) else {
        panic!("let in");
    };
    assert_eq!((answer.status().as_u16(), refusals(&running)), (429, 1));
    assert_eq!(answer.headers()["retry-after"], "10");
    let body: Value = serde_json::from_slice(answer.body().as_ref().unwrap()).unwrap();
    assert_eq!(body["code"], "rate_limited");
    assert_refused(&client.get(QUERY).await, 10_000, "10");
    site.clock.advance(10_000);
    client.websocket().await;
}

async fn p8_who_is_in_is_not_counted(setting: Setting) {
    let (site, running) = limited(setting, "").await;
    let client = Client::new(&site, RAW);
    let polling = client.handshake().await;
    for _ in 0..2 * MAX {
        polling.is_alive().await;
        let refused = client.get("EIO=3&transport=polling").await.status;
        assert_eq!(refused, 400, "what is no handshake is none");
    }
    let upgrading = client.handshake().await;
    client.handshake().await;
    assert_refused(&client.get(QUERY).await, 10_000, "10");
    polling.is_alive().await;
    let mut socket = upgrading.upgrade().await;
    socket.send("4hello").await;
    assert_eq!(socket.next().await.unwrap(), "4hello");
    let preflight = client.request(Method::OPTIONS, QUERY, "").await;
    assert_eq!((preflight.status.as_u16(), refusals(&running)), (204, 1));
}

async fn p8_a_trusted_proxy_says_who_is_counted(setting: Setting) {
    let (site, _running) = limited(setting, "127.0.0.0/8,10.0.0.1").await;
    let client = Client::new(&site, RAW);
    let same_network = [
        [
            "198.51.100.1",
            "1.1.1.1, 198.51.100.1",
            "198.51.100.1, 10.0.0.1",
        ],
        ["2001:db8::1", "2001:db8::2:0:0:3", "[2001:db8::7]:80"],
        // The proxy itself is counted.
        ["", "nonsense", "127.0.0.1"],
    ];
    for addresses in same_network {
        for forwarded in addresses {
            open(&client, forwarded).await.ok();
        }
        for forwarded in addresses {
            assert_refused(&open(&client, forwarded).await, 10_000, "10");
        }
    }
    for other in [
        "198.51.100.2",
        "198.51.100.1, 198.51.100.3",
        "2001:db8:0:1::1",
    ] {
        open(&client, other).await.ok();
    }
}

async fn p8_nobody_else_says_who_is_counted(setting: Setting) {
    let (site, _running) = limited(setting, "10.0.0.0/8").await;
    let client = Client::new(&site, RAW);
    for n in 0..MAX {
        open(&client, &format!("198.51.100.{n}")).await.ok();
    }
    assert_refused(&open(&client, "198.51.100.9").await, 10_000, "10");
    assert_refused(&client.get(QUERY).await, 10_000, "10");
}

/// As without a limit: what needs the hub fails by itself.
async fn p11_who_cannot_be_counted_is_let_in(setting: Setting) {
    let (site, running) = limited(setting, "").await;
    let client = Client::new(&site, RAW);
    site.set_down(true);
    for _ in 0..2 * MAX {
        let mut socket = client.websocket().await;
        socket.send("4hello").await;
        assert_eq!(socket.next().await.unwrap(), "4hello");
        assert_eq!(client.get(QUERY).await.status, 503);
    }
    site.set_down(false);
    for _ in 0..MAX {
        client.websocket().await;
    }
    assert_refused(&client.get(QUERY).await, 10_000, "10");
    assert_eq!(refusals(&running), 1);
}
