use std::sync::Arc;

use async_trait::async_trait;

use super::Unavailable;
use crate::model::{Entry, Partition};

/// Conversations that were held elsewhere. Kept by the same databases as the history; one suite
/// (`tests/it/contract/history/import.rs`) runs on both.
#[async_trait]
pub trait Imports: Send + Sync + 'static {
    /// Stores entries, all of the partition and in the order of their ids, in one transaction, as
    /// [`History::append`](super::History::append) does: what is there already is passed over, so repeating is safe.
    /// Nobody who writes the partition notices: its cursor stays where it is.
    ///
    /// The next writer that starts finds that open sessions have to be put (back) into the hot state.
    async fn import(
        &self,
        partition: Partition,
        entries: Vec<Arc<Entry>>,
    ) -> Result<Imported, Unavailable>;
}

/// What imported entries met.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// Messages that were there.
    pub known: u64,
    /// Entries that only table `poison` could take.
    pub refused: u64,
}
