//! What a server that is ending does for those who have not heard of it, and who comes when there is no room.

use std::{net::SocketAddr, time::Duration};

use reqwest::{Method, StatusCode};
use serde_json::Value;
use switchboard::{
    hub::{Beat, NewConnection},
    model::{Clock, Partition, Sid},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::JoinHandle,
    time::{Instant, timeout},
};
use tokio_tungstenite::tungstenite;

use super::{
    client::{Client, RAW, SOCKETS},
    echo,
    site::{LONG, Servers, Setting, Site, calm, eventually},
};

in_three_settings! {
    p4_what_a_proxy_keeps_open_takes_one_more_request,
    p4_the_listener_stays_while_requests_come,
    p4_a_get_that_comes_late_is_not_answered_in_a_spin,
    p8_no_websocket_is_let_in_by_a_server_that_ends,
    p8_who_is_one_too_many_on_the_way_in_is_told_at_once,
    a_connection_of_a_later_release_is_unknown,
}

const OPEN: &str = "EIO=4&transport=polling";
const QUIET: Duration = Duration::from_millis(300);

async fn site(setting: Setting, drain: Duration) -> (Site, Servers) {
    let mut settings = calm(echo::settings());
    (settings.drain, settings.quiet) = (drain, QUIET);
    Site::with(setting, Clock::System, settings).await
}

/// Of the last server, once it has begun.
async fn drain(servers: &mut Servers) -> JoinHandle<()> {
    let server = servers.pop().unwrap();
    let draining = server.pod().draining.clone();
    let drained = tokio::spawn(server.drain());
    timeout(LONG, draining.cancelled()).await.unwrap();
    drained
}

async fn over(drained: JoinHandle<()>) {
    timeout(LONG, drained).await.unwrap().unwrap();
}

/// A proxy has no other way to hear of the end than an answer: to close what it keeps open would meet a POST
/// that is on its way.
async fn p4_what_a_proxy_keeps_open_takes_one_more_request(setting: Setting) {
    let (site, mut started) = site(setting, LONG).await;
    let mut kept = Kept::to(*site.addresses.last().unwrap()).await;
    let answer = kept.ask("/engine.io/?EIO=4&transport=polling").await;
    assert!(
        !answer.to_lowercase().contains("connection: close"),
        "{answer}"
    );
    let drained = drain(&mut started).await;
    let answer = kept.ask("/engine.io/?EIO=4&transport=polling").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(
        answer.to_lowercase().contains("connection: close"),
        "{answer}"
    );
    let mut rest = Vec::new();
    timeout(LONG, kept.0.read_to_end(&mut rest))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(rest, b"");
    over(drained).await;
}

async fn p4_the_listener_stays_while_requests_come(setting: Setting) {
    let (mut site, mut started) = site(setting, LONG).await;
    let address = *site.addresses.last().unwrap();
    site.addresses = vec![address];
    let client = Client::new(&site, RAW);
    client.get(OPEN).await.ok();
    let began = Instant::now();
    let drained = drain(&mut started).await;
    while began.elapsed() < QUIET * 3 {
        let reply = client.get(OPEN).await;
        assert_eq!(reply.header("connection"), "close");
        reply.ok();
        tokio::time::sleep(QUIET / 6).await;
    }
    assert!(!drained.is_finished());
    let last = Instant::now();
    over(drained).await;
    assert!(last.elapsed() < QUIET * 3, "{:?}", last.elapsed());
    assert!(TcpStream::connect(address).await.is_err());
}

async fn p4_a_get_that_comes_late_is_not_answered_in_a_spin(setting: Setting) {
    let (mut site, mut started) = site(setting, LONG).await;
    let polling = Client::new(&site, RAW).handshake().await;
    site.addresses = vec![*site.addresses.last().unwrap()];
    let late = super::client::Polling {
        client: Client::new(&site, RAW),
        ..polling
    };
    late.client.get(OPEN).await.ok();
    let drained = drain(&mut started).await;
    let began = Instant::now();
    assert_eq!(late.poll("t").await.ok(), "6");
    assert!(
        began.elapsed() > Duration::from_millis(200),
        "{:?}",
        began.elapsed()
    );
    over(drained).await;
}

