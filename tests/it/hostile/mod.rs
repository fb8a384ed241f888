//! Peers who take nothing, say next to nothing, or say nothing that means anything, against the real binary:
//! each costs a bounded amount, is counted, and does not concern the others.

mod flood;
mod pair;
mod peer;
mod reader;
mod slow;

use std::net::SocketAddr;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::process::server::{LONG, Server};

/// What Linux holds of this process in memory, in bytes: now (`VmRSS`), or at most so far (`VmHWM`).
fn memory(server: &Server, field: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
    let line = status.lines().find(|line| line.starts_with(field)).unwrap();
    let kilobytes = line.split_whitespace().nth(1).unwrap();
    kilobytes.parse::<u64>().unwrap() * 1024
}

/// Whether it takes one more connection; a refused one may be cut before it is told so.
async fn has_room(address: SocketAddr) -> bool {
    const ASK: &[u8] = b"GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nhost: x\r\n\r\n";
    let mut stream = TcpStream::connect(address).await.unwrap();
    let _ = stream.write_all(ASK).await;
    let mut answer = [0; 12];
    let read = timeout(LONG, stream.read_exact(&mut answer)).await.unwrap();
    read.is_ok() && answer.ends_with(b"200")
}

/// What the metrics say of this line; 0 if they do not have it.
async fn counted(server: &Server, line: &str) -> u64 {
    let page = server.measured().await;
    let value = page.lines().find_map(|found| found.strip_prefix(line));
    value.map_or(0, |value| value.trim().parse().unwrap())
}
