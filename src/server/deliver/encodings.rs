use std::{sync::Arc, time::Duration};

use moka::{policy::EvictionPolicy, sync::Cache};
use prometheus::IntCounter;

use super::{Alike, Encoded, Reading, encode};
use crate::{
    hub::Log,
    model::{Entry, EntryId, Epoch, MessageId},
    server::App,
};

/// Of frames that are kept, and what they are found by.
const KEPT_BYTES: u64 = 16 * 1024 * 1024;
/// One that is not read again has been told to all who were there: pollers come back within a ping interval.
const KEPT: Duration = Duration::from_secs(60);
/// What an entry takes besides its frames.
const HEAD_BYTES: usize = 256;

/// Entries as they were told lately, for whoever reads its log by itself: polling clients, and those who catch up. So
/// an entry is encoded once for all sockets of a pod that are alike, whichever way it reaches them.
pub struct Encodings<C> {
    kept: Cache<Key<C>, Arc<Encoded>>,
    made: IntCounter,
}

#[derive(PartialEq, Eq, Hash)]
struct Key<C> {
    log: Log,
    epoch: Epoch,
    at: EntryId,
    /// After a failover that has lost what came last, an id may be given out again.
    said: Option<MessageId>,
    alike: Alike<C>,
}

impl<C: Copy + Eq + std::hash::Hash + Send + Sync + 'static> Encodings<C> {
    pub fn new(made: IntCounter) -> Self {
        let weight = |_: &Key<C>, encoded: &Arc<Encoded>| {
            u32::try_from(HEAD_BYTES + encoded.bytes()).unwrap_or(u32::MAX)
        };
        let kept = Cache::builder()
            .max_capacity(KEPT_BYTES)
            // What was read just now is what the next one asks for.
            .eviction_policy(EvictionPolicy::lru())
            .weigher(weight)
            .time_to_idle(KEPT);
        let kept = kept.build();
        Self { kept, made }
    }

    /// As somebody else was told it, or encoded now.
    pub fn get<A: App<Class = C>>(
        &self,
        app: &A,
        reading: Reading<'_, C>,
        entry: &Entry,
    ) -> Arc<Encoded> {
        if !is_lasting(entry) {
            return self.make(app, reading, entry);
        }
        let key = Key::of(reading, entry);
        self.kept.get_with(key, || self.make(app, reading, entry))
    }

    /// Encoded now, for readers who are all at hand: nobody is expected to ask for it again.
    pub fn make<A: App<Class = C>>(
        &self,
        app: &A,
        reading: Reading<'_, C>,
        entry: &Entry,
    ) -> Arc<Encoded> {
        self.made.inc();
        Arc::new(encode(app, reading, entry))
    }
}

impl<C: Copy> Key<C> {
    fn of(reading: Reading<'_, C>, entry: &Entry) -> Self {
        Self {
            log: reading.log.clone(),
            epoch: reading.epoch.clone(),
            at: entry.id,
            said: entry.message().map(|message| message.id),
            alike: reading.alike.clone(),
        }
    }
}

/// Where a file is reads otherwise as time goes by, and so does whether it is at hand.
fn is_lasting(entry: &Entry) -> bool {
    let file = entry.message().and_then(|message| message.content.file());
    file.is_none()
}
