use std::collections::{HashMap, HashSet};

use async_trait::async_trait;

use super::{MemoryHub, lock};
use crate::{
    hub::{GIVEN_UP_MS, LeaseState, Pods, Presence, Unavailable},
    model::{Millis, PodId},
};

#[derive(Debug, Default)]
pub(super) struct PodIndex(HashMap<PodId, Pod>);

#[derive(Debug, Default)]
struct Pod {
    until: Millis,
    presences: HashSet<Presence>,
}

impl PodIndex {
    pub fn add(&mut self, pod: &PodId, presence: &Presence) {
        let pod = self.0.entry(pod.clone()).or_default();
        pod.presences.insert(presence.clone());
    }

    pub fn remove(&mut self, presence: &Presence) {
        for pod in self.0.values_mut() {
            pod.presences.remove(presence);
        }
    }
}

#[async_trait]
impl Pods for MemoryHub {
    async fn renew_pod(&self, pod: &PodId, ttl_ms: Millis) -> Result<LeaseState, Unavailable> {
        self.answering()?;
        let now = self.clock.now();
        let mut index = lock(&self.pods);
        index.0.retain(|_, pod| {
            pod.until.saturating_add(GIVEN_UP_MS) > now || !pod.presences.is_empty()
        });
        let known = index.0.entry(pod.clone()).or_default();
        let lost = known.until != 0 && known.until <= now;
        known.until = now.saturating_add(ttl_ms);
        Ok(if lost {
            LeaseState::Lost
        } else {
            LeaseState::Held
        })
    }

    async fn orphans(&self, limit: usize) -> Result<Vec<Presence>, Unavailable> {
        self.answering()?;
        let now = self.clock.now();
        let index = lock(&self.pods);
        let dead = index.0.values().filter(|pod| pod.until <= now);
        Ok(dead
            .flat_map(|pod| &pod.presences)
            .take(limit)
            .cloned()
            .collect())
    }

    async fn presences(&self, pod: &PodId, limit: usize) -> Result<Vec<Presence>, Unavailable> {
        self.answering()?;
        let index = lock(&self.pods);
        let presences = index.0.get(pod).into_iter().flat_map(|pod| &pod.presences);
        Ok(presences.take(limit).cloned().collect())
    }
}
