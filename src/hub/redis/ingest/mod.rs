//! The write-ahead log, and how far it is in the history.

use async_trait::async_trait;
use futures_util::future::try_join_all;

use super::{RedisHub, logs, script::Script};
use crate::{
    hub::{Dirty, INGEST_KEPT_MS, Ingest, Mark, Persisted, Unavailable, Unread},
    model::{EntryId, Epoch, Millis, Partition, PodId},
};

static INGEST: Script = Script::new("ingest", include_str!("ingest.lua"));
static LEASE: Script = Script::new("lease_writer", include_str!("lease.lua")).relieving();
static RAISE: Script = Script::new("raise", include_str!("raise.lua")).relieving();
static PERSISTED: Script = Script::new("set_persisted", include_str!("persisted.lua")).relieving();

/// Between two looks at what is old: forgetting costs a step per workspace.
const LOOK_EVERY_MS: Millis = 60_000;

#[async_trait]
impl Ingest for RedisHub {
    async fn ingest(
        &self,
        partition: Partition,
        after: EntryId,
        limit: usize,
    ) -> Result<Unread, Unavailable> {
        let call = self
            .life(partition)
            .key(self.keys.of(partition, "ingest"))
            .arg(after.to_string())
            .number(limit as u64);
        let mut reply = self.run(partition, &INGEST, call).await?;
        Ok(Unread {
            epoch: Epoch(reply.text()?),
            last: reply.parsed()?,
            entries: logs::entries(reply.list()?)?,
        })
    }

    async fn lease_writer(
        &self,
        partition: Partition,
        pod: &PodId,
        ttl_ms: Millis,
    ) -> Result<bool, Unavailable> {
        let call = self.life(partition).arg(pod.as_str()).number(ttl_ms);
        let granted = self.run(partition, &LEASE, call).await?.flag()?;
        if granted && ttl_ms > 0 {
            // From now on commits of other pods wake this one.
            let writer = self.writer.get_or_init(|| pod.clone());
            self.subscriber.hear_writer(partition, writer).await?;
        }
        Ok(granted)
    }

    async fn raise(&self, partition: Partition, at_least: EntryId) -> Result<(), Unavailable> {
        let call = self.life(partition).arg(at_least.to_string());
        self.run(partition, &RAISE, call).await.map(drop)
    }

    async fn set_persisted(&self, partition: Partition, upto: EntryId) -> Result<(), Unavailable> {
        self.persist(partition, &upto.to_string()).await
    }

    async fn forget(&self, partition: Partition) -> Result<(), Unavailable> {
        self.persist(partition, "").await
    }

    async fn persisted(&self) -> Result<Persisted, Unavailable> {
        let tops = Partition::all().map(async |partition| {
            let known = self.subscriber.epoch(partition);
            let top = self.top_of(partition).await?;
            self.subscriber
                .epoch_answered(partition, known.as_ref(), &top.epoch);
            Ok::<_, Unavailable>(Mark {
                partition,
                epoch: top.epoch,
                id: top.persisted,
            })
        });
        let mut persisted = Persisted::default();
        for mark in try_join_all(tops).await? {
            if mark.id > EntryId::ZERO {
                persisted.raise(mark);
            }
        }
        Ok(persisted)
    }

    fn dirty(&self) -> &Dirty {
        &self.subscriber.dirty
    }
}

impl RedisHub {
    async fn persist(&self, partition: Partition, upto: &str) -> Result<(), Unavailable> {
        let call = self
            .life(partition)
            .key(self.keys.of(partition, "ingest"))
            .key(self.keys.of(partition, "held"))
            .key(self.keys.of(partition, "workspaces"))
            .arg(upto.to_owned())
            .number(INGEST_KEPT_MS)
            .number(self.retention.feed_ms)
            .number(self.retention.ended_ms)
            .number(LOOK_EVERY_MS);
        self.run(partition, &PERSISTED, call).await.map(drop)
    }
}
