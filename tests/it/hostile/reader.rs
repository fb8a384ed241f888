//! An operator who takes nothing while the guests of its workspace write a lot.

use std::net::SocketAddr;

use futures_util::future::join_all;
use serde_json::json;
use tokio::time::{Instant, sleep};

use super::{counted, memory, pair::Pair, peer::Peer};
use crate::{
    process::{
        server::{LONG, LOOK, Server},
        talk::{Person, message, operator_token},
    },
    support::{folder::Folder, lengths, pods::Pods, token::token},
};

const GUESTS: usize = 4;
const TEXT: usize = 16_000;
/// What it may cost the process that somebody does not take it, with all else that happens: the commits of
/// the last 10 s that are kept for another primary (32 MiB at most), a mailbox of 256 messages, what is being
/// written. Only the long test says so much more than this that a queue of all of it would be noticed.
const COST: u64 = 48 * 1024 * 1024;

/// Bytes that all guests say together.
fn traffic() -> u64 {
    GUESTS as u64 * lengths::messages() * TEXT as u64
}

const BEHIND: &str = "switchboard_slow_consumer_total{action=\"behind\"}";
const CLOSED: &str = "switchboard_slow_consumer_total{action=\"closed\"}";

/// Sessions in which guests have said all this; each line was acknowledged.
async fn busy(address: SocketAddr) -> Vec<String> {
    let guests = (0..GUESTS).map(|_| async move {
        let mut guest = Person::guest(address).await;
        let started = guest.granted("guest:start", json!({})).await;
        for number in 0..lengths::messages() {
            let said = message(&"x".repeat(TEXT), &number.to_string());
            guest.granted("guest:message", said).await;
        }
        started["sessionId"].as_str().unwrap().to_owned()
    });
    join_all(guests.map(tokio::spawn))
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect()
}

async fn closed_as_slow(server: &Server) {
    let begun = Instant::now();
    while counted(server, CLOSED).await == 0 {
        assert!(
            begun.elapsed() < lengths::slow() + LONG,
            "it is never closed"
        );
        sleep(LOOK).await;
    }
}

/// In a cluster, where the hub does not keep what is said in the process.
#[tokio::test(flavor = "multi_thread")]
async fn p2_p8_an_operator_who_reads_nothing_is_closed_costs_little_and_hears_all_on_another_pod() {
    let slow = format!("{}s", lengths::slow().as_secs());
    // On a busy machine nothing else may end a connection.
    let settings = [
        ("SLOW_TIMEOUT", slow.as_str()),
        ("PING_TIMEOUT", "10m"),
        ("POD_LEASE", "1m"),
    ];
    let pods = Pods::start_with(2, &settings).await;
    let (here, there) = (&pods.servers()[0], &pods.servers()[1]);
    let token = |id| token(&pods.secrets(), id, "Olga", "default", 3600);
    let pair = Pair::begin(here.address, &token("7")).await;
    let mut reader = Peer::join(here.address, &token("8")).await;
    let before = memory(here, "VmRSS");
    let sessions = busy(here.address).await;
    closed_as_slow(here).await;
    let cost = memory(here, "VmHWM").saturating_sub(before);
    assert!(
        cost < COST,
        "{cost} bytes for {} that are not taken",
        traffic()
    );
    pair.end().await;

    let all = reader.hear(&sessions, lengths::messages()).await;
    assert!(!all, "what was on its way was everything");
    reader.come_back(there.address).await;
    assert!(reader.hear(&sessions, lengths::messages()).await);
    pods.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p2_p8_an_operator_who_reads_again_in_time_has_lost_nothing() {
    let folder = Folder::fresh();
    let slow = ["--slow-timeout", "10m", "--ping-timeout", "10m"];
    let server = Server::start_with(folder.path(), &slow).await;
    let token = operator_token(folder.path()).await;
    let pair = Pair::begin(server.address, &token).await;
    let mut reader = Peer::join(server.address, &token).await;
    let before = memory(&server, "VmRSS");
    let sessions = busy(server.address).await;
    // One process keeps what is said for those who come back; not twice for one who does not read.
    let cost = memory(&server, "VmHWM").saturating_sub(before);
    assert!(
        cost < traffic() + COST,
        "{cost} bytes for {} that are not taken",
        traffic()
    );
    assert!(
        reader.hear(&sessions, lengths::messages()).await,
        "it is the same connection"
    );
    assert!(counted(&server, BEHIND).await > 0);
    assert_eq!(counted(&server, CLOSED).await, 0);
    pair.end().await;
    server.stop().await;
}
