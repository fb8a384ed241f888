//! The writer between a hub and a history that fail: what it announces is stored, and stored once.

mod restore;

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use async_trait::async_trait;
use switchboard::{
    chat::Writer,
    history::{
        Appended, Batch, History, MessageRow, SessionCursor, StoredMessage, Unavailable, Unread,
        sqlite::SqliteHistory,
    },
    hub::{
        Attachment, Channels as _, Commit, Commits as _, Draft, Guard, Ingest as _, NewChange,
        Outcome, Publication, Retention, memory::MemoryHub,
    },
    metrics::{HistoryMetrics, Metrics},
    model::{
        Agent, Clock, DedupId, EntryId, Epoch, MessageId, OperatorId, Partition, PodId, Session,
        SessionId, SessionQuery, WorkspaceId,
    },
};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

#[tokio::test]
async fn p1_nothing_is_announced_before_it_is_stored() {
    let scene = Scene::new(Clock::System).await;
    scene.history.refuse.store(2, Ordering::SeqCst);
    let top = scene.commit(3).await;
    let mut announced = scene.announcements().await;
    let (_, running) = scene.start().await;
    assert_eq!(next(&mut announced).await, top);
    assert_eq!(
        scene.history.refuse.load(Ordering::SeqCst),
        0,
        "refused twice before"
    );
    assert_eq!(scene.stored().await, top);
    assert_eq!(scene.metrics.persist_seconds.get_sample_count(), 3);
    assert_eq!(scene.metrics.spool.get(), 0);
    running.abort();
}

#[tokio::test]
async fn p1_a_lost_answer_is_settled_by_the_cursor() {
    let scene = Scene::new(Clock::System).await;
    scene.history.lose.store(1, Ordering::SeqCst);
    let top = scene.commit(3).await;
    let mut announced = scene.announcements().await;
    let (_, running) = scene.start().await;
    assert_eq!(next(&mut announced).await, top);
    let later = scene.commit(1).await;
    assert_eq!(next(&mut announced).await, later);
    assert_eq!(scene.stored().await, later);
    running.abort();
}

#[tokio::test]
async fn p1_shutdown_writes_what_is_left() {
    let scene = Scene::new(Clock::System).await;
    let top = scene.commit(2500).await;
    let (shutdown, running) = scene.start().await;
    shutdown.cancel();
    running.await.unwrap();
    assert_eq!(scene.stored().await, top);
    assert_eq!(scene.hub.persisted().await.unwrap().get(partition()), top);
}

#[tokio::test]
async fn p1_ids_grow_over_a_restart_though_the_clock_steps_back() {
    let scene = Scene::new(Clock::manual(5_000)).await;
    let top = scene.commit(1).await;
    let (shutdown, running) = scene.start().await;
    shutdown.cancel();
    running.await.unwrap();

    let scene = Scene {
        hub: hub(Clock::manual(10)),
        clock: Clock::manual(10),
        ..scene
    };
    let (shutdown, running) = scene.start().await;
    assert_eq!(scene.hub.persisted().await.unwrap().get(partition()), top);
    let next = scene.commit(1).await;
    assert!(next > top, "{next} after {top}");
    shutdown.cancel();
    running.await.unwrap();
    assert_eq!(scene.stored().await, next);
}

/// The hot state is lost before anything was written in it, and the clock is behind the cursor.
#[tokio::test]
async fn p1_ids_of_a_new_epoch_are_above_the_cursor() {
    let scene = Scene::new(Clock::manual(5_000)).await;
    let top = scene.commit(1).await;
    let (shutdown, running) = scene.start().await;
    shutdown.cancel();
    running.await.unwrap();

    let scene = Scene {
        hub: hub(Clock::manual(10)),
        clock: Clock::manual(10),
        ..scene
    };
    let mut announced = scene.announcements().await;
    let (_, running) = scene.start().await;
    assert_eq!(next(&mut announced).await, top);
    let mut noticed = None;
    for _ in 0..2 {
        scene.hub.lose(partition());
        // A loss before the first scan is none to the writer, which then waits for the next.
        let scans = std::time::Duration::from_secs(8);
        noticed = tokio::time::timeout(scans, next(&mut announced)).await.ok();
        if noticed.is_some() {
            break;
        }
    }
    assert_eq!(noticed, Some(top), "noticed by a scan");
    let written = scene.commit(1).await;
    assert!(written > top);
    assert_eq!(next(&mut announced).await, written);
    running.abort();
}

