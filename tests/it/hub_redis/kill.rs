//! Connections that are lost, and scripts that are forgotten, while messages go through.

use crate::support::servers::Redis;

use super::{
    load::{Load, assert_once_each},
    place::{HOLD, Place, ask, hub},
    reader::Reader,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p2_a_killed_subscriber_is_told_and_misses_nothing() {
    let redis = Redis::start(&["--appendfsync", "no"]).await;
    let hub = hub(redis.url(), HOLD).await;
    let place = Place::started(&hub).await;
    let mut reader = Reader::attach(&hub, &place).await;
    let mut load = Load::start(&hub, &place);
    for times in 1..=5 {
        load.more(20).await;
        assert_eq!(ask(redis.url(), "CLIENT KILL TYPE pubsub").await, ":1");
        reader.lag(times).await;
    }
    let said = load.stop().await;
    assert_once_each(&said, &place.read(&hub).await);
    assert!(said.iter().all(|said| said.repeats == 0));
    // What comes now comes by its publication.
    let top = said.iter().map(|said| said.id).max().unwrap();
    reader.reach(top).await;
    let live = reader.live;
    reader.reach(place.say(&hub, "last").await).await;
    assert_eq!(reader.live, live + 1);
    reader.assert_whole(&place).await;
    assert!(reader.epochs.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p1_commits_go_on_when_all_connections_are_killed() {
    let redis = Redis::start(&["--appendfsync", "no"]).await;
    let hub = hub(redis.url(), HOLD).await;
    let place = Place::started(&hub).await;
    let mut reader = Reader::attach(&hub, &place).await;
    let mut load = Load::start(&hub, &place);
    for times in 1..=5 {
        load.more(20).await;
        ask(redis.url(), "CLIENT KILL TYPE normal").await;
        ask(redis.url(), "CLIENT KILL TYPE pubsub").await;
        reader.lag(times).await;
    }
    load.more(20).await;
    let said = load.stop().await;
    assert_once_each(&said, &place.read(&hub).await);
    reader.reach(place.say(&hub, "last").await).await;
    reader.assert_whole(&place).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_notices_that_scripts_are_forgotten() {
    let redis = Redis::start(&["--appendfsync", "no"]).await;
    let hub = hub(redis.url(), HOLD).await;
    let place = Place::started(&hub).await;
    let mut reader = Reader::attach(&hub, &place).await;
    let mut load = Load::start(&hub, &place);
    for _ in 0..10 {
        load.more(10).await;
        assert_eq!(ask(redis.url(), "SCRIPT FLUSH").await, "+OK");
    }
    let said = load.stop().await;
    assert!(said.iter().all(|said| said.repeats == 0));
    assert_once_each(&said, &place.read(&hub).await);
    let top = said.iter().map(|said| said.id).max().unwrap();
    reader.reach(top).await;
    assert_eq!((reader.live, reader.lagged), (said.len(), 0));
}
