use std::sync::Arc;

use switchboard::{
    hub::{Channels as _, Log, Logs as _, Publication, Publications, redis::RedisHub},
    model::{Entry, EntryId, Epoch, Partition, PodId},
};

use super::{
    place::{ALL, Place},
    within,
};

/// A pod with one reader, as a socket is one: it goes by what it hears, and reads the log where it has
/// to.
pub struct Reader {
    hub: Arc<RedisHub>,
    log: Log,
    publications: Publications,
    pub read: Vec<Arc<Entry>>,
    /// The last that was heard.
    heard: EntryId,
    /// How many were heard in their turn, and needed no look at the log.
    pub live: usize,
    /// How often it was told that it lags.
    pub lagged: usize,
    pub epochs: Vec<(Partition, Epoch)>,
}

impl Reader {
    pub async fn attach(hub: &Arc<RedisHub>, place: &Place) -> Self {
        let pod = PodId::draw();
        let publications = hub.attach(&pod, ALL).await.unwrap().publications;
        let log = place.log();
        hub.subscribe(&pod, &log).await.unwrap();
        let mut reader = Self {
            hub: Arc::clone(hub),
            log,
            publications,
            read: Vec::new(),
            heard: EntryId::ZERO,
            live: 0,
            lagged: 0,
            epochs: Vec::new(),
        };
        reader.read_on().await;
        reader
    }

    /// Until it has got to this entry.
    pub async fn reach(&mut self, id: EntryId) {
        while self.last() < id {
            self.step().await;
        }
    }

    /// Until it was told so often that it lags.
    pub async fn lag(&mut self, times: usize) {
        while self.lagged < times {
            self.step().await;
        }
    }

    /// The next publication.
    pub async fn step(&mut self) {
        match within(self.publications.next()).await.unwrap() {
            Publication::Entry { entry, .. } => {
                assert!(self.heard < entry.id, "in the wrong order, or twice");
                self.heard = entry.id;
                if entry.id <= self.last() {
                    return;
                }
                if self.log.prev(&entry) == self.last() {
                    self.live += 1;
                    self.read.push(entry);
                } else {
                    self.read_on().await;
                }
            }
            Publication::Lagged => {
                self.lagged += 1;
                self.read_on().await;
            }
            Publication::Epoch { partition, epoch } => self.epochs.push((partition, epoch)),
            _ => {}
        }
    }

    /// What it has is what the log has.
    pub async fn assert_whole(&self, place: &Place) {
        let log = place.read(&self.hub).await;
        let ids = |entries: &[Arc<Entry>]| entries.iter().map(|it| it.id).collect::<Vec<_>>();
        assert_eq!(ids(&self.read), ids(&log));
    }

    fn last(&self) -> EntryId {
        self.read.last().map_or(EntryId::ZERO, |entry| entry.id)
    }

    async fn read_on(&mut self) {
        let (hub, log, after) = (&self.hub, &self.log, self.last());
        let page = within(async {
            loop {
                if let Ok(page) = hub.read(log, after, ALL).await {
                    return page;
                }
            }
        });
        self.read.extend(page.await.entries);
    }
}
