//! Servers to test: the echo application behind a gate, on one server object or several that share
//! a hub.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use serde_json::{Map, Value};
use switchboard::{
    hub::{Connections, Persisted, RecordOp, Retention, memory::MemoryHub},
    metrics::Metrics,
    model::{Clock, DedupId, Entry, Sid},
    server::{
        Admission, App, Arrival, Arriving, ConnectRequest, Parts, Pod, Refusal, Server, Settings,
        Socket, Telling, Trouble, Turn, auth::Keyring,
    },
    wire::{engine::Message, socket::Event},
};
use tokio::{
    net::{TcpListener, TcpSocket},
    sync::Semaphore,
};

use super::echo::{self, Echo};

/// Longer than anything here takes. Only a test that fails waits so long.
pub const LONG: Duration = Duration::from_secs(5);

/// Between two looks at something that cannot be awaited.
const LOOK: Duration = Duration::from_millis(2);

/// Server objects with one hub.
#[derive(Clone)]
pub struct Site {
    pub hub: Arc<MemoryHub>,
    pub clock: Clock,
    pub addresses: Vec<SocketAddr>,
    pub gate: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
    pub settings: Settings,
    requests: Arc<AtomicUsize>,
}

pub type Servers = Vec<Server<Gated>>;

impl Site {
    /// Pings are far away, for tests that are about something else.
    pub async fn calm(servers: usize) -> Self {
        Self::with(servers, Clock::System, calm(echo::settings()))
            .await
            .0
    }

    /// The timings of the conformance suites: 300 ms and 200 ms.
    pub async fn quick(servers: usize) -> Self {
        Self::with(servers, Clock::System, echo::settings()).await.0
    }

    /// Those timings on a clock that stands still unless moved.
    pub async fn still(servers: usize) -> Self {
        Self::with(servers, Clock::manual(1_000_000), echo::settings())
            .await
            .0
    }

    /// Neither pings nor the passing of time.
    pub async fn still_and_calm(servers: usize) -> Self {
        let clock = Clock::manual(1_000_000);
        Self::with(servers, clock, calm(echo::settings())).await.0
    }

    pub async fn with(servers: usize, clock: Clock, settings: Settings) -> (Self, Servers) {
        let retention = Retention {
            feed_ms: 60_000,
            ended_ms: 60_000,
        };
        let mut site = Self {
            hub: Arc::new(MemoryHub::new(clock.clone(), retention)),
            clock,
            addresses: Vec::new(),
            gate: Arc::new(Semaphore::new(0)),
            waiting: Arc::default(),
            settings,
            requests: Arc::default(),
        };
        let mut started = Vec::new();
        for _ in 0..servers {
            let listener = listen();
            site.addresses.push(listener.local_addr().unwrap());
            started.push(site.serve(listener).await);
        }
        (site, started)
    }

    async fn serve(&self, listener: TcpListener) -> Server<Gated> {
        let app = Gated {
            gate: Arc::clone(&self.gate),
            waiting: Arc::clone(&self.waiting),
        };
        let hub: Arc<MemoryHub> = Arc::clone(&self.hub);
        let pod = Pod::new(Parts {
            app: Arc::new(app),
            hub,
            clock: self.clock.clone(),
            settings: self.settings.clone(),
            pids: Keyring::new(&[[0; 32]]).unwrap(),
            metrics: Metrics::new().unwrap(),
        });
        Server::start(pod, listener, axum::Router::new())
            .await
            .unwrap()
    }

    /// Never the same server twice in a row, if there are several.
    pub fn next_address(&self) -> SocketAddr {
        let request = self.requests.fetch_add(1, Ordering::Relaxed);
        self.addresses[request % self.addresses.len()]
    }

    /// Waits until a GET of this connection is parked somewhere.
    pub async fn parked(&self, sid: &str) {
        const GETS: u64 = 64;
        let sid = Sid::new(sid);
        eventually("a GET is parked", async || {
            for generation in 1..GETS {
                let nothing = Persisted::default();
                let listens = self
                    .hub
                    .drain(&sid, generation, self.clock.now(), &nothing)
                    .await;
                if listens.unwrap().is_some() {
                    return true;
                }
            }
            false
        })
        .await;
    }

    /// Waits until the hub knows that this connection dies unless something comes by `in_ms`.
    pub async fn doomed(&self, sid: &str, in_ms: u64) {
        let sid = Sid::new(sid);
        let partition = sid.partition().unwrap();
        eventually("the connection is about to expire", async || {
            let expired = self
                .hub
                .expired(partition, self.clock.now() + in_ms, usize::MAX)
                .await
                .unwrap();
            expired.connections.contains(&sid)
        })
        .await;
    }

    /// Waits until so many events wait at the gate.
    pub async fn at_the_gate(&self, events: usize) {
        eventually("events wait at the gate", async || {
            self.waiting.load(Ordering::Acquire) == events
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

/// The echo application, where an event `message` whose first argument is `"gated"` waits for a
/// permit of the gate.
pub struct Gated {
    gate: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
}

impl App for Gated {
    type Socket = Map<String, Value>;
    type Class = ();

    const RECOVERY: bool = false;

    async fn connect(
        &self,
        request: ConnectRequest<'_>,
    ) -> Result<Admission<Self::Socket>, Refusal> {
        Echo.connect(request).await
    }

    async fn arrive(
        &self,
        socket: &Socket<Self::Socket>,
        arriving: Arriving,
    ) -> Result<Arrival, Trouble> {
        Echo.arrive(socket, arriving).await
    }

    async fn event(
        &self,
        socket: &Socket<Self::Socket>,
        event: Event,
        dedup: DedupId,
    ) -> Turn<Self::Socket> {
        if event.args.first().and_then(Value::as_str) == Some("gated") {
            self.waiting.fetch_add(1, Ordering::AcqRel);
            self.gate.acquire().await.unwrap().forget();
            self.waiting.fetch_sub(1, Ordering::AcqRel);
        }
        Echo.event(socket, event, dedup).await
    }

    async fn gone(&self, _: &Socket<Self::Socket>, _: Option<RecordOp>) -> Result<bool, Trouble> {
        Ok(false)
    }

    fn class(&self, _: &Self::Socket) {}

    fn encode(&self, (): (), _: &Entry) -> Vec<Telling> {
        Vec::new()
    }

    fn raw(&self, message: Message) -> Option<Message> {
        Echo.raw(message)
    }
}
