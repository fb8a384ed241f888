use std::collections::{HashMap, HashSet};

use async_trait::async_trait;

use super::{MemoryHub, lock};
use crate::{
    hub::{LeaseState, Pods, Presence, Unavailable},
    model::{Millis, PodId},
};

/// A pod that comes back this late is not told any more that it had been given up.
const GIVEN_UP_MS: Millis = 60 * 60 * 1000;

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
    async fn renew_pod(
        &self,
        pod: &PodId,
        now: Millis,
        ttl_ms: Millis,
    ) -> Result<LeaseState, Unavailable> {
        self.answering()?;
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

    async fn orphans(&self, now: Millis, limit: usize) -> Result<Vec<Presence>, Unavailable> {
        self.answering()?;
        let index = lock(&self.pods);
        let dead = index.0.values().filter(|pod| pod.until <= now);
        Ok(dead
            .flat_map(|pod| &pod.presences)
            .take(limit)
            .cloned()
            .collect())
    }

    async fn index(&self, pod: &PodId, presence: &Presence) -> Result<(), Unavailable> {
        self.answering()?;
        lock(&self.pods).add(pod, presence);
        Ok(())
    }
}
