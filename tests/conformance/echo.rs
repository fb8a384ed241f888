//! The echo application: a server that says back what it is told, on raw Engine.IO at `/engine.io/`
//! and on Socket.IO at `/socket.io/`, with the timings that conformance suites expect.
//!
//! `cargo run --example echo -- [PORT]` (3000 unless given).

use std::{sync::Arc, time::Duration};

use serde_json::{Map, Value};
use switchboard::{
    hub::{Limit, RecordOp, Retention, memory::MemoryHub},
    metrics::Metrics,
    model::{Clock, DedupId, Entry, WorkspaceId},
    server::{
        Admission, App, Arrival, Arriving, ConnectRequest, Mount, Origins, Parts, Pod, Proxies,
        Refusal, Saying, Server, Settings, Socket, Telling, Trouble, Turn, What, auth::Keyring,
    },
    wire::{
        engine::Message,
        socket::{Ack, Event, Kind},
    },
};
use tokio::net::TcpListener;

/// Says back what it is told; two namespaces, no recovery.
pub struct Echo;

impl App for Echo {
    /// The auth object of the CONNECT.
    type Socket = Map<String, Value>;
    type Class = ();

    const RECOVERY: bool = false;

    async fn connect(
        &self,
        request: ConnectRequest<'_>,
    ) -> Result<Admission<Self::Socket>, Refusal> {
        if !matches!(request.nsp, "/" | "/custom") {
            return Err(Refusal::Denied {
                message: "Invalid namespace".into(),
                data: None,
            });
        }
        let workspace = WorkspaceId::new("default");
        Ok(Admission {
            state: request.auth.clone(),
            workspace,
            subject: None,
            log: None,
        })
    }

    async fn arrive(&self, socket: &Socket<Self::Socket>, _: Arriving) -> Result<Arrival, Trouble> {
        let auth = Telling {
            event: "auth",
            payload: Value::Object(socket.state.clone()),
            offset: None,
        };
        Ok(Arrival {
            topic: None,
            say: vec![auth],
        })
    }

    async fn event(
        &self,
        _: &Socket<Self::Socket>,
        event: Event,
        _: DedupId,
    ) -> Turn<Self::Socket> {
        let Event {
            name,
            args,
            id,
            attachments,
            replaced,
        } = event;
        let kind = match (name.as_str(), id) {
            (Some("message-with-ack"), Some(id)) => Some(Kind::Ack(Ack {
                id,
                args,
                attachments,
            })),
            (Some("message"), _) => Some(Kind::Event(Event {
                name: "message-back".into(),
                args,
                id: None,
                attachments,
                replaced,
            })),
            _ => None,
        };
        let say = kind.into_iter().map(|kind| Saying {
            what: What::Packet(kind),
            wait: None,
        });
        Turn {
            say: say.collect(),
            ..Turn::default()
        }
    }

    async fn gone(&self, _: &Socket<Self::Socket>, _: Option<RecordOp>) -> Result<bool, Trouble> {
        Ok(false)
    }

    fn class(&self, _: &Self::Socket) {}

    fn encode(&self, (): (), _: &Entry) -> Vec<Telling> {
        Vec::new()
    }

    fn raw(&self, message: Message) -> Option<Message> {
        Some(message)
    }
}

/// What the suites expect of the server.
pub fn settings() -> Settings {
    let mount = |path: &str, raw| Mount {
        path: path.into(),
        ping_interval_ms: 300,
        ping_timeout_ms: 200,
        upgrade_timeout_ms: 10_000,
        max_payload: 1_000_000,
        raw,
    };
    Settings {
        mounts: vec![mount("/engine.io/", true), mount("/socket.io/", false)],
        origins: Origins::Any,
        proxies: Proxies::default(),
        handshakes: Limit::OFF,
        max_connections: 1000,
        connect_timeout_ms: 1000,
        ack_timeout_ms: 10_000,
        slow_timeout: Duration::from_secs(30),
        recovery_window_ms: 0,
        drain: Duration::ZERO,
        pod_lease_ms: 10_000,
        sweep: Duration::from_millis(500),
    }
}

/// One server object on a hub that several may share.
pub async fn serve(hub: Arc<MemoryHub>, listener: TcpListener) -> anyhow::Result<Server<Echo>> {
    let pod = Pod::new(Parts {
        app: Arc::new(Echo),
        hub,
        clock: Clock::System,
        settings: settings(),
        pids: Keyring::new(&[[0; 32]])?,
        metrics: Metrics::new()?,
    });
    Ok(Server::start(pod, listener, axum::Router::new()).await?)
}

pub fn hub() -> Arc<MemoryHub> {
    Arc::new(MemoryHub::new(
        Clock::System,
        Retention {
            feed_ms: 60_000,
            ended_ms: 60_000,
        },
    ))
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let port: u16 = std::env::args()
        .nth(1)
        .map_or(Ok(3000), |port| port.parse())?;
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    println!("echo on {}", listener.local_addr()?);
    let server = serve(hub(), listener).await?;
    tokio::signal::ctrl_c().await?;
    server.drain().await;
    Ok(())
}
