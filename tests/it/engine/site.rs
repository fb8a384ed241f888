//! Servers to test: the echo application behind a gate, on one server object or several that share
//! a backend.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures_util::future::join_all;
use switchboard::{
    hub::{Hub, Persisted},
    metrics::Metrics,
    model::{Clock, Sid},
    server::{Parts, Pod, Server, Settings, auth::Keyring},
};
use tokio::{
    net::{TcpListener, TcpSocket},
    runtime::{Builder, Runtime},
};

use super::{
    backend::{Backend, SharedHub},
    echo,
    gated::{Gate, Gated},
};

/// Longer than anything here takes. Only a test that fails waits so long.
pub const LONG: Duration = Duration::from_secs(5);

/// Between two looks at something that cannot be awaited.
const LOOK: Duration = Duration::from_millis(2);

/// Where a case runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setting {
    /// One server, with its hub in memory.
    Embedded,
    /// One server, on Redis.
    OnePod,
    /// Three of them, each with connections of its own, which take requests and upgrades in turn.
    ThreePods,
}

impl Setting {
    pub fn servers(self) -> usize {
        match self {
            Self::Embedded | Self::OnePod => 1,
            Self::ThreePods => 3,
        }
    }
}

/// Server objects with one backend.
#[derive(Clone)]
pub struct Site {
    /// Of the first server; what it holds, the others have too.
    pub hub: Arc<dyn Hub>,
    hubs: Vec<SharedHub>,
    backend: Backend,
    pub clock: Clock,
    pub addresses: Vec<SocketAddr>,
    pub gate: Gate,
    pub settings: Settings,
    requests: Arc<AtomicUsize>,
}

pub type Servers = Vec<Server<Gated>>;

impl Site {
    /// Pings are far away, for tests that are about something else.
    pub async fn calm(setting: Setting) -> Self {
        Self::with(setting, Clock::System, calm(echo::settings()))
            .await
            .0
    }

    /// The timings of the conformance suites: 300 ms and 200 ms.
    pub async fn quick(setting: Setting) -> Self {
        Self::with(setting, Clock::System, echo::settings()).await.0
    }

    /// Those timings on a clock that stands still unless moved.
    pub async fn still(setting: Setting) -> Self {
        Self::with(setting, Clock::manual(1_000_000), echo::settings())
            .await
            .0
    }

    /// Neither pings nor the passing of time.
    pub async fn still_and_calm(setting: Setting) -> Self {
        let clock = Clock::manual(1_000_000);
        Self::with(setting, clock, calm(echo::settings())).await.0
    }

    pub async fn with(setting: Setting, clock: Clock, settings: Settings) -> (Self, Servers) {
        let backend = Backend::fresh(setting, &clock).await;
        let starting = (0..setting.servers()).map(async |_| {
            let metrics = Metrics::new().unwrap();
            let hub = backend.hub(&clock, metrics.hub.clone()).await;
            (metrics, hub)
        });
        let shared = join_all(starting).await;
        let hubs: Vec<_> = shared.iter().map(|(_, hub)| hub.clone()).collect();
        let mut site = Self {
            hub: hubs[0].contract(),
            hubs,
            backend: backend.clone(),
            clock,
            addresses: Vec::new(),
            gate: Gate::closed(),
            settings,
            requests: Arc::default(),
        };
        let mut started = Vec::new();
        for (metrics, hub) in shared {
            let (address, server) = site.serve(metrics, &hub).await;
            site.addresses.push(address);
            started.push(server);
        }
        (site, started)
    }

    /// The same with each server on a runtime of its own, which can be ended as a process is killed. The
    /// clock stands still unless moved.
    pub async fn mortal(setting: Setting) -> (Self, Vec<Life>) {
        let clock = Clock::manual(1_000_000);
        let backend = Backend::fresh(setting, &clock).await;
        let own = backend.hub(&clock, Metrics::new().unwrap().hub).await;
        let mut site = Self {
            hub: own.contract(),
            hubs: vec![own],
            backend,
            clock,
            addresses: Vec::new(),
            gate: Gate::closed(),
            settings: calm(echo::settings()),
            requests: Arc::default(),
        };
        let mut lives = Vec::new();
        for _ in 0..setting.servers() {
            lives.push(site.live().await);
        }
        (site, lives)
    }

