use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Notify;

use crate::model::Partition;

/// The partitions with new entries, as one bit each: marking is free of locks and never full.
#[derive(Debug, Default)]
pub struct Dirty {
    bits: AtomicU64,
    changed: Notify,
}

impl Dirty {
    pub fn mark(&self, partition: Partition) {
        self.bits
            .fetch_or(1 << partition.index(), Ordering::Release);
        self.changed.notify_one();
    }

    /// Waits until there is one, then takes them all. For one taker.
    pub async fn take(&self) -> Vec<Partition> {
        loop {
            let bits = self.bits.swap(0, Ordering::Acquire);
            if bits != 0 {
                return Partition::all()
                    .filter(|partition| bits & (1 << partition.index()) != 0)
                    .collect();
            }
            self.changed.notified().await;
        }
    }
}
