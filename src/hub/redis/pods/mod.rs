//! Leases of pods, and what a dead one leaves behind.
//!
//! The leases are in one slot, each pod's presences in the slots of their workspaces, where a commit
//! takes them away.

use async_trait::async_trait;
use futures_util::future::try_join_all;

use super::{RedisHub, Unreadable, entry, script::Script};
use crate::{
    hub::{GIVEN_UP_MS, LeaseState, Pods, Presence, Unavailable},
    model::{Millis, Partition, PodId},
};

static RENEW: Script = Script::new("renew_pod", include_str!("renew.lua"));
static DEAD: Script = Script::new("dead_pods", include_str!("dead.lua"));
static BURY: Script = Script::new("bury_pod", include_str!("bury.lua"));
static MEMBERS: Script = Script::new("presences_of_pod", include_str!("members.lua"));

#[async_trait]
impl Pods for RedisHub {
    async fn renew_pod(&self, pod: &PodId, ttl_ms: Millis) -> Result<LeaseState, Unavailable> {
        let (partition, pods, given_up) = self.pods();
        let call = self.call().key(pods).key(given_up);
        let call = call.arg(pod.as_str()).number(ttl_ms);
        let mut reply = self.run(partition, &RENEW, call).await?;
        Ok(match reply.text()?.as_str() {
            "lost" => LeaseState::Lost,
            _ => LeaseState::Held,
        })
    }

    async fn orphans(&self, limit: usize) -> Result<Vec<Presence>, Unavailable> {
        let (partition, pods, given_up) = self.pods();
        let call = self.call().key(pods.clone()).key(given_up.clone());
        let mut reply = self.run(partition, &DEAD, call).await?;
        // On the same round. Without an answer, what was known before goes on being written.
        let _ = self.look_at_format().await;
        let mut orphans = Vec::new();
        while !reply.is_empty() && orphans.len() < limit {
            let pod = PodId::new(reply.text()?);
            let left = self.presences(&pod, limit - orphans.len()).await?;
            if left.is_empty() {
                let call = self.call().key(pods.clone()).key(given_up.clone());
                let call = call.arg(pod.as_str()).number(GIVEN_UP_MS);
                self.run(partition, &BURY, call).await?;
            }
            orphans.extend(left);
        }
        Ok(orphans)
    }

    /// All partitions are asked: a rare thing, since pods rarely die.
    async fn presences(&self, pod: &PodId, limit: usize) -> Result<Vec<Presence>, Unavailable> {
        let parts = Partition::all().map(async |partition| {
            let call = self
                .call()
                .key(self.keys.pod(partition, pod))
                .number(limit as u64);
            let mut reply = self.run(partition, &MEMBERS, call).await?;
            let mut presences = Vec::new();
            while !reply.is_empty() {
                // Of a later release: its pods take it away. It must not hide the others.
                presences.extend(entry::json::<Presence>(&reply.bytes()?).ok());
            }
            Ok::<_, Unavailable>(presences)
        });
        let mut found = try_join_all(parts).await?.concat();
        found.truncate(limit);
        Ok(found)
    }
}

impl From<Unreadable> for Unavailable {
    fn from(_: Unreadable) -> Self {
        tracing::error!("an answer of Redis cannot be read");
        Self
    }
}
