//! Another primary takes over that had missed the newest entries, and whose clock is behind.

use std::{sync::Arc, time::Duration};

use switchboard::{
    chat::Writer,
    history::{History, postgres::PostgresHistory, sqlite::SqliteHistory},
    hub::{Ingest as _, redis::RedisHub},
    metrics::{HistoryMetrics, Metrics},
    model::{Clock, PodId},
};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::support::{folder::Folder, schema::Schema, servers::Redis};

use super::{
    place::{ALL, HOLD, Place, ask, settings},
    within,
};

const START: u64 = 1_800_000_000_000;
/// Of the writer, rarely: what it is about happens between two.
const SCAN: Duration = Duration::from_secs(3);
/// Between two looks at what is stored.
const LOOK: Duration = Duration::from_millis(20);

const MISSED: [&str; 2] = ["missed by the replica", "this as well"];
const BELOW: [&str; 2] = ["below the cursor", "still below"];
const ABOVE: [&str; 2] = ["above it", "and on"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p1_what_a_lagging_primary_takes_is_stored() {
    let (folder, metrics) = (Folder::fresh(), history_metrics());
    let history = SqliteHistory::open(folder.path(), metrics.clone()).unwrap();
    lagging_primary(Arc::new(history), metrics).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p1_what_a_lagging_primary_takes_is_stored_in_postgres_once_and_in_order() {
    let (schema, metrics) = (Schema::fresh().await, history_metrics());
    let url = schema.url();
    let history = PostgresHistory::connect(&url, metrics.clone());
    let history = within(history).await.unwrap();
    let all = lagging_primary(Arc::new(history), metrics).await;
    // The rows themselves, whatever a page of them may hide.
    let database = schema.client().await;
    let rows = "SELECT text FROM messages ORDER BY entry_ms, entry_seq";
    let mut texts: Vec<String> = Vec::new();
    for row in database.query(rows, &[]).await.unwrap() {
        texts.push(row.get("text"));
    }
    assert_eq!(texts, all);
    let refused = database.query("SELECT 1 FROM poison", &[]).await.unwrap();
    assert!(refused.is_empty());
}

/// Resolves with what is stored in the end.
async fn lagging_primary(history: Arc<dyn History>, metrics: HistoryMetrics) -> Vec<String> {
    let redis = Redis::start(&["--appendfsync", "no", "--enable-debug-command", "local"]).await;
    let clock = Clock::manual(START);
    let before = pod(&redis, clock.clone()).await;
    let place = Place::started(&before).await;
    ask(redis.url(), "SAVE").await;
    clock.advance(2_000);
    place.say(&before, MISSED[0]).await;
    let cursor = place.say(&before, MISSED[1]).await;

    let (hub, stop) = (Arc::clone(&before), CancellationToken::new());
    let to = Arc::clone(&history);
    let writer = Writer::new(hub, to, PodId::draw(), clock, metrics);
    let writer = tokio::spawn(writer.scanning(SCAN).run(stop.clone()));
    stored(&*history, &place, &[MISSED]).await;
    let partition = place.partition();
    within(async {
        while before.persisted().await.unwrap().get(partition) < cursor {
            sleep(LOOK).await;
        }
    })
    .await;

    ask(redis.url(), "DEBUG RELOAD NOSAVE").await;
    let after = pod(&redis, Clock::manual(START + 500)).await;
    for text in BELOW {
        place.say(&after, text).await;
    }
    stored(&*history, &place, &[MISSED, BELOW]).await;
    for text in ABOVE {
        assert!(place.say(&after, text).await > cursor, "{text}");
    }
    let all = stored(&*history, &place, &[MISSED, BELOW, ABOVE]).await;
    assert!(all.ends_with(&ABOVE.map(str::to_owned)), "{all:?}");
    stop.cancel();
    writer.await.unwrap();
    all
}

/// All of these, each once and those of a primary in its order; resolves with them as they are ordered. What the
/// lagging one says is before what it has missed, unless a scan was faster and has raised the ids.
async fn stored(history: &dyn History, place: &Place, said: &[[&str; 2]]) -> Vec<String> {
    let (workspace, session) = (&place.workspace, &place.session);
    let read = async || {
        let read = history.messages_before(workspace, session, u64::MAX, ALL);
        let newest_first = read.await.unwrap().into_iter().rev();
        let texts = newest_first.map(|it| it.message.content.text().to_owned());
        texts.collect::<Vec<_>>()
    };
    let all = async {
        loop {
            let found = read().await;
            if found.len() >= said.concat().len() {
                return found;
            }
            sleep(LOOK).await;
        }
    };
    let found = within(all).await;
    assert_eq!(found.len(), said.concat().len(), "{found:?}");
    for group in said {
        let those = found.iter().filter(|text| group.contains(&text.as_str()));
        assert!(those.eq(group), "{found:?}");
    }
    found
}

fn history_metrics() -> HistoryMetrics {
    Metrics::new().unwrap().history
}

async fn pod(redis: &Redis, clock: Clock) -> Arc<RedisHub> {
    let metrics = Metrics::new().unwrap();
    let hub = RedisHub::connect(settings(redis.url(), HOLD), clock, metrics.hub);
    Arc::new(within(hub).await.unwrap())
}
