use async_trait::async_trait;

use super::{Presence, Unavailable};
use crate::model::{Millis, PodId};

/// Which pods live, and which connections a dead one leaves behind.
#[async_trait]
pub trait Pods {
    /// Keeps the pod alive for `ttl_ms` more. [`LeaseState::Lost`] if it had been given up for dead
    /// in between: what it had indexed is gone, and it closes its sockets.
    async fn renew_pod(
        &self,
        pod: &PodId,
        now: Millis,
        ttl_ms: Millis,
    ) -> Result<LeaseState, Unavailable>;

    /// Connections of pods whose lease has run out, at most `limit`. Each stays listed until a
    /// commit has taken its presence away: a reaper that dies half-way is followed by another.
    async fn orphans(&self, now: Millis, limit: usize) -> Result<Vec<Presence>, Unavailable>;

    /// Notes that this pod, which has renewed before, serves the connection from now on, as when a
    /// WebSocket has taken over what was nobody's.
    async fn index(&self, pod: &PodId, presence: &Presence) -> Result<(), Unavailable>;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeaseState {
    Held,
    Lost,
}
