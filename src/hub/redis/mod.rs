//! The hub on Redis, for any number of pods: every write is one Lua script on the keys of one
//! partition, which publishes last.
//!
//! ```text
//! keys        what everything is called            link     connections, repeating, holding
//! script      a script, its arguments, its answer  pack     values held as one
//! commits, logs, connections, recoveries, ingest, pods, channels, limits
//!             the parts of the contract, each with its scripts
//! subscriber  from the channels to the pods of this process
//! servers     which Redis answers, how full it is, and what the one before it had acknowledged
//! gates       what commits wait for while that is not known
//! probe       what servers say of themselves, for whoever looks before a start
//! ```

mod channels;
mod commits;
mod connect;
mod connections;
mod entry;
mod format;
mod gates;
mod ingest;
mod keys;
mod limits;
mod link;
mod logs;
mod pack;
mod pods;
pub mod probe;
mod recoveries;
mod script;
mod seldom;
mod servers;
mod signal;
mod subscriber;

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

pub use connect::{CONNECTIONS, OpenError, RedisSettings};

use format::Raised;
use keys::{Keys, PODS_AT};
use link::Link;
use pack::Unreadable;
use script::{Call, Reply, Script};
use servers::Servers;
use subscriber::Subscriber;
use tokio_util::sync::DropGuard;

use super::{Faults, Retention, Unavailable};
use crate::model::{Partition, PodId};

pub struct RedisHub {
    link: Arc<Link>,
    poll_hold: Duration,
    keys: Keys,
    retention: Retention,
    subscriber: Arc<Subscriber>,
    servers: Arc<Servers>,
    faults: Arc<Faults>,
    /// The history's writer of this process, once it has asked for a lease.
    writer: OnceLock<PodId>,
    raised: Raised,
    _stop: DropGuard,
}

impl RedisHub {
    /// Trouble on demand, for tests; Redis itself can be troubled as well.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// Every pod of this process is told that it has missed publications.
    pub fn lag(&self) {
        self.subscriber.bus.lag();
    }

    /// Lets go of the connections.
    pub async fn close(&self) {
        self.subscriber.close().await;
        self.link.close().await;
    }

    /// A call that begins with the clock alone.
    fn call(&self) -> Call {
        self.link.call()
    }

    /// A call whose script learns or begins the life of the partition.
    fn life(&self, partition: Partition) -> Call {
        self.keys.life(self.link.call(), partition)
    }

    async fn run(
        &self,
        partition: Partition,
        script: &Script,
        call: Call,
    ) -> Result<Reply, Unavailable> {
        if self.faults.is_down() {
            return Err(Unavailable);
        }
        Ok(self.link.run(partition, script, call).await?)
    }

    /// For a request of a polling client, which takes a failure for the end of its connection and waits for
    /// as long as its pings may be away.
    async fn run_held(
        &self,
        partition: Partition,
        script: &Script,
        call: Call,
    ) -> Result<Reply, Unavailable> {
        if self.faults.is_down() {
            return Err(Unavailable);
        }
        let hold = self.poll_hold;
        Ok(self.link.run_within(hold, partition, script, call).await?)
    }

    /// Where leases are, and the pods whose lease has run out.
    fn pods(&self) -> (Partition, String, String) {
        let partition = Partition::all()
            .nth(PODS_AT)
            .unwrap_or_else(Partition::random);
        let key = |name| self.keys.of(partition, name);
        (partition, key("pods"), key("given_up"))
    }
}