#[tokio::test]
async fn p1_a_new_epoch_is_written_on() {
    let scene = Scene::new(Clock::System).await;
    let mut announced = scene.announcements().await;
    let (_, running) = scene.start().await;
    let top = scene.commit(1).await;
    assert_eq!(next(&mut announced).await, top);
    scene.hub.lose(partition());
    let top = scene.commit(1).await;
    while next(&mut announced).await < top {}
    assert_eq!(scene.stored().await, top);
    running.abort();
}

#[tokio::test]
async fn p11_a_hub_that_was_away_gets_its_announcement() {
    let scene = Scene::new(Clock::System).await;
    let top = scene.commit(1).await;
    let mut announced = scene.announcements().await;
    scene.hub.faults().set_down(true);
    let writer = scene.writer();
    let shutdown = CancellationToken::new();
    let running = tokio::spawn(writer.run(shutdown));
    tokio::task::yield_now().await;
    scene.hub.faults().set_down(false);
    assert_eq!(next(&mut announced).await, top);
    running.abort();
}

/// Two in one process share the wake-ups: what the one without the lease takes waits for a scan.
#[tokio::test]
async fn p1_two_writers_store_everything_once() {
    let scene = Scene::new(Clock::System).await;
    let mut announced = scene.announcements().await;
    let (one, first) = scene.start().await;
    let (two, second) = scene.start().await;
    for _ in 0..2 {
        let top = scene.commit(7).await;
        while next(&mut announced).await < top {}
    }
    one.cancel();
    first.await.unwrap();
    let top = scene.commit(7).await;
    two.cancel();
    second.await.unwrap();
    assert_eq!(scene.stored().await, top);
    assert_eq!(scene.metrics.duplicates.get(), 0);
}

struct Scene {
    hub: Arc<MemoryHub>,
    history: Arc<Flaky>,
    clock: Clock,
    metrics: HistoryMetrics,
    _directory: Directory,
}

impl Scene {
    async fn new(clock: Clock) -> Self {
        let directory =
            Directory(std::env::temp_dir().join(format!("switchboard-{}", Uuid::new_v4())));
        let metrics = Metrics::new().unwrap().history;
        let inner = SqliteHistory::open(&directory.0, metrics.clone()).unwrap();
        let hub = hub(clock.clone());
        let history = Flaky {
            inner,
            refuse: AtomicUsize::new(0),
            lose: AtomicUsize::new(0),
            pages: AtomicUsize::new(0),
            unreadable: AtomicUsize::new(0),
        };
        Self {
            hub,
            history: Arc::new(history),
            clock,
            metrics,
            _directory: directory,
        }
    }

    fn writer(&self) -> Writer {
        let (hub, history) = (Arc::clone(&self.hub), Arc::clone(&self.history));
        Writer::new(
            hub,
            history,
            PodId::draw(),
            self.clock.clone(),
            self.metrics.clone(),
        )
    }

    async fn start(&self) -> (CancellationToken, JoinHandle<()>) {
        let mut writer = self.writer();
        writer.prepare().await.unwrap();
        let shutdown = CancellationToken::new();
        (shutdown.clone(), tokio::spawn(writer.run(shutdown)))
    }

    async fn commit(&self, entries: usize) -> EntryId {
        let mut commit = Commit::new(workspace(), None, DedupId::draw(), Guard::Any);
        let agent = Agent {
            id: OperatorId::new("1"),
            name: "Agent".into(),
        };
        let change = NewChange::OperatorOnline { agent };
        commit.append = vec![
            Draft {
                change,
                origin: None,
                to: None,
                only_on: None
            };
            entries
        ];
        match self.hub.commit(commit).await {
            Outcome::Committed(written) => written.top,
            other => panic!("{other:?}"),
        }
    }

    async fn stored(&self) -> EntryId {
        let cursors = self.history.inner.cursors().await.unwrap();
        cursors
            .into_iter()
            .find(|(of, _)| *of == partition())
            .map_or(EntryId::ZERO, |(_, at)| at)
    }

    async fn announcements(&self) -> Attachment {
        self.hub.attach(&PodId::draw(), 1024).await.unwrap()
    }
}

async fn next(announced: &mut Attachment) -> EntryId {
    loop {
        if let Publication::Persisted(mark) = announced.publications.next().await.unwrap() {
            return mark.id;
        }
    }
}

/// Fails so many appends: without storing (`refuse`), or after it (`lose`); and so many reads of
/// messages (`unreadable`). Counts the pages of open sessions.
struct Flaky {
    inner: SqliteHistory,
    refuse: AtomicUsize,
    lose: AtomicUsize,
    unreadable: AtomicUsize,
    pages: AtomicUsize,
}

