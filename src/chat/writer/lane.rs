use std::{sync::Arc, time::Duration};

use tracing::warn;

use crate::{
    history::{self, Appended, Batch, History},
    hub::{self, Hub, INGEST_KEPT_MS, Unread},
    metrics::HistoryMetrics,
    model::{Clock, Entry, EntryId, Epoch, Millis, Partition, PodId},
};

/// Entries of one transaction. Batches are not waited for: they form by themselves out of what
/// arrives while the transaction before runs.
const BATCH: usize = 1000;
/// Short, so that another pod has taken over before an ack that waits for it is given up.
const LEASE_MS: Millis = 3_000;
/// Between two times that the hub is told to forget while nothing is stored.
const TIDY_MS: Millis = INGEST_KEPT_MS;

/// What is written from and to, by whom.
pub(super) struct Ends {
    pub hub: Arc<dyn Hub>,
    pub history: Arc<dyn History>,
    pub pod: PodId,
    pub clock: Clock,
    pub metrics: HistoryMetrics,
    /// For operators who do not come back after a loss of hot state.
    pub grace_ms: Millis,
    /// Without a word for longer, nobody waits any more; `None`: for ever.
    pub waiting_life_ms: Option<Millis>,
}

/// The writing of one partition.
pub(super) struct Lane {
    pub partition: Partition,
    pub need: Need,
    /// Where the history stood when last heard of. It may have moved on by another pod: then reading
    /// after it gives too much, and the compare-and-swap refuses to store that.
    pub cursor: EntryId,
    /// Where it reads on: behind the cursor after it was bound.
    read: EntryId,
    /// As last read.
    epoch: Option<Epoch>,
    cursor_is: Bound,
    /// The life whose hot state has all open sessions, as far as is known here.
    pub restored: Option<Epoch>,
    /// What the hub has been told is stored.
    pub announced: EntryId,
    lease_until: Millis,
    /// The last entry that was left to a later release: told of once.
    left: EntryId,
    /// When the hub was last told to forget.
    tidied: Millis,
    /// This lane's share of the metric `spool`.
    spooled: i64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    Nothing,
    Now,
    /// After the pause.
    Later,
}

/// How the history's cursor relates to the epoch.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Bound {
    /// To be bound before the next batch.
    Loose,
    /// To be bound even if there is nothing to write: the hot state was lost, and until it is raised
    /// to the cursor, a clock that runs behind could give out ids that are never read.
    Overdue,
    Open,
}

/// Logged where it was noticed; the same is tried again after the pause.
pub(super) struct Trouble;

impl From<history::Unavailable> for Trouble {
    fn from(_: history::Unavailable) -> Self {
        Self
    }
}

impl From<hub::Unavailable> for Trouble {
    fn from(_: hub::Unavailable) -> Self {
        Self
    }
}

impl Lane {
    pub fn new(partition: Partition) -> Self {
        Self {
            partition,
            need: Need::Nothing,
            cursor: EntryId::ZERO,
            read: EntryId::ZERO,
            epoch: None,
            cursor_is: Bound::Loose,
            restored: None,
            announced: EntryId::ZERO,
            lease_until: 0,
            left: EntryId::ZERO,
            tidied: 0,
            spooled: 0,
        }
    }

    pub async fn step(&mut self, ends: &Ends) {
        self.need = self.advance(ends).await.unwrap_or(Need::Later);
    }

