//! Pods that share one Redis: one of them writes the history, all of them hear.

use futures_util::FutureExt as _;
use switchboard::{
    hub::{Ingest as _, Unavailable},
    model::PodId,
};

use crate::support::servers::Redis;

use super::{
    place::{HOLD, Place, ask, hub},
    reader::Reader,
    within,
};

const LEASE_MS: u64 = 60_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p12_a_commit_wakes_the_writer_of_another_pod() {
    let redis = Redis::start(&["--appendfsync", "no"]).await;
    let (one, other) = (hub(redis.url(), HOLD).await, hub(redis.url(), HOLD).await);
    let place = Place::started(&one).await;
    let partition = place.partition();
    assert_eq!(within(one.dirty().take()).await, [partition]);
    assert_eq!(
        other
            .lease_writer(partition, &PodId::draw(), LEASE_MS)
            .await,
        Ok(true)
    );
    let mut reader = Reader::attach(&other, &place).await;
    for n in 1..=100 {
        let id = place.say(&one, &n.to_string()).await;
        assert_eq!(within(other.dirty().take()).await, [partition]);
        reader.reach(id).await;
    }
    assert!(one.dirty().take().now_or_never().is_none());
    assert_eq!((reader.live, reader.lagged), (100, 0));
    reader.assert_whole(&place).await;

    // Its own commits need no way round.
    place.say(&other, "here").await;
    assert_eq!(other.dirty().take().now_or_never(), Some(vec![partition]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_writer_that_could_not_subscribe_does_so_with_the_next_lease() {
    let redis = Redis::start(&["--appendfsync", "no"]).await;
    let (one, other) = (hub(redis.url(), HOLD).await, hub(redis.url(), HOLD).await);
    let place = Place::started(&one).await;
    let (partition, pod) = (place.partition(), PodId::draw());
    let lease = || other.lease_writer(partition, &pod, LEASE_MS);
    ask(
        redis.url(),
        "ACL SETUSER default resetchannels &*:all &*:in:*",
    )
    .await;
    assert_eq!(lease().await, Err(Unavailable));
    ask(redis.url(), "ACL SETUSER default allchannels").await;
    assert_eq!(lease().await, Ok(true));
    place.say(&one, "stored by another").await;
    assert_eq!(within(other.dirty().take()).await, [partition]);
}
