//! A Redis that is away: killed and started again, or stopped and resumed.

use std::{sync::Arc, time::Duration};

use switchboard::hub::{Commits as _, Logs as _, Outcome};
use tokio::time::{Instant, sleep};

use crate::support::servers::Redis;

use super::{
    load::{Load, assert_once_each},
    place::{HOLD, Place, committed, hub},
    reader::Reader,
    within,
};

/// A hold that is over soon.
const SHORT: Duration = Duration::from_millis(500);
/// A call is answered when its hold is over and the command that it then waits for has had its time,
/// which is 2 s; the rest is for a machine that has other things to do.
const BOUND: Duration = Duration::from_secs(6);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p1_what_was_acknowledged_is_there_after_a_crash() {
    let mut redis = Redis::start(&[]).await;
    let hub = hub(redis.url(), HOLD).await;
    let place = Place::started(&hub).await;
    let epoch = hub.top(&place.workspace).await.unwrap().epoch;
    let mut reader = Reader::attach(&hub, &place).await;
    let mut load = Load::start(&hub, &place);
    for times in 1..=3 {
        load.more(50).await;
        redis.restart().await;
        reader.lag(times).await;
    }
    load.more(50).await;
    let said = load.stop().await;
    assert_once_each(&said, &place.read(&hub).await);
    assert_eq!(hub.top(&place.workspace).await.unwrap().epoch, epoch);
    let live = reader.live;
    reader.reach(place.say(&hub, "last").await).await;
    assert!(reader.live > live, "it does not hear");
    reader.assert_whole(&place).await;
    assert!(reader.epochs.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p11_calls_are_held_while_redis_is_away_for_a_while() {
    let mut redis = Redis::start(&[]).await;
    let hub = hub(redis.url(), HOLD).await;
    let place = Place::started(&hub).await;
    redis.kill().await;
    let (writing, reading) = (Arc::clone(&hub), Arc::clone(&hub));
    let (commit, workspace) = (place.says("held"), place.workspace.clone());
    let written = tokio::spawn(async move { writing.commit(commit).await });
    let read = tokio::spawn(async move { reading.top(&workspace).await });
    sleep(Duration::from_secs(3)).await;
    assert!(!written.is_finished() && !read.is_finished());
    redis.restart().await;
    committed(within(written).await.unwrap());
    within(read).await.unwrap().unwrap();
    assert_eq!(place.texts(&hub).await, ["held"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p11_calls_fail_while_redis_is_away_for_longer() {
    let mut redis = Redis::start(&[]).await;
    let hub = hub(redis.url(), SHORT).await;
    let place = Place::started(&hub).await;
    let mut reader = Reader::attach(&hub, &place).await;
    redis.kill().await;
    let commit = place.says("once");
    for _ in 0..2 {
        let asked = Instant::now();
        assert_eq!(hub.commit(commit.clone()).await, Outcome::Unknown);
        assert!(hub.top(&place.workspace).await.is_err());
        assert!(asked.elapsed() < 2 * BOUND, "{:?}", asked.elapsed());
    }
    redis.restart().await;
    let outcome = answered(&hub, &commit).await;
    assert!(
        matches!(outcome, Outcome::Committed(_) | Outcome::Duplicate(_)),
        "{outcome:?}"
    );
    reader.lag(1).await;
    let live = reader.live;
    reader.reach(place.say(&hub, "after").await).await;
    assert_eq!(reader.live, live + 1);
    assert_eq!(place.texts(&hub).await, ["once", "after"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p11_a_stopped_redis_does_once_what_it_was_asked_often() {
    let mut redis = Redis::start(&[]).await;
    let hub = hub(redis.url(), SHORT).await;
    let place = Place::started(&hub).await;
    let mut reader = Reader::attach(&hub, &place).await;
    redis.pause().await;
    let commit = place.says("once");
    for _ in 0..2 {
        let asked = Instant::now();
        assert_eq!(hub.commit(commit.clone()).await, Outcome::Unknown);
        assert!(asked.elapsed() < BOUND, "{:?}", asked.elapsed());
    }
    redis.resume().await;
    let outcome = answered(&hub, &commit).await;
    assert!(
        matches!(outcome, Outcome::Committed(_) | Outcome::Duplicate(_)),
        "{outcome:?}"
    );
    reader.reach(place.say(&hub, "after").await).await;
    assert_eq!(place.texts(&hub).await, ["once", "after"]);
    reader.assert_whole(&place).await;
}

/// What a commit is answered with in the end.
async fn answered(
    hub: &switchboard::hub::redis::RedisHub,
    commit: &switchboard::hub::Commit,
) -> Outcome {
    within(async {
        loop {
            match hub.commit(commit.clone()).await {
                Outcome::Unknown => {}
                outcome => return outcome,
            }
        }
    })
    .await
}
