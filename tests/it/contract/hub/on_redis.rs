//! The hub on a real Redis, with keys of its own for each test.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use fred::{
    clients::Client,
    interfaces::{ClientLike as _, KeysInterface as _},
    types::{Builder, Key, config::Config},
    util::redis_keyslot,
};
use futures_util::TryStreamExt as _;
use switchboard::{
    hub::{
        Hub, Retention,
        redis::{RedisHub, RedisSettings},
    },
    metrics::Metrics,
    model::{Clock, Millis, Partition},
};
use uuid::Uuid;

use super::{ENDED_MS, FEED_MS, Trouble, support::Bench};
use crate::support::servers;

pub async fn on_redis() -> Bench {
    on_redis_at(servers::redis().await).await
}

pub async fn on_redis_at(url: &str) -> Bench {
    let clock = Clock::manual(1_800_000_000_000);
    let prefix = format!("test-{}", Uuid::new_v4().simple());
    let client = Builder::from_config(Config::from_url(url).unwrap())
        .build()
        .unwrap();
    client.init().await.unwrap();
    let settings = RedisSettings {
        url: url.to_owned(),
        prefix: prefix.clone(),
        hold: Duration::from_secs(5),
        poll_hold: Duration::from_secs(5),
        retention: Retention {
            feed_ms: FEED_MS,
            ended_ms: ENDED_MS,
        },
    };
    let metrics = Metrics::new().unwrap();
    let hub = RedisHub::connect(settings, clock.clone(), metrics.hub)
        .await
        .unwrap();
    Bench::new(Box::new(OnRedis {
        hub: Arc::new(hub),
        clock,
        prefix,
        client,
    }))
}

struct OnRedis {
    hub: Arc<RedisHub>,
    clock: Clock,
    prefix: String,
    /// Beside the hub, to do what only a server can have happen.
    client: Client,
}

#[async_trait]
impl Trouble for OnRedis {
    fn hub(&self) -> Arc<dyn Hub> {
        Arc::clone(&self.hub) as _
    }

    fn now(&self) -> Millis {
        self.clock.now()
    }

    async fn pass(&self, ms: Millis) {
        self.clock.advance(ms);
    }

    async fn lose_answer(&self, happened: bool) {
        self.hub.faults().unknown_commit(happened);
    }

    async fn lose_publications(&self, count: usize) {
        self.hub.faults().drop_publications(count);
    }

    async fn hold_publications(&self) {
        self.hub.faults().hold_publications();
    }

    async fn release_publications(&self) {
        self.hub.faults().release_publications();
    }

    async fn lag(&self) {
        self.hub.lag();
    }

    async fn lose(&self, partition: Partition) {
        let scan = self
            .client
            .scan_buffered(format!("{}:*", self.prefix), Some(1000), None);
        let keys: Vec<Key> = scan.try_collect().await.unwrap();
        // The slots are spread evenly over the partitions.
        let of = |key: &Key| usize::from(redis_keyslot(key.as_bytes()) / 256);
        let lost: Vec<Key> = keys
            .into_iter()
            .filter(|key| of(key) == partition.index())
            .collect();
        self.client.del::<(), _>(lost).await.unwrap();
    }

    async fn set_down(&self, down: bool) {
        self.hub.faults().set_down(down);
    }
}