    /// Reads before it asks for the lease, so that a scan of idle partitions is all that an idle
    /// cluster does.
    async fn advance(&mut self, ends: &Ends) -> Result<Need, Trouble> {
        self.announce(ends).await?;
        // Without the lease it is enough to know whether there is something.
        let (from, limit) = match self.cursor_is {
            Bound::Open => (self.read, BATCH),
            Bound::Loose | Bound::Overdue => (self.cursor, 1),
        };
        let unread = ends.hub.ingest(self.partition, from, limit).await?;
        let Unread {
            epoch,
            entries,
            last,
        } = unread;
        let (entries, stop) = self.known(entries);
        self.notice(&epoch);
        let behind = last < self.cursor;
        if behind {
            // Another primary, that missed the newest: what it gives out now is below the cursor.
            self.cursor_is = Bound::Overdue;
        }
        if let Some(at) = stop
            && entries.is_empty()
            && self.cursor_is != Bound::Overdue
        {
            return self.leave(ends, at).await;
        }
        let wanted = !entries.is_empty() || self.cursor_is == Bound::Overdue;
        if !wanted {
            self.spool(ends, 0);
            self.tidy(ends, last).await?;
            return Ok(Need::Nothing);
        }
        if !self.lease(ends).await? {
            self.spool(ends, 0);
            return Ok(Need::Nothing);
        }
        if self.cursor_is != Bound::Open {
            if behind && !self.is_owed(&epoch) {
                // Sessions may be among what it missed. Noted before ids are raised above the cursor,
                // after which nobody could tell.
                ends.history.forget_restored(self.partition).await?;
                self.restored = None;
            }
            self.open(ends, &epoch).await?;
            return Ok(Need::Now);
        }
        // A batch that is not full was all there is; what came since has marked the partition.
        let more = if entries.len() < BATCH && stop.is_none() {
            Need::Nothing
        } else {
            Need::Now
        };
        self.store(ends, epoch, entries).await?;
        Ok(more)
    }

    /// Those up to the first that only a later release can store, and where that is. One behind the cursor
    /// was stored by such a release.
    fn known(&self, mut entries: Vec<Arc<Entry>>) -> (Vec<Arc<Entry>>, Option<EntryId>) {
        let is_later = |entry: &Arc<Entry>| !entry.is_known() && entry.id > self.cursor;
        let Some(stop) = entries.iter().position(is_later) else {
            return (entries, None);
        };
        let at = entries.get(stop).map(|entry| entry.id);
        entries.truncate(stop);
        (entries, at)
    }

    /// To a pod of a later release. Until one has stored what is next, nothing is: to advance would lose it.
    async fn leave(&mut self, ends: &Ends, at: EntryId) -> Result<Need, Trouble> {
        if self.left != at {
            self.left = at;
            ends.metrics.left.inc();
            warn!(
                partition = self.partition.index(),
                "what is to be stored is of a later release: left to its pods"
            );
        }
        self.cursor_is = Bound::Loose;
        self.release(ends).await;
        // By now one may have: then there is something to do again.
        let cursors = ends.history.cursors().await?;
        let mut stored = cursors
            .into_iter()
            .filter(|(partition, _)| *partition == self.partition);
        match stored.next() {
            Some((_, cursor)) if cursor > self.cursor => {
                self.cursor = cursor;
                Ok(Need::Now)
            }
            _ => Ok(Need::Nothing),
        }
    }

    fn notice(&mut self, epoch: &Epoch) {
        match &self.epoch {
            Some(known) if known == epoch => return,
            Some(_) => self.cursor_is = Bound::Overdue,
            // Lost while no pod ran, or by one that died before all was put back.
            None if self.is_owed(epoch) => self.cursor_is = Bound::Overdue,
            None => {}
        }
        self.epoch = Some(epoch.clone());
    }

    /// The life whose hot state this pod has to give the open sessions.
    pub fn owes(&self) -> Option<&Epoch> {
        let epoch = self.epoch.as_ref().filter(|epoch| self.is_owed(epoch));
        epoch.filter(|_| self.cursor_is == Bound::Open)
    }

    /// Whoever has the lease is putting the sessions back, or has died.
    pub fn is_unsure(&self) -> bool {
        let owed = self.epoch.as_ref().is_some_and(|epoch| self.is_owed(epoch));
        owed && self.cursor_is == Bound::Loose
    }

    /// As after a loss: if the lease is free now, it is for this pod to do.
    pub fn look_again(&mut self) {
        (self.cursor_is, self.need) = (Bound::Overdue, Need::Now);
    }

    /// What was never written has nothing to be put back.
    fn is_owed(&self, epoch: &Epoch) -> bool {
        self.cursor > EntryId::ZERO && self.restored.as_ref() != Some(epoch)
    }

