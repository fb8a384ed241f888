//! The least that fan-out over WebSockets can cost here: what a sender sends is written to every
//! receiver, and nothing else. It is a process of its own, as the relay is.

use std::{net::SocketAddr, process::Stdio, sync::Arc};

use anyhow::{Context, bail};
use clap::Args;
use futures_util::{SinkExt, StreamExt};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader, stdin},
    net::{TcpListener, TcpStream},
    process::{Child, Command},
    sync::{mpsc, watch},
};
use tokio_tungstenite::{
    accept_async,
    tungstenite::{Message, Utf8Bytes},
};

use crate::client::Client;

#[derive(Debug, Args)]
pub struct Settings {
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
}

/// The floor as a child process. It ends with this one, however this one ends: its standard input
/// is closed then.
pub struct Floor {
    url: String,
    _process: Child,
}

const READ: &str = "read";
const WRITE: &str = "write";

impl Floor {
    pub async fn start() -> anyhow::Result<Self> {
        let mut process = Command::new(std::env::current_exe()?)
            .arg("floor")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("cannot start the floor")?;
        let told = process.stdout.take().context("the floor says nothing")?;
        let mut lines = BufReader::new(told).lines();
        let url = lines.next_line().await?.context("the floor has ended")?;
        Ok(Self {
            url,
            _process: process,
        })
    }

    pub async fn sender(&self) -> anyhow::Result<Client> {
        self.open(WRITE).await
    }

    pub async fn receiver(&self) -> anyhow::Result<Client> {
        self.open(READ).await
    }

    /// It repeats the role once it is taken, so that no message comes before its receivers.
    async fn open(&self, role: &'static str) -> anyhow::Result<Client> {
        let mut client = Client::open(&self.url, "/").await?;
        client.write(role).await?;
        client.text().await?;
        Ok(client)
    }
}

/// A message as the relay delivers it, so that as many bytes travel here as there.
pub fn frame(text: &str) -> String {
    format!(
        r#"42["guest:message",{{"sessionId":"018f0000-0000-7000-8000-000000000000","messageId":"018f0000-0000-7000-8000-000000000001","seq":1000,"message":"{text}","type":"text","timestamp":"2026-01-01T00:00:00.000Z","direction":"in","guestName":"guest 10"}},"0123456789abcdef:1700000000000-0"]"#
    )
}

/// Serves until standard input ends.
pub async fn serve(settings: Settings) -> anyhow::Result<()> {
    let listener = TcpListener::bind(settings.listen).await?;
    println!("http://{}", listener.local_addr()?);
    let (receivers, _) = watch::channel(Receivers::default());
    let receivers = Arc::new(receivers);
    let accepting = async {
        loop {
            let (socket, _) = listener.accept().await?;
            // Who fails is gone; the load test sees it on its own end.
            tokio::spawn(attend(socket, receivers.clone()));
        }
    };
    let (mut input, mut end) = (stdin(), Vec::new());
    tokio::select! {
        accepted = accepting => accepted,
        ended = input.read_to_end(&mut end) => {
            ended?;
            Ok(())
        }
    }
}

type Receivers = Arc<[mpsc::Sender<Utf8Bytes>]>;

/// Frames that wait for one receiver. Senders wait while it is full: nothing is dropped.
const QUEUE: usize = 1024;

async fn attend(socket: TcpStream, receivers: Arc<watch::Sender<Receivers>>) -> anyhow::Result<()> {
    socket.set_nodelay(true)?;
    let mut socket = accept_async(socket).await?;
    let Some(Ok(Message::Text(role))) = socket.next().await else {
        bail!("no role")
    };
    if role == WRITE {
        socket.send(Message::Text(role)).await?;
        while let Some(Message::Text(frame)) = socket.next().await.transpose()? {
            let all = receivers.borrow().clone();
            for receiver in all.iter() {
                // One that is gone misses it.
                let _ = receiver.send(frame.clone()).await;
            }
        }
        return Ok(());
    }
    let (queue, mut queued) = mpsc::channel(QUEUE);
    receivers.send_modify(|all| *all = all.iter().cloned().chain([queue]).collect());
    socket.send(Message::Text(role)).await?;
    let mut frames = Vec::new();
    while queued.recv_many(&mut frames, QUEUE).await > 0 {
        for frame in frames.drain(..) {
            socket.feed(Message::Text(frame)).await?;
        }
        socket.flush().await?;
    }
    Ok(())
}
