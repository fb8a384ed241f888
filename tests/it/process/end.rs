//! How it ends when it is asked to, and what the probes say of that.

use std::time::Duration;

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, timeout},
};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use super::{
    server::{LONG, LOOK, Server},
    talk::Person,
};
use crate::support::folder::Folder;

/// For an end that nothing holds up, on a machine that is busy with other things.
const QUICK: Duration = Duration::from_secs(5);

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_sends_clients_away_and_ends_well() {
    ends_well_by("TERM").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sigint_sends_clients_away_and_ends_well() {
    ends_well_by("INT").await;
}

async fn ends_well_by(signal: &str) {
    let folder = Folder::fresh();
    let mut server = Server::start(folder.path()).await;
    let mut socket = Person::guest(server.address).await;
    let mut parked = park(&server).await;
    let asked = Instant::now();
    server.signal(signal).await;

    let mut answer = String::new();
    timeout(LONG, parked.read_to_string(&mut answer))
        .await
        .unwrap()
        .unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 "), "{answer}");
    assert!(
        head.to_lowercase().contains("\r\nconnection: close"),
        "{answer}"
    );
    assert_eq!(body, "6");
    assert_eq!(socket.closed().await, Some(CloseCode::Restart));
    assert_eq!(server.exit().await.code(), Some(0));
    assert!(asked.elapsed() < QUICK, "{:?}", asked.elapsed());
    assert_eq!(server.out().all().await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_clients_it_ends_at_once() {
    let folder = Folder::fresh();
    let mut server = Server::start_with(folder.path(), &["--drain-timeout", "60s"]).await;
    server.signal("TERM").await;
    let asked = Instant::now();
    assert_eq!(server.exit().await.code(), Some(0));
    assert!(asked.elapsed() < QUICK, "{:?}", asked.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_signal_ends_it_at_once() {
    let folder = Folder::fresh();
    let mut server = Server::start_with(folder.path(), &["--drain-timeout", "1h"]).await;
    let _socket = Person::guest(server.address).await;
    server.signal("INT").await;
    server.err().wait(|line| line.contains("draining")).await;
    server.signal("INT").await;
    let asked = Instant::now();
    assert_eq!(server.exit().await.code(), Some(0));
    assert!(asked.elapsed() < QUICK, "{:?}", asked.elapsed());
    server
        .err()
        .wait(|line| line.contains("ended without draining"))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn probes_tell_of_start_and_drain() {
    let folder = Folder::fresh();
    let server = Server::start_with(folder.path(), &["--drain-timeout", "1h"]).await;
    let startup = async {
        while server.page("/startupz").await != (200, "ok".into()) {
            tokio::time::sleep(LOOK).await;
        }
    };
    timeout(LONG, startup).await.unwrap();
    for probe in ["/livez", "/readyz"] {
        assert_eq!(server.page(probe).await, (200, "ok".into()), "{probe}");
    }
    let _socket = Person::guest(server.address).await;
    server.signal("TERM").await;
    server.measured_with("switchboard_draining 1").await;
    // Each by a connection of its own, as probes are.
    for _ in 0..10 {
        assert_eq!(server.page("/readyz").await, (503, "draining".into()));
        assert_eq!(server.page("/livez").await, (200, "ok".into()));
    }
    assert!(
        server
            .measured()
            .await
            .contains("\nswitchboard_draining 1\n")
    );
}

/// A polling connection whose GET the server has read and has nothing for.
async fn park(server: &Server) -> TcpStream {
    let (status, open) = server.page("/socket.io/?EIO=4&transport=polling").await;
    assert_eq!(status, 200);
    let open: Value = serde_json::from_str(open.strip_prefix('0').unwrap()).unwrap();
    let sid = open["sid"].as_str().unwrap();
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let request = format!(
        "GET /socket.io/?EIO=4&transport=polling&sid={sid} HTTP/1.1\r\nHost: {}\r\n\r\n",
        server.address
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let port = stream.local_addr().unwrap().port();
    let read = async {
        while !is_read(server.address.port(), port) {
            tokio::time::sleep(LOOK).await;
        }
    };
    timeout(LONG, read).await.unwrap();
    stream
}

/// Whether the process on `local` has read what the one on `remote` has written: the system knows.
fn is_read(local: u16, remote: u16) -> bool {
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let (local, remote) = (format!(":{local:04X}"), format!(":{remote:04X}"));
    table.lines().any(|row| {
        let columns: Vec<&str> = row.split_whitespace().collect();
        let is = |at: usize, end: &str| columns.get(at).is_some_and(|found| found.ends_with(end));
        is(1, &local) && is(2, &remote) && is(4, ":00000000")
    })
}
