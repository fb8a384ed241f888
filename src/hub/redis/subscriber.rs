//! From the channels of Redis to the pods of this process.
//!
//! One connection (per node) hears all channels, so what is published in a partition arrives in its
//! order; a task moves it to workers by partition and never waits, since Redis drops a connection
//! that is not read. What does not fit is lost, and every pod is told that it lags.

use std::{
    collections::{HashMap, hash_map},
    sync::{Arc, Mutex, Weak},
    time::Duration,
};

use fred::{
    clients::SubscriberClient,
    interfaces::{
        ClientLike as _, ClusterInterface as _, EventInterface as _, PubsubInterface as _,
    },
    types::{ClusterStateChange, Message, Value, config::Server},
};
use tokio::{
    sync::{
        Mutex as AsyncMutex,
        broadcast::{Receiver, error::RecvError},
        mpsc,
    },
    time::{Instant, sleep, timeout},
};
use tokio_util::sync::{CancellationToken, DropGuard};
use tracing::{info, warn};

use super::{
    entry,
    keys::Keys,
    pack::{Parts, Unreadable},
    seldom::Seldom,
    signal,
};
use crate::{
    hub::{Channel, Dirty, Faults, Mark, Unavailable, bus::Bus, lock},
    metrics::HubMetrics,
    model::{Aside, Entry, Epoch, Partition, PodId, Sid},
};

/// Publications that wait for a worker; beyond that all is read again.
const WORKER_QUEUE: usize = 16_384;
/// Channels in one command.
const BATCH: usize = 512;
/// For one command; a subscription that takes longer is tried again.
const PATIENCE: Duration = Duration::from_secs(2);
/// Between two attempts to subscribe again.
const PAUSE: Duration = Duration::from_millis(200);
/// Between two probes of a partition, at least.
const PROBE_EVERY: Duration = Duration::from_secs(4);
/// Probes without an echo after which a partition counts as deaf.
const MISSED: u64 = 2;

pub struct Subscriber {
    client: SubscriberClient,
    keys: Keys,
    pub bus: Bus,
    faults: Arc<Faults>,
    pub dirty: Dirty,
    metrics: HubMetrics,
    /// What each subscribed channel is. Ours, not fred's: it does not bring back sharded ones alone.
    channels: Mutex<HashMap<String, Subscribed>>,
    /// Per partition: subscribing and unsubscribing must not overtake each other.
    changing: Vec<AsyncMutex<()>>,
    partitions: Vec<Mutex<Known>>,
    losses: Seldom,
    _stop: DropGuard,
}

struct Subscribed {
    target: Target,
    /// Redis has said so. One that was asked for by somebody who did not wait is asked for again.
    confirmed: bool,
}

#[derive(Clone, Debug)]
enum Target {
    Control(Partition),
    Inbox(Partition, PodId),
    /// Of the history's writer in this process.
    Writer(Partition),
    Channel(Channel),
}

impl Target {
    fn partition(&self) -> Partition {
        match self {
            Self::Control(partition) | Self::Inbox(partition, _) | Self::Writer(partition) => {
                *partition
            }
            Self::Channel(channel) => channel.partition(),
        }
    }
}

#[derive(Debug, Default)]
struct Known {
    epoch: Option<Epoch>,
    /// The life before that.
    before: Option<Epoch>,
    /// Probes sent since the last echo.
    unheard: u64,
    probed: Option<Instant>,
}

impl Subscriber {
    pub fn start(
        client: SubscriberClient,
        keys: Keys,
        faults: Arc<Faults>,
        metrics: HubMetrics,
    ) -> Arc<Self> {
        let stop = CancellationToken::new();
        let subscriber = Arc::new(Self {
            client,
            keys,
            bus: Bus::default(),
            faults,
            dirty: Dirty::default(),
            metrics,
            channels: Mutex::default(),
            changing: Partition::all().map(|_| AsyncMutex::default()).collect(),
            partitions: Partition::all().map(|_| Mutex::default()).collect(),
            losses: Seldom::default(),
            _stop: stop.clone().drop_guard(),
        });
        let workers = std::thread::available_parallelism().map_or(1, usize::from);
        let queues: Vec<_> = (0..workers)
            .map(|_| {
                let (sender, receiver) = mpsc::channel(WORKER_QUEUE);
                let worker = Worker {
                    subscriber: Arc::downgrade(&subscriber),
                    last: None,
                };
                tokio::spawn(worker.run(receiver));
                sender
            })
            .collect();
        // Before anything can be published, or lost.
        let heard = subscriber.client.message_rx();
        let reconnected = subscriber.client.reconnect_rx();
        let moved = subscriber.client.cluster_change_rx();
        let weak = Arc::downgrade(&subscriber);
        tokio::spawn(hear(weak.clone(), heard, queues, stop.clone()));
        tokio::spawn(watch(weak, reconnected, moved, stop));
        subscriber
    }

