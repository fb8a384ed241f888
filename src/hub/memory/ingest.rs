use async_trait::async_trait;

use super::MemoryHub;
use crate::{
    hub::{Dirty, Ingest, Persisted, Unavailable, Unread},
    model::{EntryId, Millis, Partition, PodId},
};

#[async_trait]
impl Ingest for MemoryHub {
    async fn ingest(
        &self,
        partition: Partition,
        after: EntryId,
        limit: usize,
    ) -> Result<Unread, Unavailable> {
        self.answering()?;
        let slot = self.slot(partition);
        let start = slot.ingest.partition_point(|entry| entry.id <= after);
        let entries = slot.ingest.range(start..).take(limit).cloned().collect();
        Ok(Unread {
            epoch: slot.epoch.clone(),
            last: slot.last,
            entries,
        })
    }

    async fn lease_writer(
        &self,
        partition: Partition,
        pod: &PodId,
        ttl_ms: Millis,
    ) -> Result<bool, Unavailable> {
        self.answering()?;
        let now = self.clock.now();
        let mut slot = self.slot(partition);
        let free = slot
            .writer
            .as_ref()
            .is_none_or(|(holder, until)| holder == pod || *until <= now);
        if free {
            slot.writer = Some((pod.clone(), now.saturating_add(ttl_ms)));
        }
        Ok(free)
    }

    async fn raise(&self, partition: Partition, at_least: EntryId) -> Result<(), Unavailable> {
        self.answering()?;
        let mut slot = self.slot(partition);
        slot.last = slot.last.max(at_least);
        Ok(())
    }

    async fn set_persisted(&self, partition: Partition, upto: EntryId) -> Result<(), Unavailable> {
        self.answering()?;
        let mut slot = self.slot(partition);
        if slot.persisted < upto {
            slot.persisted = upto;
            slot.trim(self.clock.now(), self.retention);
            self.bus.persisted(slot.persisted_mark(partition));
        }
        Ok(())
    }

    async fn forget(&self, partition: Partition) -> Result<(), Unavailable> {
        self.answering()?;
        let mut slot = self.slot(partition);
        slot.trim(self.clock.now(), self.retention);
        Ok(())
    }

    async fn persisted(&self) -> Result<Persisted, Unavailable> {
        self.answering()?;
        let mut persisted = Persisted::default();
        for partition in Partition::all() {
            let mark = self.slot(partition).persisted_mark(partition);
            if mark.id > EntryId::ZERO {
                persisted.raise(mark);
            }
        }
        Ok(persisted)
    }

    fn dirty(&self) -> &Dirty {
        &self.dirty
    }
}