async fn p8_no_websocket_is_let_in_by_a_server_that_ends(setting: Setting) {
    let (mut site, mut started) = site(setting, LONG).await;
    site.addresses = vec![*site.addresses.last().unwrap()];
    let client = Client::new(&site, RAW);
    let polling = client.handshake().await;
    let drained = drain(&mut started).await;
    for query in [
        "EIO=4&transport=websocket".to_owned(),
        format!("EIO=4&transport=websocket&sid={}", polling.sid),
    ] {
        match client.connect(&query).await {
            Err(tungstenite::Error::Http(reply)) => assert_eq!(reply.status(), 503),
            other => panic!("{query}: {:?}", other.map(drop)),
        }
    }
    // The connection goes on by polling.
    polling.post("t", "4hello").await.ok();
    over(drained).await;
}

async fn p8_who_is_one_too_many_on_the_way_in_is_told_at_once(setting: Setting) {
    let mut settings = calm(echo::settings());
    settings.arriving_max = 2;
    let (mut site, started) = Site::with(setting, Clock::System, settings).await;
    site.addresses.truncate(1);
    let client = Client::new(&site, SOCKETS);
    let mut coming = Vec::new();
    for _ in 0..2 {
        coming.push(client.websocket().await);
    }
    let reply = client.request(Method::GET, OPEN, "").await;
    assert_eq!(reply.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(reply.header("retry-after"), "1");
    assert!(client.connect("EIO=4&transport=websocket").await.is_err());
    let refused = &started[0].pod().metrics.refused;
    assert_eq!(refused.with_label_values(&["arriving"]).get(), 2);
    // Who has come in makes room.
    coming[0].send("40").await;
    assert!(coming[0].next().await.unwrap().starts_with("40{"));
    eventually("there is room", async || {
        client.request(Method::GET, OPEN, "").await.status == StatusCode::OK
    })
    .await;
}

/// Its client comes back with a new one; it is no error of the server.
async fn a_connection_of_a_later_release_is_unknown(setting: Setting) {
    let site = Site::calm(setting).await;
    let now = site.clock.now();
    for state in [
        r#"{"v":2}"#,
        r#"{"v":2,"mount":"/engine.io/","news":[1]}"#,
        "not of this world",
    ] {
        for method in [Method::GET, Method::POST] {
            let sid = Sid::draw(Partition::random());
            let connection = NewConnection {
                sid: sid.clone(),
                state: bytes::Bytes::from_static(state.as_bytes()),
                beat: Beat {
                    ping_at: now + 60_000,
                    sent: false,
                    expires_at: now + 60_000,
                },
            };
            site.hub.open(connection).await.unwrap();
            let query = format!("EIO=4&transport=polling&sid={}&t=t", sid.as_str());
            let reply = Client::new(&site, RAW).request(method, &query, "4a").await;
            assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{state}");
            let said: Value = serde_json::from_str(&reply.body).unwrap();
            assert_eq!(said["code"], 1, "{state}");
        }
    }
}

/// A connection as a proxy keeps it.
struct Kept(TcpStream);

impl Kept {
    async fn to(address: SocketAddr) -> Self {
        Self(TcpStream::connect(address).await.unwrap())
    }

    async fn ask(&mut self, path: &str) -> String {
        let request = format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n");
        self.0.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        let whole = |answer: &[u8]| {
            let text = String::from_utf8_lossy(answer).to_lowercase();
            let (head, body) = text.split_once("\r\n\r\n")?;
            let length = head.split_once("content-length: ")?.1.lines().next()?;
            (body.len() >= length.parse().ok()?).then_some(())
        };
        while whole(&answer).is_none() {
            let read = timeout(LONG, self.0.read_buf(&mut answer)).await;
            assert_ne!(
                read.unwrap().unwrap(),
                0,
                "{}",
                String::from_utf8_lossy(&answer)
            );
        }
        String::from_utf8(answer).unwrap()
    }
}
