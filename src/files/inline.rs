use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use moka::{policy::EvictionPolicy, sync::Cache};
use object_store::path::Path;
use tokio::time::Instant;

/// Pictures as data URLs, in bytes of text: whoever is told of the same one in the next minutes gets the same text.
const CACHE_BYTES: u64 = 64 * 1024 * 1024;
/// One that is not read again has been told to all who were there.
const KEPT: Duration = Duration::from_secs(10 * 60);
/// So long a reader of a log waits for a picture; then it is told where that is, ..
pub const WAIT: Duration = Duration::from_secs(3);
/// .. and so is everybody else for a while, or each would wait for a store that does not answer.
const NOT_ASKED: Duration = Duration::from_secs(10);

/// Of the pictures that were told lately.
pub struct Inline {
    known: Cache<Path, Arc<str>>,
    given_up: Mutex<Option<Instant>>,
}

impl Default for Inline {
    fn default() -> Self {
        let weight = |path: &Path, text: &Arc<str>| {
            let bytes = path.as_ref().len() + text.len();
            u32::try_from(bytes).unwrap_or(u32::MAX)
        };
        let known = Cache::builder()
            .max_capacity(CACHE_BYTES)
            // What was read just now is what is about to be told.
            .eviction_policy(EvictionPolicy::lru())
            .weigher(weight)
            .time_to_idle(KEPT);
        Self {
            known: known.build(),
            given_up: Mutex::default(),
        }
    }
}

impl Inline {
    /// Whether it is there, or is not waited for.
    pub fn is_settled(&self, path: &Path) -> bool {
        self.known.contains_key(path) || self.is_given_up()
    }

    pub fn get(&self, path: &Path) -> Option<Arc<str>> {
        self.known.get(path)
    }

    pub fn put(&self, path: Path, text: Arc<str>) {
        self.known.insert(path, text);
    }

    pub fn give_up(&self) {
        let mut given_up = self.given_up.lock().unwrap_or_else(PoisonError::into_inner);
        *given_up = Some(Instant::now() + NOT_ASKED);
    }

    fn is_given_up(&self) -> bool {
        let given_up = self.given_up.lock().unwrap_or_else(PoisonError::into_inner);
        given_up.is_some_and(|until| Instant::now() < until)
    }
}
