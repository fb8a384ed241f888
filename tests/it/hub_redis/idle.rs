//! What a pod costs that has nothing to do.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use switchboard::{
    hub::{Beat, Channels as _, Connections as _, NewConnection, Pods as _, redis::RedisHub},
    model::{Clock, Partition, PodId, Sid},
};
use tokio::time::{Instant, interval_at};

use crate::support::servers::Redis;

use super::place::{ALL, HOLD, ask, hub};

/// As the server looks: once round the partitions in this time, one by one.
const ROUND: Duration = Duration::from_secs(5);
const PARTITIONS: u32 = 64;
const LEASE_MS: u64 = 10_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p12_an_idle_pod_asks_for_little() {
    let (none, many) = tokio::join!(asked_by_an_idle_pod(0), asked_by_an_idle_pod(200));
    for scripts in [none, many] {
        let per_second = f64::from(scripts) / ROUND.as_secs_f64();
        assert!(per_second < 20.0, "{per_second} scripts per second");
    }
}

/// How many commands a pod with so many connections sends, which do nothing.
async fn asked_by_an_idle_pod(connections: usize) -> u32 {
    let redis = Redis::start(&["--appendfsync", "no"]).await;
    let hub = hub(redis.url(), HOLD).await;
    let pod = PodId::draw();
    let _attachment = hub.attach(&pod, ALL).await.unwrap();
    for _ in 0..connections {
        open(&hub).await;
    }
    let before = commands(redis.url()).await;
    let every = ROUND / PARTITIONS;
    let mut looks = interval_at(Instant::now() + every, every);
    let lease = Duration::from_millis(LEASE_MS / 3);
    let mut renewals = interval_at(Instant::now() + lease, lease);
    let mut partitions = Partition::all();
    loop {
        tokio::select! {
            _ = looks.tick() => match partitions.next() {
                Some(partition) => {
                    let dead = hub.expired(partition, Clock::System.now(), 100).await;
                    assert!(dead.unwrap().connections.is_empty());
                }
                None => break,
            },
            _ = renewals.tick() => {
                hub.renew_pod(&pod, LEASE_MS).await.unwrap();
            }
        }
    }
    let after = commands(redis.url()).await;
    println!(
        "{connections} connections, {:?}: {} commands from outside, {} with those in scripts",
        ROUND,
        after.0 - before.0,
        after.1 - before.1
    );
    after.0 - before.0
}

async fn open(hub: &Arc<RedisHub>) {
    let now = Clock::System.now();
    let connection = NewConnection {
        sid: Sid::draw(Partition::random()),
        state: Bytes::from_static(b"opened"),
        beat: Beat {
            ping_at: now + 25_000,
            sent: false,
            expires_at: now + 45_000,
        },
    };
    hub.open(connection).await.unwrap();
}

/// What was sent to the server so far, but for questions such as this one; and with that, what its
/// scripts have called.
async fn commands(url: &str) -> (u32, u32) {
    let stats = ask(url, "INFO commandstats").await;
    let (mut sent, mut all) = (0, 0);
    for line in stats
        .lines()
        .filter_map(|line| line.strip_prefix("cmdstat_"))
    {
        let (name, rest) = line.split_once(":calls=").unwrap();
        let calls: u32 = rest.split(',').next().unwrap().parse().unwrap();
        let by_hub = [
            "evalsha",
            "eval",
            "ping",
            "ssubscribe",
            "info",
            "hello",
            "client|setinfo",
        ];
        if name != "info" {
            all += calls;
        }
        if name != "info" && by_hub.contains(&name) {
            sent += calls;
        }
    }
    (sent, all)
}
