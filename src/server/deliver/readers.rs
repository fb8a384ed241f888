use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{sync::Mutex as AsyncMutex, time::Instant};

use super::{Encoded, Mailbox, ReaderKey, Reading, encode, waiters::Parked};
use crate::{
    hub::{Hub, Log, Unavailable},
    metrics::ServerMetrics,
    model::{Entry, Epoch, PARTITIONS, PodId},
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
    /// One per partition: subscribing and unsubscribing the same log must not overtake each other.
    changing: Vec<AsyncMutex<()>>,
    metrics: ServerMetrics,
}

struct Topic<C> {
    sockets: HashMap<ReaderKey, Listening<C>>,
    polls: Vec<Arc<Parked>>,
    subscribed: bool,
    idle_since: Option<Instant>,
}

struct Listening<C> {
    class: C,
    nsp: Arc<str>,
    mailbox: Mailbox,
}

/// A reader's registration; gone when dropped.
pub struct Watching<A: App> {
    readers: Arc<Readers<A>>,
    log: Log,
    who: Who,
}

enum Who {
    Socket(ReaderKey),
    Poll(Arc<Parked>),
}

impl<A: App> Readers<A> {
    pub fn new(hub: Arc<dyn Hub>, pod: PodId, metrics: ServerMetrics) -> Self {
        let changing = (0..PARTITIONS).map(|_| AsyncMutex::new(())).collect();
        Self {
            hub,
            pod,
            topics: Mutex::default(),
            changing,
            metrics,
        }
    }

    /// Everything committed to the log after this returns reaches the mailbox, or marks it behind.
    pub async fn listen(
        self: &Arc<Self>,
        log: &Log,
        nsp: &str,
        class: A::Class,
        mailbox: &Mailbox,
    ) -> Result<Watching<A>, Unavailable> {
        let key = rand::random();
        let listening = Listening {
            class,
            nsp: nsp.into(),
            mailbox: mailbox.clone(),
        };
        self.with_topic(log, |topic| topic.sockets.insert(key, listening));
        self.subscribed(Watching {
            readers: Arc::clone(self),
            log: log.clone(),
            who: Who::Socket(key),
        })
        .await
    }

    /// Everything committed to the log after this returns wakes the parked GET.
    pub async fn park(
        self: &Arc<Self>,
        log: &Log,
        parked: &Arc<Parked>,
    ) -> Result<Watching<A>, Unavailable> {
        self.with_topic(log, |topic| topic.polls.push(Arc::clone(parked)));
        let who = Who::Poll(Arc::clone(parked));
        self.subscribed(Watching {
            readers: Arc::clone(self),
            log: log.clone(),
            who,
        })
        .await
    }

    /// Hands an entry to every reader of the log it came by. Never waits.
    pub fn fan_out(&self, app: &A, log: &Log, epoch: &Epoch, entry: &Entry) {
        let topics = self.lock();
        let Some(topic) = topics.get(log) else { return };
        let mut encodings: Vec<(A::Class, &Arc<str>, Arc<Encoded>)> = Vec::new();
        for (key, listening) in &topic.sockets {
            let known = encodings
                .iter()
                .find(|(class, nsp, _)| *class == listening.class && **nsp == listening.nsp);
            let encoded = if let Some((.., encoded)) = known {
                Arc::clone(encoded)
            } else {
                let reading = Reading {
                    nsp: &listening.nsp,
                    log,
                    epoch,
                };
                let encoded = encode(app, listening.class, reading, entry);
                encodings.push((listening.class, &listening.nsp, Arc::clone(&encoded)));
                encoded
            };
            if !listening.mailbox.put(*key, encoded) {
                self.metrics
                    .slow_consumers
                    .with_label_values(&["behind"])
                    .inc();
            }
        }
        for parked in &topic.polls {
            parked.wake(None);
        }
    }

    pub fn mark_behind(&self, which: impl Fn(&Log) -> bool) {
        for (_, topic) in self.lock().iter().filter(|(log, _)| which(log)) {
            for listening in topic.sockets.values() {
                listening.mailbox.mark_behind();
            }
            for parked in &topic.polls {
                parked.wake(None);
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

    async fn subscribed(
        self: &Arc<Self>,
        watching: Watching<A>,
    ) -> Result<Watching<A>, Unavailable> {
        let is_subscribed = || {
            self.lock()
                .get(&watching.log)
                .is_some_and(|topic| topic.subscribed)
        };
        if is_subscribed() {
            return Ok(watching);
        }
        let _changing = self.changing[watching.log.partition().index()].lock().await;
        if !is_subscribed() {
            self.hub.subscribe(&self.pod, &watching.log).await?;
            self.with_topic(&watching.log, |topic| topic.subscribed = true);
        }
        Ok(watching)
    }

    fn with_topic<T>(&self, log: &Log, change: impl FnOnce(&mut Topic<A::Class>) -> T) -> T {
        let mut topics = self.lock();
        let topic = topics.entry(log.clone()).or_insert_with(|| Topic {
            sockets: HashMap::new(),
            polls: Vec::new(),
            subscribed: false,
            idle_since: None,
        });
        let result = change(topic);
        let idle = topic.sockets.is_empty() && topic.polls.is_empty();
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
    /// Of a socket's registration.
    pub fn is(&self, key: ReaderKey) -> bool {
        matches!(self.who, Who::Socket(own) if own == key)
    }
}

impl<A: App> Drop for Watching<A> {
    fn drop(&mut self) {
        self.readers.with_topic(&self.log, |topic| match &self.who {
            Who::Socket(key) => {
                topic.sockets.remove(key);
            }
            Who::Poll(own) => topic.polls.retain(|parked| !Arc::ptr_eq(parked, own)),
        });
    }
}