fn due(counter: &AtomicUsize) -> bool {
    counter
        .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
            left.checked_sub(1)
        })
        .is_ok()
}

#[async_trait]
impl History for Flaky {
    async fn append(&self, batch: Batch) -> Result<Appended, Unavailable> {
        if due(&self.refuse) {
            return Err(Unavailable);
        }
        let answer = self.inner.append(batch).await;
        if due(&self.lose) {
            Err(Unavailable)
        } else {
            answer
        }
    }

    async fn cursors(&self) -> Result<Vec<(Partition, EntryId)>, Unavailable> {
        self.inner.cursors().await
    }

    async fn open_cursor(
        &self,
        partition: Partition,
        epoch: &Epoch,
    ) -> Result<EntryId, Unavailable> {
        self.inner.open_cursor(partition, epoch).await
    }

    async fn restored(&self) -> Result<Vec<(Partition, Epoch)>, Unavailable> {
        self.inner.restored().await
    }

    async fn set_restored(
        &self,
        partition: Partition,
        epoch: &Epoch,
        before: Option<&Epoch>,
    ) -> Result<bool, Unavailable> {
        self.inner.set_restored(partition, epoch, before).await
    }

    async fn forget_restored(&self, partition: Partition) -> Result<(), Unavailable> {
        self.inner.forget_restored(partition).await
    }

    async fn session_of(
        &self,
        _: &WorkspaceId,
        _: MessageId,
    ) -> Result<Option<(SessionId, u64)>, Unavailable> {
        Err(Unavailable)
    }

    async fn open_sessions(
        &self,
        after: Option<&(WorkspaceId, SessionId)>,
        limit: usize,
    ) -> Result<Vec<Session>, Unavailable> {
        self.pages.fetch_add(1, Ordering::SeqCst);
        self.inner.open_sessions(after, limit).await
    }

    async fn session(
        &self,
        _: &WorkspaceId,
        _: &SessionId,
    ) -> Result<Option<Session>, Unavailable> {
        Err(Unavailable)
    }

    async fn messages_before(
        &self,
        workspace: &WorkspaceId,
        session: &SessionId,
        before_seq: u64,
        limit: usize,
    ) -> Result<Vec<StoredMessage>, Unavailable> {
        if due(&self.unreadable) {
            return Err(Unavailable);
        }
        let inner = &self.inner;
        inner
            .messages_before(workspace, session, before_seq, limit)
            .await
    }

    async fn sessions(
        &self,
        _: &WorkspaceId,
        _: &SessionQuery,
        _: Option<&SessionCursor>,
    ) -> Result<Vec<Session>, Unavailable> {
        Err(Unavailable)
    }

    async fn search(
        &self,
        _: &WorkspaceId,
        _: &str,
        _: Option<EntryId>,
        _: usize,
    ) -> Result<Vec<StoredMessage>, Unavailable> {
        Err(Unavailable)
    }

    async fn index_older(&self, _: usize) -> Result<usize, Unavailable> {
        Err(Unavailable)
    }

    async fn messages_of(
        &self,
        _: &WorkspaceId,
        _: &OperatorId,
        _: Option<EntryId>,
        _: usize,
    ) -> Result<Vec<StoredMessage>, Unavailable> {
        Err(Unavailable)
    }

    async fn unread(&self, _: &WorkspaceId) -> Result<Unread, Unavailable> {
        Err(Unavailable)
    }

    async fn message_rows(
        &self,
        _: &WorkspaceId,
        _: &[MessageId],
    ) -> Result<Vec<MessageRow>, Unavailable> {
        Err(Unavailable)
    }

    async fn session_numbers(
        &self,
        _: &WorkspaceId,
        _: &[SessionId],
    ) -> Result<Vec<(SessionId, u64)>, Unavailable> {
        Err(Unavailable)
    }

    async fn session_numbered(
        &self,
        _: &WorkspaceId,
        _: u64,
    ) -> Result<Option<SessionId>, Unavailable> {
        Err(Unavailable)
    }

    async fn ping(&self) -> Result<(), Unavailable> {
        self.inner.ping().await
    }
}

fn hub(clock: Clock) -> Arc<MemoryHub> {
    Arc::new(MemoryHub::new(
        clock,
        Retention {
            feed_ms: 60_000,
            ended_ms: 60_000,
        },
    ))
}

fn workspace() -> WorkspaceId {
    WorkspaceId::new("default")
}

fn partition() -> Partition {
    Partition::of(&workspace())
}

struct Directory(PathBuf);

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