    /// Joins a pod to its inboxes and to the control channels, of all partitions.
    pub async fn attach(&self, pod: &PodId) -> Result<(), Unavailable> {
        for partition in Partition::all() {
            let control = Target::Control(partition);
            let inbox = Target::Inbox(partition, pod.clone());
            let named = [
                (self.keys.control(partition), control),
                (self.keys.inbox(partition, pod), inbox),
            ];
            let named = named.map(|(name, target)| {
                let asked = Subscribed {
                    target,
                    confirmed: false,
                };
                (name, asked)
            });
            lock(&self.channels).extend(named);
        }
        let all = Partition::all().map(|partition| self.subscribe_again(partition));
        futures_util::future::try_join_all(all).await.map(drop)
    }

    pub async fn subscribe(&self, channel: &Channel) -> Result<(), Unavailable> {
        let name = self.keys.channel(channel);
        self.listen("subscribe", name, Target::Channel(channel.clone()))
            .await
    }

    /// Hears what other pods commit to a partition that this process writes to the history.
    pub async fn hear_writer(&self, partition: Partition, pod: &PodId) -> Result<(), Unavailable> {
        let name = self.keys.writer(partition, pod);
        self.listen("hear_writer", name, Target::Writer(partition))
            .await
    }

    async fn listen(&self, why: &str, name: String, target: Target) -> Result<(), Unavailable> {
        let _changing = self.changing[target.partition().index()].lock().await;
        if lock(&self.channels)
            .get(&name)
            .is_some_and(|it| it.confirmed)
        {
            return Ok(());
        }
        // Known first: what is published right after the subscription must find its readers.
        let asked = Subscribed {
            target,
            confirmed: false,
        };
        lock(&self.channels).insert(name.clone(), asked);
        let subscribed = self.ssubscribe(why, vec![name.clone()]).await;
        match (&subscribed, lock(&self.channels).entry(name)) {
            (Ok(()), hash_map::Entry::Occupied(mut known)) => known.get_mut().confirmed = true,
            (Err(_), hash_map::Entry::Occupied(known)) => drop(known.remove()),
            (_, hash_map::Entry::Vacant(_)) => {}
        }
        subscribed
    }

    pub async fn unsubscribe(&self, channel: &Channel) -> Result<(), Unavailable> {
        let name = self.keys.channel(channel);
        let _changing = self.changing[channel.partition().index()].lock().await;
        if self.bus.has_readers(channel) || lock(&self.channels).remove(&name).is_none() {
            return Ok(());
        }
        let done = timeout(PATIENCE, self.client.sunsubscribe(name)).await;
        done.map_err(|_| Unavailable)?.map_err(|_| Unavailable)
    }

    /// The life of a partition as far as this process knows. Taken before a question whose answer is
    /// given to [`Subscriber::epoch_answered`].
    pub fn epoch(&self, partition: Partition) -> Option<Epoch> {
        lock(&self.partitions[partition.index()]).epoch.clone()
    }

    /// Learns the life of a partition from an answer, which may have been a while on its way: what was
    /// heard since it was asked for is newer.
    pub fn epoch_answered(&self, partition: Partition, asked: Option<&Epoch>, epoch: &Epoch) {
        let mut known = lock(&self.partitions[partition.index()]);
        if known.epoch.as_ref() == asked {
            self.note_epoch(&mut known, partition, epoch);
        }
    }

    /// Learns it from a publication. Those that were still waiting when an answer told the next life
    /// must not bring back the one before.
    fn epoch_heard(&self, partition: Partition, epoch: &Epoch) {
        let mut known = lock(&self.partitions[partition.index()]);
        if known.before.as_ref() != Some(epoch) {
            self.note_epoch(&mut known, partition, epoch);
        }
    }

