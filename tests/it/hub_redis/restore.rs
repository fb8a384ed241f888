//! A Redis that has lost everything gets its open sessions back from Postgres.

use std::{sync::Arc, time::Duration};

use switchboard::{
    chat::Writer,
    history::{History, postgres::PostgresHistory},
    hub::{Attachment, Channels as _, Commits as _, Logs as _, QueueOp, redis::RedisHub},
    metrics::{HistoryMetrics, Metrics},
    model::{Clock, Partition, PodId, SessionId, WorkspaceId},
};
use tokio::time::sleep;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::support::{schema::Schema, servers::Redis};

use super::{
    place::{HOLD, Place, ask, committed, hub},
    within,
};

/// In a cluster nothing but a word of the hub wakes the writer.
const NEVER: Duration = Duration::from_secs(3600);
const LOOK: Duration = Duration::from_millis(10);
const WORKSPACES: usize = 3;
const SESSIONS: usize = 60;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p1_p7_a_wiped_redis_gets_sessions_and_queues_back_while_pods_run() {
    let redis = Redis::start(&["--appendfsync", "no"]).await;
    let schema = Schema::fresh().await;
    let pods = [
        Pod::start(&redis, &schema).await,
        Pod::start(&redis, &schema).await,
    ];
    let mut queues = Vec::new();
    for _ in 0..WORKSPACES {
        queues.push(queue_up(&pods[0].hub).await);
    }
    for round in 1..=3 {
        for (workspace, sessions) in &queues {
            pods[1].stored(workspace, sessions).await;
        }
        assert_eq!(ask(redis.url(), "FLUSHALL").await, "+OK");
        for (workspace, sessions) in &queues {
            // Whoever asks first begins the new life.
            pods[1].restored(workspace).await;
            let found = pods[1].hub.queue(workspace, SESSIONS + 1).await.unwrap();
            assert_eq!(found, *sessions);
        }
        let restored: u64 = pods.iter().map(|pod| pod.metrics.restored.get()).sum();
        // One that was put back, and of which the answer was lost, is no news the next time.
        let most = (round * WORKSPACES * SESSIONS) as u64;
        assert!(restored > 0 && restored <= most, "{restored} of {most}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p1_p7_new_pods_on_an_empty_redis_put_all_back() {
    let redis = Redis::start(&["--appendfsync", "no"]).await;
    let schema = Schema::fresh().await;
    let (workspace, sessions) = {
        let pod = Pod::start(&redis, &schema).await;
        let queue = queue_up(&pod.hub).await;
        pod.stored(&queue.0, &queue.1).await;
        queue
    };
    assert_eq!(ask(redis.url(), "FLUSHALL").await, "+OK");
    let pod = Pod::start(&redis, &schema).await;
    pod.restored(&workspace).await;
    let found = pod.hub.queue(&workspace, SESSIONS + 1).await.unwrap();
    assert_eq!(found, sessions);
}

struct Pod {
    hub: Arc<RedisHub>,
    history: Arc<PostgresHistory>,
    metrics: HistoryMetrics,
    _heard: Attachment,
    _stop: DropGuard,
}

impl Pod {
    async fn start(redis: &Redis, schema: &Schema) -> Self {
        let hub = hub(redis.url(), HOLD).await;
        let metrics = Metrics::new().unwrap().history;
        let url = schema.url();
        let history = PostgresHistory::connect(&url, metrics.clone());
        let history = Arc::new(within(history).await.unwrap());
        let (from, to) = (Arc::clone(&hub), Arc::clone(&history));
        let mut writer = Writer::new(from, to, PodId::draw(), Clock::System, metrics.clone());
        within(writer.prepare()).await.unwrap();
        // As a server does, which hears of a new life by that.
        let heard = within(hub.attach(&PodId::draw(), 1024)).await.unwrap();
        let stop = CancellationToken::new();
        tokio::spawn(writer.scanning(NEVER).run(stop.clone()));
        Self {
            hub,
            history,
            metrics,
            _heard: heard,
            _stop: stop.drop_guard(),
        }
    }

    async fn stored(&self, workspace: &WorkspaceId, sessions: &[SessionId]) {
        within(async {
            for id in sessions {
                while self.history.session(workspace, id).await.unwrap().is_none() {
                    sleep(LOOK).await;
                }
            }
        })
        .await;
    }

    async fn restored(&self, workspace: &WorkspaceId) {
        within(async {
            let epoch = self.hub.top(workspace).await.unwrap().epoch;
            let known = (Partition::of(workspace), epoch);
            while !self.history.restored().await.unwrap().contains(&known) {
                sleep(LOOK).await;
            }
        })
        .await;
    }
}

/// Sessions of a workspace of its own, whose ids are in another order than their places.
async fn queue_up(hub: &RedisHub) -> (WorkspaceId, Vec<SessionId>) {
    let workspace = Place::new().workspace;
    let mut sessions = Vec::new();
    for _ in 0..SESSIONS {
        let place = Place {
            workspace: workspace.clone(),
            ..Place::new()
        };
        let mut starts = place.starts();
        starts.queue = Some(QueueOp::Enter);
        committed(hub.commit(starts).await);
        sessions.push(place.session);
    }
    (workspace, sessions)
}
