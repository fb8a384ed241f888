//! Who leaves while the hub is away.

use std::sync::Arc;

use serde_json::json;
use switchboard::{
    chat::{Chat, ChatSettings, Rates},
    config::Ack,
    history::sqlite::SqliteHistory,
    hub::{Limit, Logs as _, Retention, Since, memory::MemoryHub},
    metrics::Metrics,
    model::{Clock, OperatorId, WorkspaceId},
    relay::Relay,
    server::{
        Parts, Pod, Server, Settings,
        auth::{Keyring, OperatorClaims, Role},
    },
};
use tokio::{net::TcpListener, time::Duration};

use crate::{
    bad_input::client::{Client, Way},
    process::server::LONG,
    support::folder::Folder,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p9_who_leaves_while_the_hub_is_away_has_left() {
    let folder = Folder::fresh();
    let (clock, metrics) = (Clock::System, Metrics::new().unwrap());
    let retention = Retention {
        feed_ms: 60_000,
        ended_ms: 60_000,
    };
    let hub = Arc::new(MemoryHub::new(clock.clone(), retention));
    let history = SqliteHistory::open(folder.path(), metrics.history.clone()).unwrap();
    let chat = Chat::new(
        hub.clone(),
        Arc::new(history),
        clock.clone(),
        settings(),
        metrics.chat.clone(),
    );
    let keys = || Keyring::new(&[[0; 32]]).unwrap();
    let relay = Relay {
        chat: Arc::new(chat),
        clock: clock.clone(),
        jwt: keys(),
        signing: keys(),
        ack: Ack::Accepted,
    };
    let pod = Pod::new(Parts {
        app: Arc::new(relay),
        hub: hub.clone(),
        clock: clock.clone(),
        settings: Settings {
            pod_lease_ms: 900,
            ..crate::engine::echo_settings()
        },
        pids: keys(),
        metrics: metrics.clone(),
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let _server = Server::start(pod, listener, axum::Router::new())
        .await
        .unwrap();
    let claims = OperatorClaims {
        sub: OperatorId::new("a"),
        name: "Ann".into(),
        workspace: WorkspaceId::new("default"),
        role: Role::Agent,
        iat: 0,
        exp: clock.now() / 1000 + 3600,
    };
    let auth = json!({ "token": keys().sign(&claims).unwrap() });
    let operator = Client::join(address, Way::WebSocket, "/", &auth).await;
    let here = async || {
        let found = hub.operators(&WorkspaceId::new("default")).await;
        found.unwrap().len()
    };
    assert_eq!(here().await, 1);

    hub.faults().set_down(true);
    drop(operator);
    let closed = metrics.server.closed.clone();
    let gone = async || {
        let open = metrics.server.connections.with_label_values(&["websocket"]);
        while open.get() != 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(LONG, gone()).await.unwrap();
    drop(closed);
    // As long as a hub may well be away.
    tokio::time::sleep(Duration::from_secs(1)).await;
    hub.faults().set_down(false);
    let left = async {
        while here().await != 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let left = tokio::time::timeout(LONG, left).await;
    assert!(left.is_ok(), "its sessions are never given back");
}

fn settings() -> ChatSettings {
    ChatSettings {
        max_text: 100,
        workspaces: Vec::new(),
        reuse_by_email: true,
        reuse_window_ms: 10_000,
        reuse_since: Since::Activity,
        operator_grace_ms: 1000,
        presence_look_ms: 1000,
        transfer_timeout_ms: 1000,
        rates: Rates {
            guest: Limit::OFF,
            operator: Limit::OFF,
            start: Limit::OFF,
        },
    }
}
