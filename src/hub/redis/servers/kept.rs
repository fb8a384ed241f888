use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::time::{Duration, Instant};

use crate::{
    hub::{Commit, NewChange, lock},
    model::{Epoch, Partition},
};

/// What a replica may be behind by, with room to spare; and how long it takes to see that it has taken over.
const KEPT_FOR: Duration = Duration::from_secs(10);
/// By all partitions together.
const BYTES_MOST: usize = 32 * 1024 * 1024;
/// Of a commit, beside the texts in it.
const BYTES_EACH: usize = 1024;

/// Commits that were acknowledged within the last seconds, in their order.
pub struct Kept {
    partitions: Vec<Mutex<VecDeque<One>>>,
    bytes: AtomicUsize,
}

struct One {
    at: Instant,
    bytes: usize,
    it: Acknowledged,
}

/// A commit, and the life that it was of.
#[derive(Clone)]
pub struct Acknowledged {
    pub commit: Arc<Commit>,
    pub format: u8,
    pub epoch: Epoch,
}

impl Default for Kept {
    fn default() -> Self {
        Self {
            partitions: Partition::all().map(|_| Mutex::default()).collect(),
            bytes: AtomicUsize::new(0),
        }
    }
}

impl Kept {
    /// How many had to go before their time for it, itself included.
    pub fn keep(&self, commit: Commit, format: u8, epoch: Epoch) -> u64 {
        let bytes = size(&commit);
        let is_full = || self.bytes.load(Ordering::Relaxed) + bytes > BYTES_MOST;
        if is_full() {
            for kept in &self.partitions {
                self.forget_old(&mut lock(kept));
            }
        }
        let mut kept = lock(&self.partitions[Partition::of(&commit.workspace).index()]);
        self.forget_old(&mut kept);
        let mut lost = 0;
        while is_full() {
            lost += 1;
            match kept.pop_front() {
                Some(oldest) => self.bytes.fetch_sub(oldest.bytes, Ordering::Relaxed),
                // Others have the room.
                None => return lost,
            };
        }
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        kept.push_back(One {
            at: Instant::now(),
            bytes,
            it: Acknowledged {
                commit: Arc::new(commit),
                format,
                epoch,
            },
        });
        lost
    }

    /// Those of a partition that were young when its server was last known.
    pub fn of(&self, partition: Partition, known: Instant) -> Vec<Acknowledged> {
        let kept = lock(&self.partitions[partition.index()]);
        let young = kept.iter().filter(|one| one.at + KEPT_FOR > known);
        young.map(|one| one.it.clone()).collect()
    }

    fn forget_old(&self, kept: &mut VecDeque<One>) {
        while let Some(oldest) = kept.pop_front_if(|oldest| oldest.at.elapsed() >= KEPT_FOR) {
            self.bytes.fetch_sub(oldest.bytes, Ordering::Relaxed);
        }
    }
}

/// About.
fn size(commit: &Commit) -> usize {
    let texts = commit.append.iter().map(|draft| match &draft.change {
        NewChange::Message { content, .. } => content.text().len(),
        _ => 0,
    });
    let created = commit.set.create.as_ref().map_or(0, |session| {
        let metadata = session.guest.metadata.as_ref();
        BYTES_EACH + metadata.map_or(0, |it| it.to_string().len())
    });
    let record = commit.record.as_ref().map_or(0, |_| BYTES_EACH);
    BYTES_EACH + created + record + texts.sum::<usize>()
}