    /// One server more.
    pub async fn live(&mut self) -> Life {
        let life = Life::new();
        let site = self.clone();
        let starting = life.runtime().spawn(async move {
            let metrics = Metrics::new().unwrap();
            let hub = site.backend.hub(&site.clock, metrics.hub.clone()).await;
            site.serve(metrics, &hub).await.0
        });
        self.addresses.push(starting.await.unwrap());
        life
    }

    /// Kills the server that the last request went to. If there is no other, another one is started.
    pub async fn kill_last(&mut self, lives: &mut Vec<Life>) {
        let last = self.last();
        self.addresses.remove(last);
        drop(lives.remove(last));
        if lives.is_empty() {
            lives.push(self.live().await);
        }
    }

    async fn serve(&self, metrics: Metrics, hub: &SharedHub) -> (SocketAddr, Server<Gated>) {
        let listener = listen();
        let address = listener.local_addr().unwrap();
        let pod = Pod::new(Parts {
            app: Arc::new(Gated(self.gate.clone())),
            hub: hub.contract(),
            clock: self.clock.clone(),
            settings: self.settings.clone(),
            pids: Keyring::new(&[[0; 32]]).unwrap(),
            metrics,
        });
        let started = Server::start(pod, listener, axum::Router::new()).await;
        (address, started.unwrap())
    }

    /// Never the same server twice in a row, if there are several.
    pub fn next_address(&self) -> SocketAddr {
        let request = self.requests.fetch_add(1, Ordering::Relaxed);
        self.addresses[request % self.addresses.len()]
    }

    /// The server that the last request went to.
    pub fn last(&self) -> usize {
        (self.requests.load(Ordering::Relaxed) - 1) % self.addresses.len()
    }

    /// No server has an answer from its hub until it is called with `false`.
    pub fn set_down(&self, down: bool) {
        for hub in &self.hubs {
            hub.set_down(down);
        }
    }

    /// Waits until a GET of this connection is parked somewhere.
    pub async fn parked(&self, sid: &str) {
        const GETS: u64 = 64;
        let (sid, nothing) = (Sid::new(sid), Persisted::default());
        eventually("a GET is parked", async || {
            let drains = (1..GETS)
                .map(|generation| self.hub.drain(&sid, generation, self.clock.now(), &nothing));
            let mut listening = join_all(drains).await.into_iter();
            listening.any(|listens| listens.unwrap().is_some())
        })
        .await;
    }

    /// Waits until the hub knows that this connection dies unless something comes by `in_ms`.
    pub async fn doomed(&self, sid: &str, in_ms: u64) {
        const ALL: usize = 1000;
        let sid = Sid::new(sid);
        let partition = sid.partition().unwrap();
        eventually("the connection is about to expire", async || {
            let by = self.clock.now() + in_ms;
            let expired = self.hub.expired(partition, by, ALL).await.unwrap();
            expired.connections.contains(&sid)
        })
        .await;
    }

    /// Waits until so many events wait at the gate.
    pub async fn at_the_gate(&self, events: usize) {
        eventually("events wait at the gate", async || {
            self.gate.waiting() == events
        })
        .await;
    }

    /// Waits until the connection is no longer open for polling.
    pub async fn ended(&self, sid: &str) {
        let sid = Sid::new(sid);
        eventually("the connection has ended", async || {
            !self.hub.is_polling(&sid, self.clock.now()).await.unwrap()
        })
        .await;
    }
}

/// Of a server. Without it no task goes on, and what it has open is closed.
pub struct Life(Option<Runtime>);

impl Life {
    fn new() -> Self {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build();
        Self(Some(runtime.unwrap()))
    }

    fn runtime(&self) -> &Runtime {
        self.0.as_ref().unwrap()
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        // Not waited for: that is not allowed here, and a killed process is not asked either.
        self.0.take().unwrap().shutdown_background();
    }
}

/// Accepted connections inherit the small send buffer: what is not read is soon the server's.
fn listen() -> TcpListener {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_send_buffer_size(64 * 1024).unwrap();
    socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
    socket.listen(1024).unwrap()
}

/// The same with pings hours apart.
pub fn calm(mut settings: Settings) -> Settings {
    for mount in &mut settings.mounts {
        mount.ping_interval_ms = 3_600_000;
        mount.ping_timeout_ms = 3_600_000;
    }
    settings.connect_timeout_ms = 3_600_000;
    settings
}

pub async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !holds().await {
            tokio::time::sleep(LOOK).await;
        }
    };
    assert!(
        tokio::time::timeout(LONG, waiting).await.is_ok(),
        "in vain: {what}"
    );
}
