//! What is in front of the pods: every request and every upgrade goes to any pod, by chance, on a TCP
//! connection of its own. And whatever can happen to a client on its way there.

use std::{
    collections::HashMap,
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use rand::{SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
    time::{Duration, sleep, timeout},
};

pub struct Front {
    state: Mutex<State>,
}

struct State {
    pods: Vec<Option<SocketAddr>>,
    chance: ChaCha8Rng,
    lines: HashMap<String, watch::Sender<Weather>>,
}

/// What happens to the connections of one client.
#[derive(Clone, Debug, Default)]
pub struct Weather {
    /// All are cut when this grows.
    pub cuts: u64,
    /// What a pod says next is cut in its middle when this grows.
    pub bites: u64,
    pub frozen: bool,
    pub refuses_upgrade: bool,
    pub delay: Duration,
}

const MAX_HEAD: usize = 64 * 1024;
const PATIENCE: Duration = Duration::from_secs(2);

impl Front {
    /// Serves until the process ends.
    pub async fn start(pods: usize, seed: u64) -> anyhow::Result<(Arc<Self>, SocketAddr)> {
        let state = State {
            pods: vec![None; pods],
            chance: ChaCha8Rng::seed_from_u64(seed),
            lines: HashMap::new(),
        };
        let front = Arc::new(Self {
            state: Mutex::new(state),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let (address, serving) = (listener.local_addr()?, front.clone());
        tokio::spawn(async move {
            loop {
                if let Ok((client, _)) = listener.accept().await {
                    let front = serving.clone();
                    // Whatever goes wrong is seen by the client, which is all that counts.
                    tokio::spawn(async move { front.serve(client).await.ok() });
                }
            }
        });
        Ok((front, address))
    }

    /// Where a pod is, if requests go there.
    pub fn set(&self, pod: usize, address: Option<SocketAddr>) {
        if let Some(known) = self.lock().pods.get_mut(pod) {
            *known = address;
        }
    }

    pub fn change(&self, who: &str, change: impl FnOnce(&mut Weather)) {
        self.lock().line(who).send_modify(change);
    }

    async fn serve(&self, mut client: TcpStream) -> io::Result<()> {
        client.set_nodelay(true)?;
        let (head, rest) = read_head(&mut client).await?;
        let mut weather = self.lock().line(&who(&head)).subscribe();
        thawed(&mut weather).await;
        let upgrades = has_header(&head, "upgrade");
        if upgrades && weather.borrow().refuses_upgrade {
            let refusal =
                b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
            return client.write_all(refusal).await;
        }
        let Some(mut pod) = self.connect().await else {
            let away =
                b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
            return client.write_all(away).await;
        };
        pod.write_all(rewritten(&head, upgrades).as_bytes()).await?;
        pod.write_all(&rest).await?;
        pump(client, pod, weather).await;
        Ok(())
    }

    /// To one of them; to the next one if it does not take the connection.
    async fn connect(&self) -> Option<TcpStream> {
        let mut pods: Vec<SocketAddr> = self.lock().pods.iter().flatten().copied().collect();
        pods.shuffle(&mut self.lock().chance);
        for address in pods {
            if let Ok(Ok(pod)) = timeout(PATIENCE, TcpStream::connect(address)).await {
                return pod.set_nodelay(true).is_ok().then_some(pod);
            }
        }
        None
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn line(&mut self, who: &str) -> &watch::Sender<Weather> {
        self.lines.entry(who.to_owned()).or_default()
    }
}

/// Both ways, until one of the two has enough.
async fn pump(client: TcpStream, pod: TcpStream, weather: watch::Receiver<Weather>) {
    let (from_client, to_client) = client.into_split();
    let (from_pod, to_pod) = pod.into_split();
    let cuts = weather.borrow().cuts;
    let mut cut = weather.clone();
    tokio::select! {
        _ = carry(from_client, to_pod, weather.clone(), false) => {}
        _ = carry(from_pod, to_client, weather, true) => {}
        _ = cut.wait_for(|now| now.cuts > cuts) => {}
    }
}

async fn carry(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut weather: watch::Receiver<Weather>,
    from_pod: bool,
) -> io::Result<()> {
    let mut buffer = vec![0; 16 * 1024];
    let bites = weather.borrow().bites;
    loop {
        let read = from.read(&mut buffer).await?;
        if read == 0 {
            return to.shutdown().await;
        }
        thawed(&mut weather).await;
        let delay = weather.borrow().delay;
        if !delay.is_zero() {
            sleep(delay).await;
        }
        if from_pod && weather.borrow().bites > bites {
            return to.write_all(&buffer[..read / 2]).await;
        }
        to.write_all(&buffer[..read]).await?;
    }
}

async fn thawed(weather: &mut watch::Receiver<Weather>) {
    // An error would mean that nobody can freeze it any more.
    let _ = weather.wait_for(|now| !now.frozen).await;
}

/// The lines of a request with the empty one, and what has come of its body.
async fn read_head(client: &mut TcpStream) -> io::Result<(String, Vec<u8>)> {
    let mut read = Vec::new();
    loop {
        if let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n") {
            let rest = read.split_off(end + 4);
            let head = String::from_utf8(read).map_err(io::Error::other)?;
            return Ok((head, rest));
        }
        if read.len() > MAX_HEAD || client.read_buf(&mut read).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}

/// Clients say who they are in the query, which the relay passes over.
fn who(head: &str) -> String {
    let target = head.split(' ').nth(1).unwrap_or_default();
    let mut fields = target.split(['?', '&']);
    let who = fields.find_map(|field| field.strip_prefix("who="));
    who.unwrap_or_default().to_owned()
}

fn has_header(head: &str, name: &str) -> bool {
    let mut names = head.lines().filter_map(|line| line.split_once(':'));
    names.any(|(found, _)| found.eq_ignore_ascii_case(name))
}

/// A request is the only one on its connection, so that the next one may go elsewhere.
fn rewritten(head: &str, upgrades: bool) -> String {
    if upgrades {
        return head.to_owned();
    }
    let is_connection = |line: &&str| {
        let name = line.split(':').next().unwrap_or_default();
        !name.eq_ignore_ascii_case("connection")
    };
    let mut lines: Vec<&str> = head
        .trim_end()
        .split("\r\n")
        .filter(is_connection)
        .collect();
    lines.push("Connection: close\r\n\r\n");
    lines.join("\r\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str =
        "GET /socket.io/?EIO=4&who=g1&t=x HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\n\r\n";

    #[test]
    fn a_request_names_its_client_and_is_alone_on_its_connection() {
        assert_eq!(who(HEAD), "g1");
        assert_eq!(who("GET / HTTP/1.1\r\n\r\n"), "");
        let alone =
            "GET /socket.io/?EIO=4&who=g1&t=x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
        assert_eq!(rewritten(HEAD, false), alone);
        assert_eq!(rewritten(HEAD, true), HEAD);
        assert!(has_header(
            "GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n",
            "upgrade"
        ));
    }
}
