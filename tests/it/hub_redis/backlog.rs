//! What waits to be stored, and what is to be forgotten, in numbers.

use std::sync::Arc;

use switchboard::{
    hub::{Commits as _, Ingest as _, Logs as _, redis::RedisHub},
    metrics::Metrics,
    model::{Clock, EntryId, SessionId, Status},
};
use uuid::Uuid;

use crate::support::servers::Redis;

use super::{
    place::{HOLD, Place, ask, committed, hub, settings},
    within,
};

const START: u64 = 1_800_000_000_000;
/// More than are forgotten at a time.
const OLD: usize = 1_100;
/// Longer than the sessions of a test are kept.
const LATER_MS: u64 = 700_000;
/// Messages that wait to be stored.
const WAITING: usize = 3_000;
const MEASURED: u64 = 500;

/// As those of an outage, which have all become old meanwhile. They do not wait for a look a minute each.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p8_all_that_is_old_is_forgotten_with_a_few_announcements() {
    let redis = Redis::start(&["--appendfsync", "no"]).await;
    let clock = Clock::manual(START);
    let hub = on(&redis, &clock).await;
    let place = Place::started(&hub).await;
    let mut old = Vec::new();
    for _ in 0..OLD {
        let one = Place {
            workspace: place.workspace.clone(),
            session: SessionId::new(Uuid::new_v4().to_string()),
        };
        let mut starts = one.starts();
        starts.set.create.as_mut().unwrap().status = Status::Ended;
        committed(hub.commit(starts).await);
        old.push(one.session);
    }
    clock.advance(LATER_MS);
    for _ in 0..=OLD / 500 {
        let top = place.say(&hub, "later").await;
        hub.set_persisted(place.partition(), top).await.unwrap();
    }
    for session in &old {
        assert_eq!(hub.session(&place.workspace, session).await, Ok(None));
    }
    assert!(
        hub.session(&place.workspace, &place.session)
            .await
            .unwrap()
            .is_some()
    );
}

/// Stored, and nothing new comes: a Redis that is full takes nothing until some of it has gone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p8_what_is_stored_grows_old_though_nothing_new_is_stored() {
    let redis = Redis::start(&["--appendfsync", "no"]).await;
    let clock = Clock::manual(START);
    let hub = on(&redis, &clock).await;
    let place = Place::started(&hub).await;
    let top = place.say(&hub, "stored").await;
    hub.set_persisted(place.partition(), top).await.unwrap();
    let held = async || {
        hub.forget(place.partition()).await.unwrap();
        let unread = hub.ingest(place.partition(), EntryId::ZERO, 10).await;
        unread.unwrap().entries.len()
    };
    assert_eq!(held().await, 2, "a writer that takes over reads them again");
    clock.advance(LATER_MS);
    place.say(&hub, "waits").await;
    assert_eq!(held().await, 1);
    clock.advance(LATER_MS);
    assert_eq!(held().await, 1, "what is not stored stays");
    let persisted = hub.persisted().await.unwrap();
    assert_eq!(persisted.get(place.partition()), top);
}

async fn on(redis: &Redis, clock: &Clock) -> Arc<RedisHub> {
    let metrics = Metrics::new().unwrap();
    let hub = RedisHub::connect(settings(redis.url(), HOLD), clock.clone(), metrics.hub);
    Arc::new(within(hub).await.unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p12_a_commit_costs_little_more_with_a_backlog() {
    let redis = Redis::start(&["--appendfsync", "no"]).await;
    let hub = hub(redis.url(), HOLD).await;
    let place = Place::started(&hub).await;
    let mut top = place.say(&hub, "first").await;
    for _ in 0..1_000 {
        top = place.say(&hub, "stored").await;
    }
    hub.set_persisted(place.partition(), top).await.unwrap();
    let stored = cost(&redis, &hub, &place).await;
    for _ in 0..WAITING {
        place.say(&hub, "waits").await;
    }
    let waiting = cost(&redis, &hub, &place).await;
    println!("commands and microseconds of a commit: {stored:?}, with a backlog {waiting:?}");
    assert!(waiting.0 <= stored.0 + 6, "{waiting:?} after {stored:?}");
}

/// Commands within a commit, and the time of the whole, in microseconds.
async fn cost(redis: &Redis, hub: &RedisHub, place: &Place) -> (u64, u64) {
    ask(redis.url(), "CONFIG RESETSTAT").await;
    for _ in 0..MEASURED {
        place.say(hub, "measured").await;
    }
    let info = ask(redis.url(), "INFO commandstats").await;
    let (mut commands, mut micros) = (0, 0);
    for line in info
        .lines()
        .filter_map(|line| line.strip_prefix("cmdstat_"))
    {
        let (name, figures) = line.split_once(':').unwrap();
        let figure = |name: &str| -> u64 {
            let mut figures = figures.split(',').filter_map(|it| it.split_once('='));
            figures.find(|it| it.0 == name).unwrap().1.parse().unwrap()
        };
        match name {
            "evalsha" => micros = figure("usec"),
            "config|resetstat" | "info" | "hello" | "auth" | "client|setinfo" => {}
            _ => commands += figure("calls"),
        }
    }
    (commands / MEASURED, micros / MEASURED)
}
