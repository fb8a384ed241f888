//! A Redis that has lost everything.

use std::{collections::HashMap, sync::Arc};

use switchboard::{
    hub::{Commits as _, Connections as _, Logs as _, Outcome, redis::RedisHub},
    model::{Epoch, Partition},
};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::support::servers::Redis;

use super::{
    load::Load,
    place::{HOLD, Place, ask, committed, hub},
    reader::Reader,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p2_every_pod_learns_the_new_life_of_a_partition() {
    let redis = Redis::start(&["--appendfsync", "no"]).await;
    let (one, other) = (hub(redis.url(), HOLD).await, hub(redis.url(), HOLD).await);
    let place = Place::started(&one).await;
    let mut elsewhere = Place::started(&one).await;
    while elsewhere.partition() == place.partition() {
        elsewhere = Place::started(&one).await;
    }
    let mut readers = [
        Reader::attach(&one, &place).await,
        Reader::attach(&other, &place).await,
    ];
    assert_eq!(ask(redis.url(), "FLUSHALL").await, "+OK");
    for place in [&place, &elsewhere] {
        let refused = one.commit(place.says("into nothing")).await;
        assert_eq!(refused, Outcome::Absent);
    }
    let mut expected = Vec::new();
    for place in [&place, &elsewhere] {
        let written = committed(other.commit(place.starts()).await);
        expected.push((place.partition(), written.epoch));
    }
    for reader in &mut readers {
        while reader.epochs.len() < 2 {
            reader.step().await;
        }
        reader
            .epochs
            .sort_by_key(|(partition, _)| partition.index());
        expected.sort_by_key(|(partition, _)| partition.index());
        assert_eq!(reader.epochs, expected);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p7_no_id_is_given_twice_in_one_life() {
    let redis = Redis::start(&["--appendfsync", "no"]).await;
    let hub = hub(redis.url(), HOLD).await;
    let place = Place::started(&hub).await;
    let mut reader = Reader::attach(&hub, &place).await;
    let mut lives = vec![hub.top(&place.workspace).await.unwrap().epoch];
    let mut load = Load::start(&hub, &place);
    // Learns lives from answers, beside those who learn them from publications.
    let _sweep = sweep(&hub, place.partition());
    for _ in 0..10 {
        load.more(50).await;
        assert_eq!(ask(redis.url(), "FLUSHALL").await, "+OK");
        load.more(50).await;
        lives.push(hub.top(&place.workspace).await.unwrap().epoch);
    }
    let said = load.stop().await;
    let mut given: HashMap<_, &str> = HashMap::new();
    for said in &said {
        let before = given.insert((said.epoch.clone(), said.id), &said.text);
        assert_eq!(before, None, "{said:?}");
        assert!(lives.contains(&said.epoch));
    }
    place.say(&hub, "last").await;
    let told = |reader: &Reader| -> Vec<Epoch> {
        let of = reader.epochs.iter().filter(|it| it.0 == place.partition());
        of.map(|(_, epoch)| epoch.clone()).collect()
    };
    while told(&reader).last() != lives.last() {
        reader.step().await;
    }
    assert_eq!(told(&reader), lives[1..], "each life is told once");
}

/// Looks at a partition all the time, as a pod does now and then.
fn sweep(hub: &Arc<RedisHub>, partition: Partition) -> DropGuard {
    let (stop, hub) = (CancellationToken::new(), Arc::clone(hub));
    let stopped = stop.clone();
    tokio::spawn(async move {
        while !stopped.is_cancelled() {
            hub.expired(partition, 0, 1).await.unwrap();
        }
    });
    stop.drop_guard()
}
