//! Another Redis takes the place of one: by Sentinel, or slot by slot.

use switchboard::model::{Partition, WorkspaceId};

use super::{conversation::Expect, house::House};
use crate::support::{
    schema::Schema,
    servers::{Cluster, Sentinel},
};

/// Of each guest, between two troubles.
const SOME: usize = 20;

/// Nothing asks the replica whether it has what is acknowledged. What it has missed is told to it.
#[tokio::test(flavor = "multi_thread")]
async fn p1_p2_p11_a_replica_that_lags_is_promoted() {
    let mut sentinel = Sentinel::start().await;
    let schema = Schema::fresh().await;
    let mut house = House::on(&sentinel.url(), schema, &[]).await;
    house.talk.more(SOME).await;
    sentinel.lag().await;
    house.talk.more(SOME).await;
    sentinel.primary.kill().await;
    sentinel.promoted().await;
    house.talk.more(SOME).await;
    let expect = Expect {
        comes_again: true,
        ..Expect::default()
    };
    house.check(expect).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p1_p2_p11_the_slot_of_a_talk_moves_to_another_node() {
    let cluster = Cluster::start(3).await;
    let schema = Schema::fresh().await;
    let mut house = House::on(&cluster.url(), schema, &[]).await;
    let partition = Partition::of(&WorkspaceId::new("default"));
    house.talk.more(SOME).await;
    let (slot, from) = cluster.find(partition.index()).await;
    let to = (from + 1) % 3;
    cluster.begin_move(slot, from, to).await;
    // Nothing has moved yet, and what the talk needs is there.
    house.talk.more(SOME).await;
    while cluster.move_keys(slot, from, to, 1).await > 0 {}
    cluster.end_move(slot, to).await;
    house.talk.more(SOME).await;
    house.check(Expect::default()).await;
}
