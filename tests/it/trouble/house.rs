//! The relay on a hub in memory that gets into trouble on demand.

use std::{net::SocketAddr, sync::Arc};

use serde_json::{Value, json};
use switchboard::{
    chat::{Chat, ChatParts, ChatSettings, Directory, Rates},
    config::Ack,
    files::{self, FileParts, FileSettings, Files, StorePlace},
    history::sqlite::SqliteHistory,
    hub::{Limit, Logs as _, Retention, Since, memory::MemoryHub},
    metrics::{HubMetrics, Metrics, ServerMetrics},
    model::{Clock, OperatorId, Role, WorkspaceId, WorkspaceSet},
    relay::{Namespaces, Relay, Vocabularies},
    server::{
        Parts, Pod, Server, Settings,
        auth::{Foreign, Keyring, OperatorClaims, Verifier},
    },
};
use tokio::{
    net::TcpListener,
    time::{Duration, sleep, timeout},
};

use crate::{
    bad_input::client::{Client, Way},
    process::server::{LONG, LOOK},
    support::folder::Folder,
};

pub const LEASE: Duration = Duration::from_millis(900);

pub struct House {
    pub hub: Arc<MemoryHub>,
    pub address: SocketAddr,
    pub metrics: ServerMetrics,
    pub hub_metrics: HubMetrics,
    _server: Server<Relay>,
    _folder: Folder,
}

impl House {
    pub async fn open() -> Self {
        Self::with(Settings {
            pod_lease_ms: u64::try_from(LEASE.as_millis()).unwrap(),
            recovery_window_ms: 60_000,
            ..crate::engine::echo_settings()
        })
        .await
    }

    pub async fn with(settings: Settings) -> Self {
        Self::at(Clock::System, settings).await
    }

    /// With the time that the test makes it.
    pub async fn at(clock: Clock, settings: Settings) -> Self {
        let (folder, metrics) = (Folder::fresh(), Metrics::new().unwrap());
        let retention = Retention {
            feed_ms: 60_000,
            ended_ms: 60_000,
        };
        let hub = Arc::new(MemoryHub::new(clock.clone(), retention));
        let history = SqliteHistory::open(folder.path(), metrics.history.clone()).unwrap();
        let history = Arc::new(history);
        let (directory, _) = Directory::new(history.clone(), Vec::new(), metrics.chat.clone());
        let directory = Arc::new(directory);
        let chat = Chat::new(ChatParts {
            hub: hub.clone(),
            history,
            directory: directory.clone(),
            clock: clock.clone(),
            settings: chat_settings(),
            metrics: metrics.chat.clone(),
        });
        let files = Files::new(FileParts {
            store: files::open(&StorePlace::Folder(folder.path().join("files"))).unwrap(),
            keys: keys(),
            clock: clock.clone(),
            settings: FileSettings {
                public_url: String::new(),
                max_guest: 1000,
                max_staff: 1000,
                kinds: Vec::new(),
                url_life_seconds: 60,
            },
            metrics: metrics.files.clone(),
        });
        let relay = Relay {
            files: Arc::new(files),
            chat: Arc::new(chat),
            directory,
            clock: clock.clone(),
            operators: Arc::new(Verifier::new(
                Some(keys()),
                Foreign::default(),
                metrics.server.clone(),
            )),
            signing: keys(),
            ack: Ack::Accepted,
            vocabularies: Vocabularies::default(),
            namespaces: Namespaces::default(),
            strict: WorkspaceSet::default(),
            join_timeout_ms: 30_000,
        };
        let pod = Pod::new(Parts {
            app: Arc::new(relay),
            hub: hub.clone(),
            clock,
            settings,
            pids: keys(),
            metrics: metrics.clone(),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = Server::start(pod, listener, axum::Router::new());
        Self {
            hub,
            address,
            metrics: metrics.server,
            hub_metrics: metrics.hub,
            _server: server.await.unwrap(),
            _folder: folder,
        }
    }

    /// On a WebSocket.
    pub async fn operator(&self, id: &str) -> Client {
        Client::join(self.address, Way::WebSocket, "/", &Self::auth(id)).await
    }

    /// What an operator connects with.
    pub fn auth(id: &str) -> Value {
        let claims = OperatorClaims {
            sub: OperatorId::new(id),
            name: id.into(),
            workspace: workspace(),
            role: Role::Agent,
            iat: 0,
            exp: Clock::System.now() / 1000 + 3600,
        };
        json!({ "token": keys().sign(&claims).unwrap() })
    }

    pub async fn operators(&self) -> usize {
        self.hub.operators(&workspace()).await.unwrap().len()
    }

    pub fn websockets(&self) -> i64 {
        let connections = &self.metrics.connections;
        connections.with_label_values(&["websocket"]).get()
    }
}

pub fn workspace() -> WorkspaceId {
    WorkspaceId::new("default")
}

pub async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !holds().await {
            sleep(LOOK).await;
        }
    };
    assert!(timeout(LONG, waiting).await.is_ok(), "in vain: {what}");
}

fn keys() -> Keyring {
    Keyring::new(&[[0; 32]]).unwrap()
}

fn chat_settings() -> ChatSettings {
    ChatSettings {
        max_text: 100,
        strip_tags: WorkspaceSet::default(),
        reuse_by_email: true,
        reuse_window_ms: 10_000,
        reuse_since: Since::Activity,
        operator_grace_ms: 1000,
        guest_grace_ms: 60_000,
        presence_look_ms: 1000,
        transfer_timeout_ms: 1000,
        rates: Rates {
            guest: Limit::OFF,
            operator: Limit::OFF,
            start: Limit::OFF,
            upload: Limit::OFF,
        },
    }
}
