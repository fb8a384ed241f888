//! A hundred thousand frames that mean nothing.

use std::net::SocketAddr;

use futures_util::{SinkExt, StreamExt, future::join_all};
use tokio::time::timeout;
use tokio_tungstenite::{connect_async, tungstenite::Message};

use super::{counted, memory, pair::Pair};
use crate::{
    process::{
        server::{LONG, Server},
        talk::operator_token,
    },
    support::folder::Folder,
};

/// Connections that go on, and what each says: events that nobody knows, and packets without a meaning.
const PATIENT: usize = 4;
const EVENTS: usize = 10_000;
const NOOPS: usize = 14_750;
/// Connections that a frame ends, several at a time.
const BROKEN: usize = 1_000;
const AT_ONCE: usize = 20;
const GARBAGE: [&str; 4] = ["4garbage", "42[", "9", "4{}"];
const COST: u64 = 24 * 1024 * 1024;

const REFUSED: &str = "switchboard_commands_failed_total{reason=\"invalid\",role=\"guest\"}";
const ENDED: &str =
    "switchboard_connections_closed_total{reason=\"parse error\",transport=\"websocket\"}";

/// Every event is answered by a refusal, and the connection is still there.
async fn patient(address: SocketAddr) {
    let url = format!("ws://{address}/socket.io/?EIO=4&transport=websocket");
    let (stream, _) = timeout(LONG, connect_async(url)).await.unwrap().unwrap();
    let (mut writes, mut reads) = stream.split();
    let says = async move {
        writes
            .send(Message::text("40/public-portal,"))
            .await
            .unwrap();
        for number in 0..EVENTS.max(NOOPS) {
            if number < NOOPS {
                writes.feed(Message::text("6")).await.unwrap();
            }
            if number < EVENTS {
                let event = format!("42/public-portal,{number}[\"what is this\",{{\"n\":[]}}]");
                writes.feed(Message::text(event)).await.unwrap();
            }
        }
        writes.flush().await.unwrap();
        writes
    };
    let hears = async move {
        let mut refusals = 0;
        while refusals < EVENTS {
            let heard = timeout(LONG, reads.next()).await.unwrap().unwrap().unwrap();
            let text = heard.into_text().unwrap();
            if text.starts_with("43/public-portal,") {
                assert!(text.contains("\"ok\":false"), "{text}");
                refusals += 1;
            }
        }
        reads
    };
    let (_writes, _reads) = tokio::join!(says, hears);
}

async fn broken(address: SocketAddr, frame: &str) {
    let url = format!("ws://{address}/socket.io/?EIO=4&transport=websocket");
    let (mut stream, _) = timeout(LONG, connect_async(url)).await.unwrap().unwrap();
    stream.send(Message::text(frame)).await.unwrap();
    let ended = async { while let Some(Ok(_)) = stream.next().await {} };
    timeout(LONG, ended).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn p8_a_hundred_thousand_frames_of_garbage_are_counted_and_concern_nobody_else() {
    let folder = Folder::fresh();
    let patience = ["--ping-timeout", "10m"];
    let server = Server::start_with(folder.path(), &patience).await;
    let address = server.address;
    let token = operator_token(folder.path()).await;
    let pair = Pair::begin(address, &token).await;
    let before = memory(&server, "VmRSS");
    let patients = join_all((0..PATIENT).map(|_| tokio::spawn(patient(address))));
    let breaking = join_all((0..AT_ONCE).map(|first| {
        tokio::spawn(async move {
            for number in (first..BROKEN).step_by(AT_ONCE) {
                broken(address, GARBAGE[number % GARBAGE.len()]).await;
            }
        })
    }));
    let (patients, breaking) = tokio::join!(patients, breaking);
    patients
        .into_iter()
        .chain(breaking)
        .for_each(Result::unwrap);

    let events = u64::try_from(PATIENT * EVENTS).unwrap();
    assert_eq!(counted(&server, REFUSED).await, events);
    let line = format!("{ENDED} {BROKEN}");
    server.measured_with(&line).await;
    let cost = memory(&server, "VmHWM").saturating_sub(before);
    assert!(cost < COST, "{cost} bytes");
    pair.end().await;
    server.stop().await;
}
