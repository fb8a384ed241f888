//! Hot state: sessions, logs, queue, presence, connections, recovery, limits and the channels between
//! pods.
//!
//! A pod keeps nothing that a request needs: every operation below is one atomic step on the keys
//! of one partition, whoever calls it. The rules of chat are not here: `chat` decides, [`Commits::commit`]
//! writes. Two backends keep the contract, and one suite (`tests/it/contract/hub`) runs on both.
//!
//! What every operation promises:
//! - **Atomic.** It happens wholly or not at all, and others see it so.
//! - **Published last.** Whoever reads after a publication sees at least what was published.
//! - **Unknown is a result.** [`Unavailable`] means that it may or may not have happened. The caller
//!   repeats it with the same ids; none of them does its work twice then.

use std::sync::{Mutex, MutexGuard, PoisonError};

mod bus;
mod channel;
mod commit;
mod connection;
mod dirty;
mod faults;
mod ingest;
mod limits;
mod log;
pub mod memory;
mod pods;
mod recovery;
pub mod redis;

pub use channel::{
    Attachment, Channel, Channels, Publication, Publications, Publisher, Signal, Turn, TurnOp,
    publications,
};
pub use commit::{
    Commit, Commits, DEDUP_KEPT, DEDUP_KEPT_MS, DEDUP_MOST, Deadline, DeadlineOp, Draft, Edge,
    Guard, MarkOp, NewChange, NewRecord, Outcome, Presence, PresenceOp, QueueOp, Rate, RecordOp,
    SessionPatch, Since, Stamped, StatusOp, Subject, Unique, Written,
};
pub use connection::{
    ABANDON_GRACE_MS, AS_LONG_AS_IT_TAKES, Batch, Beat, BeginGet, BeginPost, ClaimId, ClosedBy,
    Connections, Departed, Drained, Expired, FAREWELL_MS, Generation, GetRequest, Hold, Listener,
    NOTICES_HELD, NewConnection, OUTBOX_MAX, OutboxItem, PostRequest, PostResult, Posted,
    TOMBSTONE_MS, Tombstone, UpgradeClaim,
};
pub use dirty::Dirty;
pub use faults::Faults;
pub use ingest::{INGEST_KEPT_MS, Ingest, Mark, Persisted, Retention, Unread};
pub use limits::{Limit, Limits};
pub use log::{FIND_LOOK, Log, LogPage, Logs};
pub use pods::{GIVEN_UP_MS, LeaseState, Pods};
pub use recovery::{Holder, Join, Joined, Recoveries, Recovery, Resume, Resumed};

/// It is not known whether the operation happened: the backend did not answer in time, the
/// connection to it was lost, or it refuses for now. Repeat with the same ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the hub is unavailable")]
pub struct Unavailable;

/// All of the hot state. See each part for its operations.
pub trait Hub:
    Commits
    + Logs
    + Connections
    + Recoveries
    + Ingest
    + Pods
    + Channels
    + Limits
    + Send
    + Sync
    + 'static
{
}

impl<T> Hub for T where
    T: Commits
        + Logs
        + Connections
        + Recoveries
        + Ingest
        + Pods
        + Channels
        + Limits
        + Send
        + Sync
        + 'static
{
}

/// A panic while it was locked leaves what it guards as it was; going on beats taking all down.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
