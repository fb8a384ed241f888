//! Another primary takes over that had missed the newest entries, and whose clock is behind.

use std::{sync::Arc, time::Duration};

use switchboard::{
    chat::Writer,
    history::{History, sqlite::SqliteHistory},
    hub::{Ingest as _, redis::RedisHub},
    metrics::Metrics,
    model::{Clock, PodId},
};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::support::{folder::Folder, servers::Redis};

use super::{
    place::{ALL, HOLD, Place, ask, settings},
    within,
};

const START: u64 = 1_800_000_000_000;
/// Of the writer, rarely: what it is about happens between two.
const SCAN: Duration = Duration::from_secs(3);
/// Between two looks at what is stored.
const LOOK: Duration = Duration::from_millis(20);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p1_what_a_lagging_primary_takes_is_stored() {
    let redis = Redis::start(&["--appendfsync", "no", "--enable-debug-command", "local"]).await;
    let (clock, metrics) = (Clock::manual(START), Metrics::new().unwrap());
    let before = pod(&redis, clock.clone()).await;
    let place = Place::started(&before).await;
    ask(redis.url(), "SAVE").await;
    clock.advance(2_000);
    let cursor = place.say(&before, "missed by the replica").await;

    let folder = Folder::fresh();
    let history = SqliteHistory::open(folder.path(), metrics.history.clone()).unwrap();
    let history: Arc<dyn History> = Arc::new(history);
    let (hub, stop) = (Arc::clone(&before), CancellationToken::new());
    let writer = Writer::new(
        hub,
        Arc::clone(&history),
        PodId::draw(),
        clock,
        metrics.history,
    );
    let writer = tokio::spawn(writer.scanning(SCAN).run(stop.clone()));
    let stored = async |texts: &[&str]| {
        let all = async {
            loop {
                let (workspace, session) = (&place.workspace, &place.session);
                let read = history.messages_before(workspace, session, u64::MAX, ALL);
                let read = read.await.unwrap();
                let found: Vec<_> = read.iter().map(|it| it.message.content.text()).collect();
                if found == texts {
                    return;
                }
                sleep(LOOK).await;
            }
        };
        within(all).await;
    };
    stored(&["missed by the replica"]).await;
    let partition = place.partition();
    within(async {
        while before.persisted().await.unwrap().get(partition) < cursor {
            sleep(LOOK).await;
        }
    })
    .await;

    ask(redis.url(), "DEBUG RELOAD NOSAVE").await;
    let after = pod(&redis, Clock::manual(START + 500)).await;
    // Unless a scan has been faster, and has raised the ids: that is as good.
    place.say(&after, "below the cursor").await;
    stored(&["missed by the replica", "below the cursor"]).await;
    assert!(place.say(&after, "above it").await > cursor);
    stop.cancel();
    writer.await.unwrap();
}

async fn pod(redis: &Redis, clock: Clock) -> Arc<RedisHub> {
    let metrics = Metrics::new().unwrap();
    let hub = RedisHub::connect(settings(redis.url(), HOLD), clock, metrics.hub);
    Arc::new(within(hub).await.unwrap())
}
