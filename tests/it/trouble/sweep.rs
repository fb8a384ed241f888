//! What is due may take long: nothing else waits for it.

use std::sync::Arc;

use switchboard::{
    hub::{
        Beat, Commit, Commits as _, Connections as _, Deadline, DeadlineOp, Guard, NewConnection,
        RecordOp, Retention, memory::MemoryHub,
    },
    metrics::Metrics,
    model::{Clock, DedupId, Entry, Partition, Sid, WorkspaceId},
    server::{
        Admission, App, Arrival, Arriving, ConnectRequest, Named, Parts, Pod, Refusal, Server,
        Socket, Telling, Trouble, Turn, auth::Keyring,
    },
    wire::socket::Event,
};
use tokio::{net::TcpListener, sync::Notify};

use crate::process::server::LONG;

/// Whose effects wait for a history that does not answer.
#[derive(Default)]
struct Stuck(Notify);

impl App for Stuck {
    type Socket = ();
    type Class = ();

    const RECOVERY: bool = false;

    async fn connect(&self, _: ConnectRequest<'_>) -> Result<Admission<()>, Refusal> {
        Err(Refusal::Trouble)
    }

    async fn arrive(&self, _: &Socket<()>, _: Arriving) -> Result<Arrival<Self::Socket>, Trouble> {
        Err(Trouble)
    }

    async fn event(&self, _: &Socket<()>, _: Event, _: Named) -> Turn<()> {
        Turn::default()
    }

    async fn gone(&self, _: &Socket<()>, _: Option<RecordOp>) -> Result<bool, Trouble> {
        Ok(false)
    }

    async fn due(&self, _: Deadline) {
        self.0.notify_one();
        std::future::pending().await
    }

    fn class(&self, (): &()) {}

    fn encode(&self, (): (), _: &Entry) -> Vec<Telling> {
        Vec::new()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p11_connections_end_while_something_due_takes_long() {
    let clock = Clock::manual(1_000_000);
    let retention = Retention {
        feed_ms: 60_000,
        ended_ms: 60_000,
    };
    let hub = Arc::new(MemoryHub::new(clock.clone(), retention));
    let app = Arc::new(Stuck::default());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let pod = Pod::new(Parts {
        app: Arc::clone(&app),
        hub: hub.clone(),
        clock: clock.clone(),
        settings: crate::engine::echo_settings(),
        pids: Keyring::new(&[[0; 32]]).unwrap(),
        metrics: Metrics::new().unwrap(),
    });
    let server = Server::start(pod, listener, axum::Router::new())
        .await
        .unwrap();
    let mut commit = Commit::new(
        WorkspaceId::new("default"),
        None,
        DedupId::draw(),
        Guard::Any,
    );
    commit.deadlines = vec![DeadlineOp::Set {
        name: "requeue:a".into(),
        at: clock.now(),
        only_on: None,
    }];
    hub.commit(commit).await;
    tokio::time::timeout(LONG, app.0.notified()).await.unwrap();

    let sid = Sid::draw(Partition::random());
    let open = NewConnection {
        sid: sid.clone(),
        state: bytes::Bytes::new(),
        beat: Beat {
            ping_at: clock.now(),
            sent: false,
            expires_at: clock.now(),
        },
    };
    hub.open(open).await.unwrap();
    let ended = async {
        let closed = &server.pod().metrics.closed;
        let labels = ["polling", "ping timeout"];
        while closed.with_label_values(&labels).get() == 0 {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    };
    let ended = tokio::time::timeout(LONG, ended).await;
    assert!(ended.is_ok(), "its time had run out");
}
