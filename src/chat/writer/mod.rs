mod lane;
mod restore;

use std::{future::ready, sync::Arc, time::Duration};

use futures_util::{FutureExt as _, StreamExt as _, stream};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, sleep_until, timeout};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::{
    history::{self, History},
    hub::{self, Hub},
    metrics::HistoryMetrics,
    model::{Clock, Millis, Partition, PodId},
};
use lane::{Ends, Lane, Need};
use restore::Restore;

/// Partitions written at a time.
const WIDTH: usize = 4;
/// Everything is looked at this often: entries of a pod that died woke nobody here.
const SCAN: Duration = Duration::from_secs(5);
/// Pause after trouble: the first, doubled up to the longest.
const PAUSE: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(5);
/// Of an operator, unless another one is set.
const GRACE_MS: Millis = 60_000;
/// For writing what is left at shutdown, on top of a call that is under way.
const FLUSH: Duration = Duration::from_secs(10);

/// Projects the ingest log of every partition to the history.
///
/// What it promises to held acks: `set_persisted` follows the committed transaction, never the other
/// way round. A pod that dies between the two leaves entries that are stored and not announced; the
/// next writer finds them behind the cursor and announces them when it opens it.
pub struct Writer {
    ends: Ends,
    lanes: Vec<Lane>,
    restore: Restore,
    pause: Duration,
    retry_at: Option<Instant>,
    scan: Duration,
}

#[derive(Debug, thiserror::Error)]
pub enum PrepareError {
    #[error(transparent)]
    History(#[from] history::Unavailable),
    #[error(transparent)]
    Hub(#[from] hub::Unavailable),
}

impl Writer {
    pub fn new(
        hub: Arc<dyn Hub>,
        history: Arc<dyn History>,
        pod: PodId,
        clock: Clock,
        metrics: HistoryMetrics,
    ) -> Self {
        let ends = Ends {
            hub,
            history,
            pod,
            clock,
            metrics,
            grace_ms: GRACE_MS,
            waiting_life_ms: None,
        };
        let lanes = Partition::all().map(Lane::new).collect();
        Self {
            ends,
            lanes,
            restore: Restore::default(),
            pause: PAUSE,
            retry_at: None,
            scan: SCAN,
        }
    }

    /// Looks at every partition this often, whatever it was told.
    #[must_use]
    pub fn scanning(mut self, every: Duration) -> Self {
        self.scan = every;
        self
    }

    /// How long the sessions of an operator wait for it after the hot state was lost.
    #[must_use]
    pub fn waiting_for_operators(mut self, grace_ms: Millis) -> Self {
        self.ends.grace_ms = grace_ms;
        self
    }

    /// After how long without a word a session that waits is ended instead of put back; 0: never.
    #[must_use]
    pub fn giving_up_after(mut self, waiting_ms: Millis) -> Self {
        self.ends.waiting_life_ms = (waiting_ms > 0).then_some(waiting_ms);
        self
    }

    /// To be done before the first commit: ids go on above those that are stored, however much of
    /// the hot state was lost and whatever the clock says.
    pub async fn prepare(&mut self) -> Result<(), PrepareError> {
        for (partition, at) in self.ends.history.cursors().await? {
            self.ends.hub.raise(partition, at).await?;
            self.ends.hub.set_persisted(partition, at).await?;
            if let Some(lane) = self.lanes.get_mut(partition.index()) {
                (lane.cursor, lane.announced) = (at, at);
            }
        }
        let restored = self.ends.history.restored().await?;
        restore::note(&mut self.lanes, restored);
        Ok(())
    }

    /// Until `shutdown`; then writes what is left.
    pub async fn run(mut self, shutdown: CancellationToken) {
        let hub = Arc::clone(&self.ends.hub);
        let mut scan = interval(self.scan);
        scan.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let retry_at = self.retry_at;
            tokio::select! {
                () = shutdown.cancelled() => break,
                taken = hub.dirty().take() => self.wake(taken),
                _ = scan.tick() => self.wake(Partition::all()),
                () = sleep_until(retry_at.unwrap_or_else(Instant::now)), if retry_at.is_some() => {
                    self.retry();
                }
                () = self.restore.wait() => self.restore.look(&mut self.lanes, &self.ends).await,
                // Waits only while there is nothing to do.
                () = ready(()), if self.has(Need::Now) => {}
            }
            self.restore.begin(&mut self.lanes, &self.ends).await;
            self.round().await;
            self.restore.note_unsure(&self.lanes);
        }
        // The next that starts, or another pod, begins with it.
        self.restore = Restore::default();
        if timeout(FLUSH, self.flush()).await.is_err() {
            let partitions = self
                .lanes
                .iter()
                .filter(|lane| lane.need != Need::Nothing)
                .count();
            warn!(partitions, "stopped before everything was stored");
        }
    }

    async fn flush(&mut self) {
        self.wake(Partition::all());
        self.retry();
        loop {
            self.round().await;
            if self.has(Need::Later) {
                sleep(PAUSE).await;
                self.retry();
            }
            if !self.has(Need::Now) {
                break;
            }
        }
        for lane in &mut self.lanes {
            lane.release(&self.ends).await;
        }
    }

    /// One batch of every partition that is due, and beside it some sessions put back: a busy one does
    /// not hold up the others.
    async fn round(&mut self) {
        let ends = &self.ends;
        let due = self.lanes.iter_mut().filter(|lane| lane.need == Need::Now);
        let written = stream::iter(due).for_each_concurrent(WIDTH, |lane| lane.step(ends));
        let restored = self.restore.step(ends);
        // Boxed: the compiler does not see that both can be sent when they are in a future of its own.
        let ((), restored) = tokio::join!(written.boxed(), restored.boxed());
        restore::note(&mut self.lanes, restored);
        if !self.has(Need::Later) {
            (self.pause, self.retry_at) = (PAUSE, None);
        } else if self.retry_at.is_none() {
            self.retry_at = Some(Instant::now() + self.pause);
            self.pause = PAUSE_MAX.min(self.pause * 2);
        }
    }

    /// A partition in trouble keeps its pause, however often it is woken.
    fn wake(&mut self, partitions: impl IntoIterator<Item = Partition>) {
        for partition in partitions {
            if let Some(lane) = self.lanes.get_mut(partition.index())
                && lane.need == Need::Nothing
            {
                lane.need = Need::Now;
            }
        }
    }

    fn retry(&mut self) {
        self.retry_at = None;
        for lane in &mut self.lanes {
            if lane.need == Need::Later {
                lane.need = Need::Now;
            }
        }
        self.restore.retry();
    }

    fn has(&self, need: Need) -> bool {
        self.restore.need == need || self.lanes.iter().any(|lane| lane.need == need)
    }
}
