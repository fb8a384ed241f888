use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

/// A way to Redis on which an answer can be lost: what was asked has happened, and the connection
/// breaks before anybody is told.
pub struct Lossy {
    pub address: SocketAddr,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    /// Answers until the one that is lost; 0: none is.
    countdown: AtomicUsize,
    lost: AtomicUsize,
}

impl Lossy {
    /// `server` as `host:port`.
    pub async fn to(server: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::<State>::default();
        let (server, shared) = (server.to_owned(), Arc::clone(&state));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                // One that is away is away for whoever asks by this way.
                let Ok(server) = TcpStream::connect(&server).await else {
                    continue;
                };
                tokio::spawn(carry(client, server, Arc::clone(&shared)));
            }
        });
        Self { address, state }
    }

    /// Of the scripts that run from now on, this one's answer is lost, counted from 1.
    pub fn lose(&self, nth: usize) {
        self.state.countdown.store(nth, Ordering::Release);
    }

    pub fn lost(&self) -> usize {
        self.state.lost.load(Ordering::Acquire)
    }
}

impl State {
    fn is_lost(&self) -> bool {
        let counted = |left: usize| left.checked_sub(1);
        let set = (Ordering::AcqRel, Ordering::Acquire);
        let lost = self.countdown.fetch_update(set.0, set.1, counted) == Ok(1);
        self.lost.fetch_add(usize::from(lost), Ordering::AcqRel);
        lost
    }
}

/// Only a connection that has asked for a script since can lose its answer: publications come by
/// others. That a script is not known is no answer, for then it has not run.
async fn carry(mut client: TcpStream, mut server: TcpStream, state: Arc<State>) {
    let (mut asked, mut answered) = (vec![0; 65_536], vec![0; 65_536]);
    let mut awaited = false;
    loop {
        tokio::select! {
            read = client.read(&mut asked) => match read {
                Ok(count @ 1..) => {
                    let text = &asked[..count];
                    awaited |= text.windows(4).any(|word| word == b"EVAL");
                    if server.write_all(text).await.is_err() { return }
                }
                _ => return,
            },
            read = server.read(&mut answered) => match read {
                Ok(count @ 1..) => {
                    let text = &answered[..count];
                    let ran = awaited && !text.starts_with(b"-NOSCRIPT");
                    if ran && state.is_lost() {
                        return;
                    }
                    awaited = false;
                    if client.write_all(text).await.is_err() { return }
                }
                _ => return,
            },
        }
    }
}
