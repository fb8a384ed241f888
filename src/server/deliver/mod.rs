//! From what the hub publishes to the sockets of this pod.
//!
//! One task reads the publications in order. An entry is encoded once per class of readers and
//! handed to each as a shared value; a reader whose mailbox is full gets nothing more until it has
//! read its log, so a slow socket costs its mailbox and no more.

mod encoded;
mod encodings;
mod mailbox;
mod readers;
mod waiters;

use std::{future::pending, sync::Arc, time::Duration};

use tokio::{sync::watch, time::sleep};
use tokio_util::sync::CancellationToken;

pub use encoded::{Alike, Encoded, Reading, is_told};
use encoded::{encode, encode_aside};
pub use encodings::Encodings;
pub use mailbox::{Delivery, Mailbox, Reader, ReaderKey, mailbox};
pub use readers::{Ahead, Readers, To, Watching};
pub use waiters::{Parked, Waiter, Waiters};

use super::App;
use crate::{
    hub::{Hub, Mark, Persisted, Publication, Publications, Signal},
    metrics::{HubMetrics, Metrics},
    model::{PodId, Sid},
};

/// Between two attempts to learn what is stored.
const ASK_AGAIN: Duration = Duration::from_secs(1);

pub struct Deliver<A: App> {
    app: Arc<A>,
    hub: Arc<dyn Hub>,
    pub readers: Arc<Readers<A>>,
    pub encodings: Arc<Encodings<A::Class>>,
    /// Parked GETs and open WebSockets by sid, for what is said to one connection.
    pub waiters: Arc<Waiters>,
    persisted: watch::Sender<Persisted>,
    hub_metrics: HubMetrics,
}

impl<A: App> Deliver<A> {
    pub fn new(app: Arc<A>, hub: Arc<dyn Hub>, pod: PodId, metrics: &Metrics) -> Self {
        let (server, encodings) = (
            metrics.server.clone(),
            Arc::new(Encodings::new(metrics.server.encoded.clone())),
        );
        let readers = Readers::new(Arc::clone(&hub), pod, Arc::clone(&encodings), server);
        Self {
            app,
            readers: Arc::new(readers),
            encodings,
            hub,
            waiters: Arc::default(),
            persisted: watch::Sender::new(Persisted::default()),
            hub_metrics: metrics.hub.clone(),
        }
    }

    /// How far the history is, as far as this pod knows.
    pub fn persisted(&self) -> watch::Receiver<Persisted> {
        self.persisted.subscribe()
    }

    /// Until cancelled, or the hub is gone.
    pub async fn run(&self, mut publications: Publications, stop: CancellationToken) {
        // Beside what is published, which must not wait for a partition in trouble.
        let mut reading = Some(Box::pin(self.read_persisted()));
        loop {
            let publication = tokio::select! {
                publication = publications.next() => publication,
                () = until(&mut reading) => {
                    reading = None;
                    continue;
                }
                () = stop.cancelled() => return,
            };
            match publication {
                Some(Publication::Entry {
                    channel,
                    epoch,
                    entry,
                }) => {
                    self.readers.fan_out(&*self.app, &channel, &epoch, &entry);
                }
                Some(Publication::Aside { channel, aside }) => {
                    self.readers.tell(&*self.app, &channel, &aside);
                }
                Some(Publication::Signal { sid, signal }) => self.signal(&sid, signal),
                Some(Publication::Persisted(mark)) => self.raise(mark),
                Some(Publication::Epoch { partition, .. }) => {
                    self.readers.mark_behind(|log| log.partition() == partition);
                }
                Some(Publication::Lagged) => {
                    self.recover_from_lag();
                    reading = Some(Box::pin(self.read_persisted()));
                }
                None => return,
            }
        }
    }

    /// Unsubscribes what had no reader for a while; called from time to time.
    pub async fn tidy(&self) {
        self.readers.unsubscribe_idle().await;
    }

    fn signal(&self, sid: &Sid, signal: Signal) {
        self.waiters.signal(sid, signal);
    }

    fn raise(&self, mark: Mark) {
        self.persisted
            .send_if_modified(|persisted| persisted.raise(mark));
    }

    fn recover_from_lag(&self) {
        self.hub_metrics.lagged.inc();
        self.readers.mark_behind(|_| true);
        self.waiters.wake_all();
    }

    /// Until it is known: acks may wait for what was published meanwhile.
    async fn read_persisted(&self) {
        loop {
            if let Ok(known) = self.hub.persisted().await {
                return known.marks().for_each(|mark| self.raise(mark));
            }
            sleep(ASK_AGAIN).await;
        }
    }
}

async fn until(work: &mut Option<impl Future<Output = ()> + Unpin>) {
    match work {
        Some(work) => work.await,
        None => pending().await,
    }
}
