//! Redis fills up while Postgres is away.

use serde_json::{Value, json};
use tokio::time::{Duration, sleep, timeout};

use super::postgres::{in_order, pause, resume, stored};
use crate::{
    process::{
        server::LONG,
        talk::{Person, message},
    },
    support::{
        pods::{FREE, Pods},
        schema::Schema,
        servers::{Postgres, Redis, ask::ask},
    },
};

/// So that a pod, which looks every few seconds, sees the mark before the end.
const PACE: Duration = Duration::from_millis(80);
/// From here on nobody hurries, in per cent.
const MUCH: u64 = 60;

#[tokio::test(flavor = "multi_thread")]
async fn p1_p8_p11_redis_refuses_in_time_and_all_that_it_has_taken_is_stored() {
    let postgres = Postgres::start().await;
    let redis = Redis::start(&["--maxmemory", "24mb"]).await;
    let schema = Schema::on(postgres.url()).await;
    let pods = Pods::launch(schema, redis.url(), &[FREE], &[]).await;
    let mut guest = Person::guest(pods.addresses()[0]).await;
    let name = json!({ "name": "Marie" });
    guest.granted("guest:start", name).await;

    pause(&postgres);
    let mut said = 0;
    let refusal = loop {
        let answer = guest.ask("guest:message", long(said)).await;
        if answer["ok"] == false {
            break answer;
        }
        said += 1;
        if per_cent(&redis).await >= MUCH {
            sleep(PACE).await;
        }
    };
    assert_eq!(refusal["error"]["code"], "unavailable", "{refusal}");
    assert!(refusal["error"]["retryAfterMs"].is_u64(), "{refusal}");
    let full = per_cent(&redis).await;
    assert!((80..100).contains(&full), "{full} per cent");

    resume(&postgres);
    let database = pods.database().await;
    stored(&database, said).await;
    // What is stored goes with time: see `hub_redis::backlog`.
    ask(redis.url(), "CONFIG SET maxmemory 64mb").await;
    let taken = async { while guest.ask("guest:message", long(said)).await["ok"] == false {} };
    timeout(LONG, taken).await.expect("nothing is taken");
    stored(&database, said + 1).await;
    in_order(&database).await;
    pods.stop().await;
}

/// Three of these in Redis are some 45 KB.
fn long(number: usize) -> Value {
    let text = format!("{number} {}", "x".repeat(15_000));
    message(&text, &number.to_string())
}

/// As Redis counts before it refuses by itself.
async fn per_cent(redis: &Redis) -> u64 {
    let info = ask(redis.url(), "INFO memory").await;
    let figure = |name: &str| -> u64 {
        let line = info.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap().trim().parse().unwrap()
    };
    let used = figure("used_memory:") - figure("mem_not_counted_for_evict:");
    used * 100 / figure("maxmemory:")
}
