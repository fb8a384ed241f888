//! Peers who hold a connection and say next to nothing.

use std::{net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, sleep, timeout},
};
use tokio_tungstenite::connect_async;

use super::{counted, has_room, pair::Pair};
use crate::{
    process::{
        server::{LONG, LOOK, Server, page},
        talk::operator_token,
    },
    support::folder::Folder,
};

/// How long a request's head, and its body, may take.
const TIME: Duration = Duration::from_secs(30);
const BETWEEN_BYTES: Duration = Duration::from_secs(1);
const SLOW_HEADS: usize = 6;
const SILENT: usize = 4;
const CONNECTIONS: usize = 16;

const REFUSED: &str = "switchboard_limit_total{limit=\"connections\"}";
const HEADS: &str = "switchboard_limit_total{limit=\"head_time\"}";
const BODIES: &str = "switchboard_limit_total{limit=\"body_time\"}";

async fn server(folder: &Folder, settings: &[&str]) -> Server {
    let most = format!("--max-connections={CONNECTIONS}");
    let settings: Vec<&str> = settings.iter().copied().chain([most.as_str()]).collect();
    Server::start_with(folder.path(), &settings).await
}

/// Says this, then the rest over and over, slowly. What it is answered, and after which time.
async fn drip(stream: TcpStream, begin: String, rest: &'static [u8]) -> (String, Duration) {
    let begun = Instant::now();
    let (mut reads, mut writes) = stream.into_split();
    writes.write_all(begin.as_bytes()).await.unwrap();
    let mut answer = vec![0; 1024];
    loop {
        match timeout(BETWEEN_BYTES, reads.read(&mut answer)).await {
            Ok(read) => {
                answer.truncate(read.unwrap_or(0));
                return (String::from_utf8(answer).unwrap(), begun.elapsed());
            }
            Err(_) => {
                let _ = writes.write_all(rest).await;
            }
        }
        assert!(begun.elapsed() < TIME + LONG, "nobody ends it");
    }
}

/// The sid of a new polling connection.
async fn handshake(address: SocketAddr) -> String {
    let (_, open) = page(address, "/socket.io/?EIO=4&transport=polling").await;
    let open: serde_json::Value = serde_json::from_str(&open[1..]).unwrap();
    open["sid"].as_str().unwrap().to_owned()
}

async fn until_room(address: SocketAddr, limit: Duration) {
    let begun = Instant::now();
    while !has_room(address).await {
        assert!(begun.elapsed() < limit, "there is never room again");
        sleep(LOOK * 20).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn p8_heads_and_bodies_that_never_end_are_ended_and_make_room() {
    let folder = Folder::fresh();
    let server = server(&folder, &[]).await;
    let address = server.address;
    let token = operator_token(folder.path()).await;
    let pair = Pair::begin(address, &token).await;
    let sid = handshake(address).await;

    let post = format!(
        "POST /socket.io/?EIO=4&transport=polling&sid={sid} HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n4"
    );
    let connect = async || TcpStream::connect(address).await.unwrap();
    let post = tokio::spawn(drip(connect().await, post, b"x"));
    let head = "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nhost: x\r\n";
    let mut slow = Vec::new();
    for _ in 0..SLOW_HEADS {
        let drip = drip(connect().await, head.to_owned(), b"x: y\r\n");
        slow.push(tokio::spawn(drip));
    }
    for _ in 0..SILENT {
        let drip = drip(connect().await, String::new(), b"");
        slow.push(tokio::spawn(drip));
    }
    // What is left anybody may have.
    let mut others = Vec::new();
    while has_room(address).await {
        others.push(connect().await);
    }
    assert!(counted(&server, REFUSED).await > 0);
    drop(others);

    let (answer, after) = post.await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(
        (TIME - BETWEEN_BYTES..TIME + LONG).contains(&after),
        "{after:?}"
    );
    for slow in slow {
        let (answer, after) = slow.await.unwrap();
        assert!(!answer.contains("200"), "{answer}");
        assert!(
            (TIME - BETWEEN_BYTES..TIME + LONG).contains(&after),
            "{after:?}"
        );
    }
    until_room(address, LONG).await;
    assert_eq!(counted(&server, BODIES).await, 1);
    let heads = u64::try_from(SLOW_HEADS + SILENT).unwrap();
    assert_eq!(counted(&server, HEADS).await, heads);
    pair.end().await;
    server.stop().await;
}

/// Their computers are gone, and nobody has told the server.
#[tokio::test(flavor = "multi_thread")]
async fn p8_half_open_websockets_are_ended_by_the_ping_and_make_room() {
    const GONE: &str =
        "switchboard_connections_closed_total{reason=\"ping timeout\",transport=\"websocket\"}";
    let folder = Folder::fresh();
    let pings = ["--ping-interval", "2s", "--ping-timeout", "3s"];
    let server = server(&folder, &pings).await;
    let address = server.address;
    let token = operator_token(folder.path()).await;
    let pair = Pair::begin(address, &token).await;
    let mut gone = Vec::new();
    for _ in 0..CONNECTIONS - 2 {
        let url = format!("ws://{address}/socket.io/?EIO=4&transport=websocket");
        gone.push(timeout(LONG, connect_async(url)).await.unwrap().unwrap().0);
    }
    while counted(&server, REFUSED).await == 0 {
        has_room(address).await;
    }
    until_room(address, LONG).await;
    let line = format!("{GONE} {}", gone.len());
    server.measured_with(&line).await;
    pair.end().await;
    server.stop().await;
}