    /// Says so if it is another one than before; under the lock, so that lives are told in order.
    fn note_epoch(&self, known: &mut Known, partition: Partition, epoch: &Epoch) {
        if known.epoch.as_ref() == Some(epoch) {
            return;
        }
        known.before = known.epoch.replace(epoch.clone());
        if known.before.is_some() {
            self.metrics.errors.with_label_values(&["epoch"]).inc();
            // Once for all partitions that share it.
            if self.losses.is_time() {
                warn!("Redis has lost its state, which is read from the history");
            }
            self.bus.epoch(partition, epoch);
            // The writer has to put back what is open, also where nobody commits.
            self.dirty.mark(partition);
        }
    }

    /// Where a probe of this partition goes, if it is time for one; counts it.
    pub fn probe(&self, partition: Partition) -> Option<String> {
        let pod = self.bus.some_pod()?;
        let mut known = lock(&self.partitions[partition.index()]);
        if known.probed.is_some_and(|at| at.elapsed() < PROBE_EVERY) {
            return None;
        }
        known.probed = Some(Instant::now());
        known.unheard += 1;
        Some(self.keys.inbox(partition, &pod))
    }

    /// Subscribes a partition again if it has missed its probes.
    pub async fn heal_if_deaf(&self, partition: Partition) {
        if lock(&self.partitions[partition.index()]).unheard < MISSED {
            return;
        }
        warn!(
            partition = partition.index(),
            "probes are not heard: subscribing again"
        );
        self.metrics.errors.with_label_values(&["deaf"]).inc();
        if self.client.is_clustered() {
            let _ = timeout(PATIENCE, self.client.sync_cluster()).await;
        }
        if self.subscribe_again(partition).await.is_ok() {
            lock(&self.partitions[partition.index()]).unheard = 0;
            self.bus.lag();
        }
    }

    /// After the connection was lost: everything, until it is done, then all is read again.
    async fn heal(&self) {
        let mut left: Vec<Partition> = Partition::all().collect();
        loop {
            let mut failed = Vec::new();
            let before = left.len();
            for partition in left {
                if self.subscribe_again(partition).await.is_err() {
                    failed.push(partition);
                }
            }
            // Those that are back need not wait for a node that is not.
            if failed.len() < before {
                self.bus.lag();
            }
            if failed.is_empty() {
                break;
            }
            left = failed;
            sleep(PAUSE).await;
        }
        info!("subscribed again");
    }

    async fn subscribe_again(&self, partition: Partition) -> Result<(), Unavailable> {
        let _changing = self.changing[partition.index()].lock().await;
        let names: Vec<String> = lock(&self.channels)
            .iter()
            .filter(|(_, known)| known.target.partition() == partition)
            .map(|(name, _)| name.clone())
            .collect();
        for some in names.chunks(BATCH) {
            self.ssubscribe("subscribe_again", some.to_vec()).await?;
        }
        Ok(())
    }

    /// Returns when Redis has confirmed.
    async fn ssubscribe(&self, why: &str, names: Vec<String>) -> Result<(), Unavailable> {
        self.metrics.commands.with_label_values(&[why]).inc();
        match timeout(PATIENCE, self.client.ssubscribe(names)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => {
                self.metrics.errors.with_label_values(&["subscribe"]).inc();
                Err(Unavailable)
            }
        }
    }

    pub async fn close(&self) {
        let _ = self.client.quit().await;
    }
}

type Queue = mpsc::Sender<(Target, bytes::Bytes)>;

/// Moves what is heard to the workers; never waits for them.
async fn hear(
    subscriber: Weak<Subscriber>,
    mut heard: Receiver<Message>,
    queues: Vec<Queue>,
    stop: CancellationToken,
) {
    loop {
        let next = tokio::select! {
            next = heard.recv() => next,
            () = stop.cancelled() => return,
        };
        let Some(subscriber) = subscriber.upgrade() else {
            return;
        };
        let message = match next {
            Ok(message) => message,
            Err(RecvError::Lagged(_)) => {
                subscriber.bus.lag();
                continue;
            }
            Err(RecvError::Closed) => return,
        };
        let Some((target, payload)) = subscriber.targeted(message) else {
            continue;
        };
        let queue = &queues[target.partition().index() % queues.len()];
        if queue.try_send((target, payload)).is_err() {
            subscriber.bus.lag();
        }
    }
}