    pub async fn lease(&mut self, ends: &Ends) -> Result<bool, Trouble> {
        let now = ends.clock.now();
        if now + LEASE_MS / 2 < self.lease_until {
            return Ok(true);
        }
        let granted = ends
            .hub
            .lease_writer(self.partition, &ends.pod, LEASE_MS)
            .await?;
        if granted {
            self.lease_until = now + LEASE_MS;
        } else {
            // Whoever has it binds the cursor.
            (self.lease_until, self.cursor_is) = (0, Bound::Loose);
        }
        Ok(granted)
    }

    /// So that the next writer does not wait for the lease to run out. If the hub does not answer, it
    /// will have to. Not only while the lease seems to hold: the hub may count a little longer.
    pub async fn release(&mut self, ends: &Ends) {
        if self.lease_until > 0 {
            self.lease_until = 0;
            let _ = ends.hub.lease_writer(self.partition, &ends.pod, 0).await;
        }
    }

    /// Once per epoch, and after a batch was refused.
    async fn open(&mut self, ends: &Ends, epoch: &Epoch) -> Result<(), Trouble> {
        self.cursor = ends.history.open_cursor(self.partition, epoch).await?;
        ends.hub.raise(self.partition, self.cursor).await?;
        (self.cursor_is, self.announced) = (Bound::Open, EntryId::ZERO);
        // A primary that took over with a clock behind may have given out ids below the cursor.
        self.read = EntryId {
            ms: self.cursor.ms.saturating_sub(INGEST_KEPT_MS),
            seq: 0,
        };
        self.announce(ends).await
    }

    async fn store(
        &mut self,
        ends: &Ends,
        epoch: Epoch,
        entries: Vec<Arc<Entry>>,
    ) -> Result<(), Trouble> {
        let Some(to) = entries.last().map(|entry| entry.id) else {
            return Ok(());
        };
        self.spool(ends, entries.len());
        let committed: Vec<Millis> = entries.iter().map(|entry| entry.id.ms).collect();
        let (partition, from) = (self.partition, self.cursor);
        let (last, again) = (to, to <= from);
        let to = to.max(from);
        let batch = Batch {
            partition,
            epoch,
            from,
            to,
            entries,
        };
        let appended = ends.history.append(batch).await?;
        if let Appended::Stored { duplicates } = appended
            && !again
        {
            ends.metrics.duplicates.inc_by(duplicates);
        }
        if appended == Appended::Superseded {
            warn!(
                partition = partition.index(),
                "another writer has moved the cursor"
            );
            self.cursor_is = Bound::Loose;
            self.release(ends).await;
            return Err(Trouble);
        }
        (self.cursor, self.read) = (to, last);
        self.spool(ends, 0);
        if again {
            return Ok(());
        }
        let now = ends.clock.now();
        for ms in committed {
            let waited = Duration::from_millis(now.saturating_sub(ms));
            ends.metrics.persist_seconds.observe(waited.as_secs_f64());
        }
        self.announce(ends).await
    }

    /// Releases held acks. Owed until the hub has taken it.
    async fn announce(&mut self, ends: &Ends) -> Result<(), Trouble> {
        if self.announced < self.cursor {
            ends.hub.set_persisted(self.partition, self.cursor).await?;
            self.announced = self.cursor;
        }
        Ok(())
    }

    /// What is stored grows old though nothing new is stored. If it did not go then, a hub that has become full
    /// would never take anything again.
    async fn tidy(&mut self, ends: &Ends, last: EntryId) -> Result<(), Trouble> {
        let now = ends.clock.now();
        let has_read_all =
            self.cursor_is == Bound::Open && self.read == last && self.cursor == last;
        let is_time = self.tidied + TIDY_MS <= now;
        if has_read_all && is_time && self.lease(ends).await? {
            ends.hub.forget(self.partition).await?;
            self.tidied = now;
        }
        Ok(())
    }

    fn spool(&mut self, ends: &Ends, entries: usize) {
        let entries = i64::try_from(entries).unwrap_or(i64::MAX);
        ends.metrics.spool.add(entries - self.spooled);
        self.spooled = entries;
    }
}
