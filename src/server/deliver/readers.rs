use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{sync::Mutex as AsyncMutex, time::Instant};

use super::{Alike, Encodings, Mailbox, ReaderKey, Reading, encode_aside, waiters::Parked};
use crate::{
    hub::{Hub, Log, Unavailable},
    metrics::ServerMetrics,
    model::{Aside, Entry, EntryId, Epoch, PARTITIONS, PodId},
    server::App,
};

/// A subscription outlives its last reader by this: between two polls, or over a reconnect, it
/// costs nothing to keep and two round trips to make again.
const LINGER: Duration = Duration::from_secs(30);

/// Who on this pod reads which log.
pub struct Readers<A: App> {
    hub: Arc<dyn Hub>,
    pod: PodId,
    topics: Mutex<HashMap<Log, Topic<A::Class>>>,
    /// Topics made so far: one that went and came again is another one.
    made: AtomicU64,
    encodings: Arc<Encodings<A::Class>>,
    /// One per partition: subscribing and unsubscribing the same log must not overtake each other.
    changing: Vec<AsyncMutex<()>>,
    metrics: ServerMetrics,
}

struct Topic<C> {
    readers: HashMap<ReaderKey, Listening<C>>,
    subscribed: bool,
    idle_since: Option<Instant>,
    /// When a polling client last began to listen: it reads what came between two of its GETs.
    polled_at: Option<Instant>,
    /// The newest entry that was handed to the readers.
    heard: EntryId,
    /// How often it may have missed some.
    upsets: u64,
}

impl<C> Topic<C> {
    /// Whether what is said now is about to be read by somebody's GET.
    fn is_polled(&self) -> bool {
        let lately = self.polled_at.is_some_and(|at| at.elapsed() < LINGER);
        let now = |listening: &Listening<C>| matches!(listening.to, To::Poll(_));
        lately || self.readers.values().any(now)
    }
}

/// That a log was subscribed before something else happened.
#[derive(Clone, Copy, Debug)]
pub struct Ahead {
    upsets: u64,
}

struct Listening<C> {
    alike: Alike<C>,
    to: To,
}

/// Where a reader gets its mail.
#[derive(Clone, Debug)]
pub enum To {
    /// A WebSocket is handed what is published.
    Mailbox(Mailbox),
    /// A parked GET is woken, and reads.
    Poll(Arc<Parked>),
}

/// A reader's registration; gone when dropped.
pub struct Watching<A: App> {
    readers: Arc<Readers<A>>,
    log: Log,
    key: ReaderKey,
}

impl<A: App> Readers<A> {
    pub fn new(
        hub: Arc<dyn Hub>,
        pod: PodId,
        encodings: Arc<Encodings<A::Class>>,
        metrics: ServerMetrics,
    ) -> Self {
        let changing = (0..PARTITIONS).map(|_| AsyncMutex::new(())).collect();
        Self {
            hub,
            pod,
            topics: Mutex::default(),
            made: AtomicU64::new(0),
            encodings,
            changing,
            metrics,
        }
    }

    /// Everything committed to the log after this returns reaches the mailbox, or marks it behind;
    /// or wakes the parked GET.
    pub async fn listen(
        self: &Arc<Self>,
        log: &Log,
        alike: Alike<A::Class>,
        to: To,
    ) -> Result<Watching<A>, Unavailable> {
        let key = rand::random();
        let polls = matches!(to, To::Poll(_));
        let listening = Listening { alike, to };
        self.with_topic(log, |topic| {
            topic.readers.insert(key, listening);
            if polls {
                topic.polled_at = Some(Instant::now());
            }
        });
        let watching = Watching {
            readers: Arc::clone(self),
            log: log.clone(),
            key,
        };
        self.subscribe(log).await?;
        Ok(watching)
    }

    /// Subscribes a log before its reader knows where it starts: whoever starts after this returned
    /// need not look for what came in between, unless [`Watching::missed`] says so.
    pub async fn ahead(self: &Arc<Self>, log: &Log) -> Result<Ahead, Unavailable> {
        let upsets = self.with_topic(log, |topic| topic.upsets);
        self.subscribe(log).await?;
        Ok(Ahead { upsets })
    }

    /// Hands an entry to every reader of the log it came by. Never waits.
    pub fn fan_out(&self, app: &A, log: &Log, epoch: &Epoch, entry: &Entry) {
        let mut topics = self.lock();
        let Some(topic) = topics.get_mut(log) else {
            return;
        };
        topic.heard = topic.heard.max(entry.id);
        let is_polled = topic.is_polled();
        let mut once = Once::default();
        for (key, listening) in &topic.readers {
            let mailbox = match &listening.to {
                To::Poll(parked) => {
                    parked.wake(None);
                    continue;
                }
                To::Mailbox(mailbox) => mailbox,
            };
            let encoded = once.get(&listening.alike, |alike| {
                if !app.is_at_hand(alike.class, entry) {
                    return None;
                }
                let reading = Reading { alike, log, epoch };
                Some(if is_polled {
                    self.encodings.get(app, reading, entry)
                } else {
                    self.encodings.make(app, reading, entry)
                })
            });
            let Some(encoded) = encoded else {
                // It reads its log, where it may wait.
                mailbox.mark_behind();
                continue;
            };
            if !mailbox.put(*key, encoded) {
                let behind = &self.metrics.slow_consumers;
                behind.with_label_values(&["behind"]).inc();
            }
        }
    }

