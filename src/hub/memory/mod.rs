//! The hub in one process: development, tests, single pod. The same contract as across processes,
//! down to the slots: no operation here sees two partitions at once, so nothing can come to rely on
//! more than a cluster gives.

mod channels;
mod commits;
mod connections;
mod ingest;
mod limits;
mod logs;
mod pods;
mod polling;
mod recoveries;
mod slot;
mod upgrades;
mod workspace;

use std::sync::{Mutex, MutexGuard};

use pods::PodIndex;
use slot::Slot;

use super::{Dirty, Faults, Retention, Unavailable, bus::Bus, lock};
use crate::model::{Clock, Partition, RecoveryId, Sid};

#[derive(Debug)]
pub struct MemoryHub {
    clock: Clock,
    retention: Retention,
    slots: Vec<Mutex<Slot>>,
    bus: Bus,
    pods: Mutex<PodIndex>,
    faults: Faults,
    dirty: Dirty,
}

impl MemoryHub {
    pub fn new(clock: Clock, retention: Retention) -> Self {
        let slot = |_| Mutex::new(Slot::new(clock.now()));
        Self {
            slots: Partition::all().map(slot).collect(),
            clock,
            retention,
            bus: Bus::default(),
            pods: Mutex::default(),
            faults: Faults::default(),
            dirty: Dirty::default(),
        }
    }

    /// Trouble on demand, for tests.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// Loses a partition's whole state, as a wiped or replaced primary would: a new epoch begins.
    pub fn lose(&self, partition: Partition) {
        let mut slot = self.slot(partition);
        *slot = Slot::new(self.clock.now());
        self.bus.epoch(partition, &slot.epoch);
        self.dirty.mark(partition);
    }

    /// Every pod is told that it has missed publications.
    pub fn lag(&self) {
        self.bus.lag();
    }

    fn slot(&self, partition: Partition) -> MutexGuard<'_, Slot> {
        lock(&self.slots[partition.index()])
    }

    fn slot_of(&self, sid: &Sid) -> Option<MutexGuard<'_, Slot>> {
        sid.partition().map(|partition| self.slot(partition))
    }

    fn recovery_slot(&self, id: &RecoveryId) -> Option<MutexGuard<'_, Slot>> {
        id.partition().map(|partition| self.slot(partition))
    }

    fn answering(&self) -> Result<(), Unavailable> {
        if self.faults.is_down() {
            Err(Unavailable)
        } else {
            Ok(())
        }
    }
}
