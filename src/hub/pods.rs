use async_trait::async_trait;

use super::{Presence, Unavailable};
use crate::model::{Millis, PodId};

/// A pod that comes back within this after it was given up is told so; and what it still did meanwhile
/// is looked for once more at the end of it.
pub const GIVEN_UP_MS: Millis = 60 * 60 * 1000;

/// Which pods live, and which connections a dead one leaves behind. Leases are judged by the hub's clock,
/// since those of pods differ.
#[async_trait]
pub trait Pods {
    /// Keeps the pod alive for `ttl_ms` more. [`LeaseState::Lost`] if it had been given up for dead
    /// in between: what it had indexed is gone, and it closes its sockets.
    async fn renew_pod(&self, pod: &PodId, ttl_ms: Millis) -> Result<LeaseState, Unavailable>;

    /// Connections of pods whose lease has run out, at most `limit`. Each stays listed until a
    /// commit has taken its presence away: a reaper that dies half-way is followed by another.
    async fn orphans(&self, limit: usize) -> Result<Vec<Presence>, Unavailable>;

    /// What a pod is to answer for, living or dead, at most `limit`: those that entered by it.
    async fn presences(&self, pod: &PodId, limit: usize) -> Result<Vec<Presence>, Unavailable>;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeaseState {
    Held,
    Lost,
}