    /// Tells every reader of a log what is said beside it; whoever has no room misses it.
    pub fn tell(&self, app: &A, log: &Log, aside: &Aside) {
        let topics = self.lock();
        let Some(topic) = topics.get(log) else { return };
        let mut once = Once::default();
        for (key, listening) in &topic.readers {
            let made = once.get(&listening.alike, |alike| {
                encode_aside(app, alike.class, &alike.nsp, aside)
            });
            let Some(frame) = made else { continue };
            match &listening.to {
                To::Mailbox(mailbox) => mailbox.put_aside(*key, frame),
                To::Poll(parked) => parked.put_aside(frame),
            }
        }
    }

    pub fn mark_behind(&self, which: impl Fn(&Log) -> bool) {
        let mut topics = self.lock();
        let affected = topics.iter_mut().filter(|(log, _)| which(log));
        for (_, topic) in affected {
            topic.upsets += 1;
            for listening in topic.readers.values() {
                match &listening.to {
                    To::Mailbox(mailbox) => mailbox.mark_behind(),
                    To::Poll(parked) => parked.wake(None),
                }
            }
        }
    }

    pub async fn unsubscribe_idle(&self) {
        let idle = |topic: &Topic<A::Class>| {
            topic
                .idle_since
                .is_some_and(|since| since.elapsed() >= LINGER)
        };
        let logs: Vec<Log> = self
            .lock()
            .iter()
            .filter(|(_, topic)| idle(topic))
            .map(|(log, _)| log.clone())
            .collect();
        for log in logs {
            let _changing = self.changing[log.partition().index()].lock().await;
            if self.remove_if(&log, idle) {
                // A subscription too many costs publications that nobody reads, and nothing else.
                let _ = self.hub.unsubscribe(&self.pod, &log).await;
            }
        }
    }

    async fn subscribe(&self, log: &Log) -> Result<(), Unavailable> {
        let is_subscribed = || self.lock().get(log).is_some_and(|topic| topic.subscribed);
        if is_subscribed() {
            return Ok(());
        }
        let _changing = self.changing[log.partition().index()].lock().await;
        if !is_subscribed() {
            self.hub.subscribe(&self.pod, log).await?;
            self.with_topic(log, |topic| topic.subscribed = true);
        }
        Ok(())
    }

    fn with_topic<T>(&self, log: &Log, change: impl FnOnce(&mut Topic<A::Class>) -> T) -> T {
        let mut topics = self.lock();
        let topic = topics.entry(log.clone()).or_insert_with(|| Topic {
            readers: HashMap::new(),
            subscribed: false,
            idle_since: None,
            polled_at: None,
            heard: EntryId::ZERO,
            // In the upper half, so that no number of upsets makes it another one's.
            upsets: self.made.fetch_add(1, Ordering::Relaxed) << 32,
        });
        let result = change(topic);
        let idle = topic.readers.is_empty();
        topic.idle_since = idle.then(|| topic.idle_since.unwrap_or_else(Instant::now));
        result
    }

    fn remove_if(&self, log: &Log, condition: impl Fn(&Topic<A::Class>) -> bool) -> bool {
        let mut topics = self.lock();
        let removed = topics.get(log).is_some_and(condition);
        if removed {
            topics.remove(log);
        }
        removed
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Log, Topic<A::Class>>> {
        self.topics.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<A: App> Watching<A> {
    /// Whether entries after `from` may have gone by before this reader was there, though the log was
    /// subscribed before `from` was. Those that have not gone by yet will be handed to it.
    pub fn missed(&self, ahead: Ahead, from: EntryId) -> bool {
        let topics = self.readers.lock();
        let topic = topics.get(&self.log);
        topic.is_none_or(|topic| topic.upsets != ahead.upsets || topic.heard > from)
    }

    pub fn is(&self, key: ReaderKey) -> bool {
        self.key == key
    }
}

impl<A: App> Drop for Watching<A> {
    fn drop(&mut self) {
        let key = &self.key;
        self.readers
            .with_topic(&self.log, |topic| topic.readers.remove(key));
    }
}

/// What is made once for all readers that are alike.
struct Once<C, T>(Vec<(Alike<C>, T)>);

impl<C, T> Default for Once<C, T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<C: Copy + Eq, T: Clone> Once<C, T> {
    /// There are a handful of them: a search is cheaper than a hash.
    fn get(&mut self, alike: &Alike<C>, make: impl FnOnce(&Alike<C>) -> T) -> T {
        let mut known = self.0.iter();
        if let Some((_, made)) = known.find(|(other, _)| other == alike) {
            return made.clone();
        }
        let made = make(alike);
        self.0.push((alike.clone(), made.clone()));
        made
    }
}
