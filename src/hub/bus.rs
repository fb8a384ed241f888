use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex},
};

use super::{Channel, Faults, Mark, Publication, Publisher, Signal, lock};
use crate::model::{Aside, Entry, Epoch, Partition, PodId, Sid};

/// Who listens to what. Called with a slot locked, which is what keeps the order of a partition;
/// so nothing here waits, and nothing here locks a slot.
#[derive(Debug, Default)]
pub struct Bus(Mutex<Listeners>);

#[derive(Debug, Default)]
struct Listeners {
    pods: HashMap<PodId, Publisher>,
    channels: HashMap<Channel, HashSet<PodId>>,
}

impl Bus {
    pub fn attach(&self, pod: &PodId, publisher: Publisher) {
        let mut listeners = lock(&self.0);
        listeners.pods.retain(|_, publisher| !publisher.is_closed());
        listeners.pods.insert(pod.clone(), publisher);
    }

    pub fn subscribe(&self, pod: &PodId, channel: &Channel) {
        lock(&self.0)
            .channels
            .entry(channel.clone())
            .or_default()
            .insert(pod.clone());
    }

    pub fn unsubscribe(&self, pod: &PodId, channel: &Channel) {
        let mut listeners = lock(&self.0);
        if let Some(pods) = listeners.channels.get_mut(channel) {
            pods.remove(pod);
            if pods.is_empty() {
                listeners.channels.remove(channel);
            }
        }
    }

    pub fn has_readers(&self, channel: &Channel) -> bool {
        lock(&self.0).channels.contains_key(channel)
    }

    /// One of the pods, always the same while it is there.
    pub fn some_pod(&self) -> Option<PodId> {
        let listeners = lock(&self.0);
        let living = listeners.pods.iter().filter(|(_, to)| !to.is_closed());
        living.map(|(pod, _)| pod).min().cloned()
    }

    pub fn aside(&self, channel: &Channel, aside: Aside) {
        let aside = Arc::new(aside);
        self.to_channel(channel, |publisher| {
            publisher.offer(Publication::Aside {
                channel: channel.clone(),
                aside: Arc::clone(&aside),
            });
        });
    }

    pub fn entry(&self, faults: &Faults, channel: &Channel, epoch: &Epoch, entry: &Arc<Entry>) {
        self.to_channel(channel, |publisher| {
            let publication = Publication::Entry {
                channel: channel.clone(),
                epoch: epoch.clone(),
                entry: Arc::clone(entry),
            };
            faults.publish(publisher, publication);
        });
    }

    fn to_channel(&self, channel: &Channel, tell: impl Fn(&Publisher)) {
        let listeners = lock(&self.0);
        let pods = listeners.channels.get(channel).into_iter().flatten();
        pods.filter_map(|pod| listeners.pods.get(pod))
            .for_each(tell);
    }

    pub fn signal(&self, pod: &PodId, sid: &Sid, signal: Signal) {
        if let Some(publisher) = lock(&self.0).pods.get(pod) {
            publisher.offer(Publication::Signal {
                sid: sid.clone(),
                signal,
            });
        }
    }

    pub fn persisted(&self, mark: Mark) {
        self.to_all(&Publication::Persisted(mark));
    }

    pub fn epoch(&self, partition: Partition, epoch: &Epoch) {
        self.to_all(&Publication::Epoch {
            partition,
            epoch: epoch.clone(),
        });
    }

    pub fn lag(&self) {
        for publisher in lock(&self.0).pods.values() {
            publisher.lag();
        }
    }

    fn to_all(&self, publication: &Publication) {
        for publisher in lock(&self.0).pods.values() {
            publisher.offer(publication.clone());
        }
    }
}
