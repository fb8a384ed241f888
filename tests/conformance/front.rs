//! A load balancer without stickiness, as plain as can be: one request for each TCP connection, and each
//! connection to the next server.

use std::{io, net::SocketAddr};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional},
    net::{TcpListener, TcpStream},
};

/// More is no head of a request.
const HEAD_MAX: usize = 64 * 1024;
const END: &[u8] = b"\r\n\r\n";

pub async fn take_turns(listener: TcpListener, servers: Vec<SocketAddr>) {
    for server in servers.iter().copied().cycle() {
        let Ok((client, _)) = listener.accept().await else {
            return;
        };
        // Whoever of the two is gone: the other one is told by the end of its connection.
        tokio::spawn(async move {
            let _ = carry(client, server).await;
        });
    }
}

async fn carry(mut client: TcpStream, server: SocketAddr) -> io::Result<()> {
    client.set_nodelay(true)?;
    let mut read = Vec::new();
    let end = loop {
        if client.read_buf(&mut read).await? == 0 || read.len() > HEAD_MAX {
            return Ok(());
        }
        if let Some(at) = read.windows(END.len()).position(|bytes| bytes == END) {
            break at;
        }
    };
    let mut server = TcpStream::connect(server).await?;
    server.set_nodelay(true)?;
    server.write_all(&once(&read[..end])).await?;
    server.write_all(&read[end + END.len()..]).await?;
    copy_bidirectional(&mut client, &mut server).await?;
    Ok(())
}

/// The head of a request after which the connection ends. An upgrade is the last one anyway.
fn once(head: &[u8]) -> Vec<u8> {
    let mut once = Vec::new();
    let is = |line: &[u8], name: &[u8]| {
        let begins = line.get(..name.len());
        begins.is_some_and(|begins| begins.eq_ignore_ascii_case(name))
    };
    let lines = || head.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let upgrades = lines().any(|line| is(line, b"upgrade:"));
    for line in lines().filter(|line| upgrades || !is(line, b"connection:")) {
        once.extend_from_slice(line);
        once.extend_from_slice(b"\r\n");
    }
    if !upgrades {
        once.extend_from_slice(b"connection: close\r\n");
    }
    once.extend_from_slice(b"\r\n");
    once
}
