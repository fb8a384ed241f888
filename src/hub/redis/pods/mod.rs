//! Leases of pods, and what a dead one leaves behind.
//!
//! The leases are in one slot, each pod's presences in the slots of their workspaces, where a commit
//! takes them away.

use async_trait::async_trait;
use futures_util::future::try_join_all;

use super::{RedisHub, Unreadable, commits::member, entry, script::Script};
use crate::{
    hub::{LeaseState, Pods, Presence, Unavailable},
    model::{Millis, Partition, PodId},
};

static RENEW: Script = Script::new("renew_pod", include_str!("renew.lua"));
static DEAD: Script = Script::new("dead_pods", include_str!("dead.lua"));
static BURY: Script = Script::new("bury_pod", include_str!("bury.lua"));
static MEMBERS: Script = Script::new("presences_of_pod", include_str!("members.lua"));
static INDEX: Script = Script::new("index", include_str!("index.lua"));

/// A pod that comes back this late is not told any more that it had been given up.
const GIVEN_UP_MS: Millis = 60 * 60 * 1000;

#[async_trait]
impl Pods for RedisHub {
    async fn renew_pod(
        &self,
        pod: &PodId,
        now: Millis,
        ttl_ms: Millis,
    ) -> Result<LeaseState, Unavailable> {
        let (partition, pods) = self.pods();
        let call = self
            .call()
            .key(pods)
            .arg(pod.as_str())
            .number(now)
            .number(ttl_ms);
        let mut reply = self.run(partition, &RENEW, call).await?;
        Ok(match reply.text()?.as_str() {
            "lost" => LeaseState::Lost,
            _ => LeaseState::Held,
        })
    }

    async fn orphans(&self, now: Millis, limit: usize) -> Result<Vec<Presence>, Unavailable> {
        let (partition, pods) = self.pods();
        let call = self.call().key(pods.clone()).number(now);
        let mut reply = self.run(partition, &DEAD, call).await?;
        let mut orphans = Vec::new();
        while !reply.is_empty() && orphans.len() < limit {
            let pod = PodId::new(reply.text()?);
            let left = self.presences_of(&pod, limit - orphans.len()).await?;
            if left.is_empty() {
                let call = self
                    .call()
                    .key(pods.clone())
                    .arg(pod.as_str())
                    .number(now.saturating_sub(GIVEN_UP_MS));
                self.run(partition, &BURY, call).await?;
            }
            orphans.extend(left);
        }
        Ok(orphans)
    }

    async fn index(&self, pod: &PodId, presence: &Presence) -> Result<(), Unavailable> {
        let partition = Partition::of(&presence.workspace);
        let call = self
            .call()
            .key(self.keys.of(partition, "indexed"))
            .key(self.keys.pod(partition, pod))
            .arg(member(presence))
            .arg(pod.as_str());
        self.run(partition, &INDEX, call).await.map(drop)
    }
}

impl RedisHub {
    /// All partitions are asked: a rare thing, since pods rarely die.
    async fn presences_of(&self, pod: &PodId, limit: usize) -> Result<Vec<Presence>, Unavailable> {
        let parts = Partition::all().map(async |partition| {
            let call = self
                .call()
                .key(self.keys.pod(partition, pod))
                .number(limit as u64);
            let mut reply = self.run(partition, &MEMBERS, call).await?;
            let mut presences = Vec::new();
            while !reply.is_empty() {
                presences.push(entry::json::<Presence>(&reply.bytes()?)?);
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
