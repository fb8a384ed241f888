//! The echo application: a server that says back what it is told, on raw Engine.IO at `/engine.io/`
//! and on Socket.IO at `/socket.io/`, with the timings that conformance suites expect.
//!
//! `cargo run --example echo -- [PORT] [--redis URL [--pods N]]` (3000 unless given).

mod front;

use std::{sync::Arc, time::Duration};

use clap::Parser;
use serde_json::{Map, Value};
use switchboard::{
    hub::{
        Hub, Limit, RecordOp, Retention,
        memory::MemoryHub,
        redis::{RedisHub, RedisSettings},
    },
    metrics::Metrics,
    model::{Clock, Entry, WorkspaceId},
    server::{
        Admission, App, Arrival, Arriving, ConnectRequest, Mount, Named, Origins, Parts, Pod,
        Proxies, Refusal, Saying, Server, Settings, Socket, Telling, Trouble, Turn, What,
        auth::Keyring,
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

    async fn arrive(
        &self,
        socket: &Socket<Self::Socket>,
        _: Arriving,
    ) -> Result<Arrival<Self::Socket>, Trouble> {
        let auth = Telling {
            event: "auth",
            payload: Value::Object(socket.state.clone()),
            offset: None,
        };
        Ok(Arrival {
            topic: None,
            say: vec![auth],
            state: None,
        })
    }

    async fn event(&self, _: &Socket<Self::Socket>, event: Event, _: Named) -> Turn<Self::Socket> {
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
        allow_eio3: false,
        origins: Origins::Any,
        proxies: Proxies::default(),
        handshakes: Limit::OFF,
        max_connections: 1000,
        arriving_max: 1000,
        connect_timeout_ms: 1000,
        ack_timeout_ms: 10_000,
        slow_timeout: Duration::from_secs(30),
        recovery_window_ms: 0,
        drain: Duration::ZERO,
        quiet: Duration::ZERO,
        pod_lease_ms: 10_000,
        sweep: Duration::from_millis(500),
    }
}

const RETENTION: Retention = Retention {
    feed_ms: 60_000,
    ended_ms: 60_000,
};

/// Says back what it is told, for suites that find out whether a server keeps to the protocols.
#[derive(Parser)]
struct Cli {
    /// Where the suites look.
    #[arg(default_value_t = 3000)]
    port: u16,
    /// Its hub is here, and not in memory.
    #[arg(long, value_name = "URL")]
    redis: Option<String>,
    /// Servers on this Redis, each with connections of its own. Every request, and every upgrade, goes to
    /// the next one.
    #[arg(long, value_name = "N", default_value_t = 1, requires = "redis", value_parser = clap::value_parser!(u8).range(1..))]
    pods: u8,
}

async fn hub(redis: Option<&str>, prefix: &str, metrics: &Metrics) -> anyhow::Result<Arc<dyn Hub>> {
    let Some(url) = redis else {
        return Ok(Arc::new(MemoryHub::new(Clock::System, RETENTION)));
    };
    let settings = RedisSettings {
        url: url.to_owned(),
        prefix: prefix.to_owned(),
        hold: Duration::from_secs(5),
        poll_hold: Duration::from_secs(5),
        retention: RETENTION,
    };
    let hub = RedisHub::connect(settings, Clock::System, metrics.hub.clone());
    Ok(Arc::new(hub.await?))
}

async fn serve(cli: &Cli, prefix: &str, listener: TcpListener) -> anyhow::Result<Server<Echo>> {
    let metrics = Metrics::new()?;
    let pod = Pod::new(Parts {
        app: Arc::new(Echo),
        hub: hub(cli.redis.as_deref(), prefix, &metrics).await?,
        clock: Clock::System,
        settings: settings(),
        pids: Keyring::new(&[[0; 32]])?,
        metrics,
    });
    Ok(Server::start(pod, listener, axum::Router::new()).await?)
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let cli = Cli::parse();
    let prefix = format!("echo-{}", uuid::Uuid::new_v4().simple());
    let listener = TcpListener::bind(("127.0.0.1", cli.port)).await?;
    let address = listener.local_addr()?;
    let mut servers = Vec::new();
    if cli.pods == 1 {
        servers.push(serve(&cli, &prefix, listener).await?);
    } else {
        let mut pods = Vec::new();
        for _ in 0..cli.pods {
            let listener = TcpListener::bind("127.0.0.1:0").await?;
            pods.push(listener.local_addr()?);
            servers.push(serve(&cli, &prefix, listener).await?);
        }
        tokio::spawn(front::take_turns(listener, pods));
    }
    println!("echo on {address}");
    tokio::signal::ctrl_c().await?;
    for server in servers {
        server.drain().await;
    }
    Ok(())
}
