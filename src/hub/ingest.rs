use async_trait::async_trait;
use std::sync::Arc;

use super::{Dirty, Unavailable};
use crate::model::{Entry, EntryId, Epoch, Millis, PARTITIONS, Partition, PodId};

/// The write-ahead log of every entry, one per partition, read by the history's writer.
#[async_trait]
pub trait Ingest {
    /// Entries after an id, ascending, at most `limit`.
    async fn ingest(
        &self,
        partition: Partition,
        after: EntryId,
        limit: usize,
    ) -> Result<Unread, Unavailable>;

    /// Takes or renews the right to write a partition's entries to the history. It is advice: what
    /// fences a writer is the compare-and-swap of the cursor in the history itself. Its holder gives
    /// it up with a `ttl_ms` of 0.
    async fn lease_writer(
        &self,
        partition: Partition,
        pod: &PodId,
        ttl_ms: Millis,
    ) -> Result<bool, Unavailable>;

    /// Lets the next id be above `at_least`, so that ids grow over the loss of the hot state.
    async fn raise(&self, partition: Partition, at_least: EntryId) -> Result<(), Unavailable>;

    /// Says that every entry up to `upto` is in the history, publishes it, and lets the logs forget
    /// what is older than they need. Never goes backwards.
    async fn set_persisted(&self, partition: Partition, upto: EntryId) -> Result<(), Unavailable>;

    /// Lets the logs forget what is stored and has become old since that was said. For a writer that has read
    /// all there is: what another primary gave out below its cursor is stored by then.
    async fn forget(&self, partition: Partition) -> Result<(), Unavailable>;

    /// How far each partition is in the history. Held acks compare with it again after they have
    /// registered for its publications.
    async fn persisted(&self) -> Result<Persisted, Unavailable>;

    /// Partitions that this process has committed to since they were last taken: wakes the writer
    /// without a scan.
    fn dirty(&self) -> &Dirty;
}

/// What a writer reads.
#[derive(Clone, Debug)]
pub struct Unread {
    pub epoch: Epoch,
    /// The newest id given out. One below the history's cursor says that another primary took over,
    /// which missed the newest entries.
    pub last: EntryId,
    pub entries: Vec<Arc<Entry>>,
}

/// Stored entries stay in the log for this much longer, by their own time: a writer that takes over
/// reads them again, since a new primary whose clock lags may have given out lower ids than the
/// cursor's in between.
pub const INGEST_KEPT_MS: Millis = 60_000;

/// How long things are kept that the history has as well.
#[derive(Clone, Copy, Debug)]
pub struct Retention {
    /// Entries of a workspace's feed, at least for the recovery window.
    pub feed_ms: Millis,
    /// Sessions that have ended, with their logs.
    pub ended_ms: Millis,
}

/// One position in one life of a partition.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Mark {
    pub partition: Partition,
    /// An entry of a life that was lost is not stored because a later one is.
    pub epoch: Epoch,
    pub id: EntryId,
}

/// How far each partition is in the history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Persisted([Option<Known>; PARTITIONS as usize]);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Known {
    epoch: Epoch,
    at: EntryId,
    /// The life before: a mark of it that comes late says nothing.
    before: Option<Epoch>,
}

impl Default for Persisted {
    fn default() -> Self {
        Self([const { None }; PARTITIONS as usize])
    }
}

impl Persisted {
    /// Moves forward, or to another epoch; an older position is ignored. Says whether it moved.
    pub fn raise(&mut self, mark: Mark) -> bool {
        let Some(known) = self.0.get_mut(mark.partition.index()) else {
            return false;
        };
        let before = match known {
            Some(known) if known.epoch == mark.epoch => {
                let moves = known.at < mark.id;
                known.at = known.at.max(mark.id);
                return moves;
            }
            Some(known) if known.before.as_ref() == Some(&mark.epoch) => return false,
            Some(known) => Some(known.epoch.clone()),
            None => None,
        };
        *known = Some(Known {
            epoch: mark.epoch,
            at: mark.id,
            before,
        });
        true
    }

    /// In whichever life it is.
    pub fn get(&self, partition: Partition) -> EntryId {
        let known = self.0.get(partition.index()).and_then(Option::as_ref);
        known.map_or(EntryId::ZERO, |known| known.at)
    }

    pub fn holds(&self, mark: &Mark) -> bool {
        let known = self.0.get(mark.partition.index()).and_then(Option::as_ref);
        known.is_some_and(|known| known.epoch == mark.epoch && known.at >= mark.id)
    }

    /// All that is known.
    pub fn marks(&self) -> impl Iterator<Item = Mark> {
        Partition::all()
            .zip(&self.0)
            .filter_map(|(partition, known)| {
                let known = known.as_ref()?;
                Some(Mark {
                    partition,
                    epoch: known.epoch.clone(),
                    id: known.at,
                })
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_late_mark_of_the_life_before_says_nothing() {
        let partition = Partition::random();
        let mark = |epoch: &str, ms| Mark {
            partition,
            epoch: Epoch(epoch.into()),
            id: EntryId { ms, seq: 0 },
        };
        let mut persisted = Persisted::default();
        assert!(persisted.raise(mark("first", 5)) && persisted.raise(mark("second", 3)));
        assert!(!persisted.raise(mark("first", 9)), "it was on its way");
        assert!(persisted.holds(&mark("second", 3)) && !persisted.holds(&mark("first", 5)));
        assert!(!persisted.raise(mark("second", 2)) && persisted.raise(mark("second", 4)));
        assert_eq!(persisted.get(partition).ms, 4);
    }
}