/// Subscribes again whenever the connection was lost or slots have moved.
async fn watch(
    subscriber: Weak<Subscriber>,
    mut reconnected: Receiver<Server>,
    mut moved: Receiver<Vec<ClusterStateChange>>,
    stop: CancellationToken,
) {
    loop {
        tokio::select! {
            event = reconnected.recv() => if matches!(event, Err(RecvError::Closed)) { return },
            event = moved.recv() => if matches!(event, Err(RecvError::Closed)) { return },
            () = stop.cancelled() => return,
        }
        let Some(subscriber) = subscriber.upgrade() else {
            return;
        };
        tokio::select! {
            () = subscriber.heal() => {}
            () = stop.cancelled() => return,
        }
    }
}

impl Subscriber {
    fn targeted(&self, message: Message) -> Option<(Target, bytes::Bytes)> {
        let target = lock(&self.channels).get(&*message.channel)?.target.clone();
        let payload = match message.value {
            Value::Bytes(bytes) => bytes,
            Value::String(text) => text.into_inner(),
            _ => return None,
        };
        Some((target, payload))
    }
}

/// Reads publications of its partitions in order and hands them to the bus.
struct Worker {
    subscriber: Weak<Subscriber>,
    /// The entry that was read last: it comes by two channels, one after the other.
    last: Option<(bytes::Bytes, Arc<Entry>)>,
}

impl Worker {
    async fn run(mut self, mut queue: mpsc::Receiver<(Target, bytes::Bytes)>) {
        while let Some((target, payload)) = queue.recv().await {
            let Some(subscriber) = self.subscriber.upgrade() else {
                return;
            };
            if self.publication(&subscriber, &target, &payload).is_err() {
                // Of a release that writes what this one does not know: readers find it in the log.
                warn!(
                    partition = target.partition().index(),
                    "a publication cannot be read"
                );
                subscriber.bus.lag();
            }
        }
    }

    fn publication(
        &mut self,
        subscriber: &Subscriber,
        target: &Target,
        payload: &bytes::Bytes,
    ) -> Result<(), Unreadable> {
        let mut parts = Parts::new(payload);
        let kind = parts.text()?;
        match (target, kind) {
            (Target::Channel(channel), "entry") => {
                let epoch = Epoch(parts.text()?.to_owned());
                let entry = self.entry(payload, parts.bytes()?)?;
                subscriber.epoch_heard(channel.partition(), &epoch);
                let faults = &subscriber.faults;
                subscriber.bus.entry(faults, channel, &epoch, &entry);
            }
            (Target::Channel(channel), "aside") => {
                // One that is of a later release is lost, as any may be.
                if let Ok(aside) = entry::json::<Aside>(parts.bytes()?) {
                    subscriber.bus.aside(channel, aside);
                }
            }
            (Target::Control(partition), "persisted") => subscriber.bus.persisted(Mark {
                partition: *partition,
                epoch: Epoch(parts.text()?.to_owned()),
                id: parts.parsed()?,
            }),
            (Target::Control(partition), "epoch") => {
                subscriber.epoch_heard(*partition, &Epoch(parts.text()?.to_owned()));
            }
            (Target::Inbox(_, pod), "signal") => {
                let sid = Sid::new(parts.text()?);
                let signal = signal::named(parts.text()?);
                subscriber.bus.signal(pod, &sid, signal);
            }
            (Target::Writer(partition), "dirty") => subscriber.dirty.mark(*partition),
            (Target::Inbox(partition, _), "probe") => {
                lock(&subscriber.partitions[partition.index()]).unheard = 0;
            }
            _ => {}
        }
        Ok(())
    }

    fn entry(&mut self, payload: &bytes::Bytes, packed: &[u8]) -> Result<Arc<Entry>, Unreadable> {
        if let Some((last, entry)) = &self.last
            && last == packed
        {
            return Ok(Arc::clone(entry));
        }
        let entry = Arc::new(entry::entry(packed)?);
        self.last = Some((payload.slice_ref(packed), Arc::clone(&entry)));
        Ok(entry)
    }
}
