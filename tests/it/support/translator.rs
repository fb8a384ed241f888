use std::net::SocketAddr;

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
};

/// A way to Redis that makes a release of whoever takes it that knows something more: what it writes as
/// `here` is `there` for all others, and what is `there` it reads as `here`. Both are of one length, or
/// Redis would be told a wrong one.
pub struct Translator {
    pub address: SocketAddr,
}

impl Translator {
    /// `server` as `host:port`.
    pub async fn to(server: &str, here: &'static str, there: &'static str) -> Self {
        assert_eq!(here.len(), there.len());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = server.to_owned();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let Ok(server) = TcpStream::connect(&server).await else {
                    continue;
                };
                let _ = (client.set_nodelay(true), server.set_nodelay(true));
                let ((from_client, to_client), (from_server, to_server)) =
                    (client.into_split(), server.into_split());
                tokio::spawn(carry(from_client, to_server, [here, there]));
                tokio::spawn(carry(from_server, to_client, [there, here]));
            }
        });
        Self { address }
    }
}

async fn carry(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, [word, other]: [&str; 2]) {
    let mut text = Vec::new();
    while matches!(from.read_buf(&mut text).await, Ok(1..)) {
        let ready = text.len() - begun(&text, word.as_bytes());
        let mut at = 0;
        while let Some(found) = text[at..ready]
            .windows(word.len())
            .position(|it| it == word.as_bytes())
        {
            at += found;
            text[at..at + word.len()].copy_from_slice(other.as_bytes());
        }
        if to.write_all(&text[..ready]).await.is_err() {
            return;
        }
        text.drain(..ready);
    }
}

/// How much of the word is at the end: the rest is still on its way, since no message ends within it.
fn begun(text: &[u8], word: &[u8]) -> usize {
    let all = (1..word.len()).rev();
    all.into_iter()
        .find(|count| text.ends_with(&word[..*count]))
        .unwrap_or(0)
}
