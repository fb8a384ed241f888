//! What is done to one Redis.

use tokio::time::{Duration, sleep};

use super::{conversation::Expect, house::House};
use crate::support::{
    lengths,
    schema::Schema,
    servers::{Redis, ask::ask},
};

/// Of each guest, between two troubles.
const SOME: usize = 20;

/// The database is shared: it has no trouble here.
async fn house(redis: &Redis, settings: &[(&str, &str)]) -> House {
    House::on(redis.url(), Schema::fresh().await, settings).await
}

#[tokio::test(flavor = "multi_thread")]
async fn p1_p2_p11_redis_is_killed_and_started_again() {
    let mut redis = Redis::start(&[]).await;
    let mut house = house(&redis, &[]).await;
    for _ in 0..3 {
        house.talk.more(SOME).await;
        redis.restart().await;
    }
    house.talk.more(SOME).await;
    house.check(Expect::default()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p2_p11_subscribers_are_cut_off() {
    let redis = Redis::start(&[]).await;
    let mut house = house(&redis, &[]).await;
    for _ in 0..5 {
        house.talk.more(SOME).await;
        ask(redis.url(), "CLIENT KILL TYPE pubsub").await;
    }
    house.talk.more(SOME).await;
    house.check(Expect::default()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p1_p2_p11_all_that_are_connected_are_cut_off() {
    let redis = Redis::start(&[]).await;
    let mut house = house(&redis, &[]).await;
    for _ in 0..5 {
        house.talk.more(SOME).await;
        ask(redis.url(), "CLIENT KILL TYPE normal").await;
        ask(redis.url(), "CLIENT KILL TYPE pubsub").await;
    }
    house.talk.more(SOME).await;
    house.check(Expect::default()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p1_p2_p11_redis_is_away_for_a_while() {
    let mut redis = Redis::start(&[]).await;
    let mut house = house(&redis, &[]).await;
    house.talk.more(SOME).await;
    redis.kill().await;
    sleep(lengths::outage()).await;
    redis.restart().await;
    house.talk.more(SOME).await;
    house.check(Expect::default()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p1_p2_p11_redis_is_stopped_for_a_while() {
    let mut redis = Redis::start(&[]).await;
    let mut house = house(&redis, &[]).await;
    for wait in [Duration::from_secs(1), lengths::outage()] {
        house.talk.more(SOME).await;
        redis.pause().await;
        sleep(wait).await;
        redis.resume().await;
    }
    house.talk.more(SOME).await;
    house.check(Expect::default()).await;
}

/// Everything is read again from Postgres: with `ACK=stored` not even what was said a moment before is lost.
#[tokio::test(flavor = "multi_thread")]
async fn p1_p2_p11_redis_forgets_everything() {
    let redis = Redis::start(&[]).await;
    let mut house = house(&redis, &[("ACK", "stored")]).await;
    for _ in 0..2 {
        house.talk.more(SOME).await;
        ask(redis.url(), "FLUSHALL").await;
    }
    house.talk.more(SOME).await;
    house.check(REMADE).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p1_p2_p11_redis_comes_back_empty() {
    let mut redis = Redis::start(&["--appendonly", "no", "--save", ""]).await;
    let mut house = house(&redis, &[("ACK", "stored")]).await;
    house.talk.more(SOME).await;
    redis.restart().await;
    house.talk.more(SOME).await;
    house.check(REMADE).await;
}

/// Clients are told to come again, and do; whoever looks at the metrics sees why.
#[tokio::test(flavor = "multi_thread")]
async fn p8_p11_redis_is_nearly_full() {
    let redis = Redis::start(&[]).await;
    let mut house = house(&redis, &[]).await;
    house.talk.more(SOME).await;
    // Beside which what the pods and the talk need is little.
    ask(redis.url(), "SETRANGE ballast 50000000 x").await;
    let info = ask(redis.url(), "INFO memory").await;
    let used = info
        .lines()
        .find_map(|line| line.strip_prefix("used_memory:"));
    let max = used.unwrap().parse::<u64>().unwrap() * 100 / 92;
    ask(redis.url(), &format!("CONFIG SET maxmemory {max}")).await;
    let refused = "switchboard_commands_failed_total{reason=\"unavailable\",role=\"guest\"}";
    let pod = &house.pods.servers()[0];
    let page = pod.measured_with(refused).await;
    let full = |line: &&str| line.starts_with("switchboard_hub_memory_percent ");
    let full = page.lines().find(full).unwrap();
    let per_cent: u64 = full.rsplit(' ').next().unwrap().parse().unwrap();
    assert!((85..100).contains(&per_cent), "{full}");
    ask(redis.url(), "CONFIG SET maxmemory 0").await;
    house.talk.more(SOME).await;
    house.check(Expect::default()).await;
}

/// What was connected has been forgotten as well, and connects again.
const REMADE: Expect = Expect {
    polls_are_held: false,
    comes_again: false,
};
