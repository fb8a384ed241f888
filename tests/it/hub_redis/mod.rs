//! The hub on a Redis that is in real trouble: killed, stopped, emptied, full, or out of reach.
//!
//! The contract is tested in `contract::hub`. Here it is the server that is troubled, by what happens
//! to servers, and each test has one of its own.

mod backlog;
mod bounds;
mod cluster;
mod earlier;
mod failover;
mod idle;
mod kill;
mod limits;
mod load;
mod loss;
mod lost_answer;
mod memory;
mod open;
mod outage;
mod place;
mod reader;
mod rerun;
mod restore;
mod room;
mod slot_move;
mod writer;

use std::time::Duration;

use tokio::time::timeout;

/// What takes longer will not come.
const WAIT: Duration = Duration::from_secs(30);

async fn within<T>(what: impl Future<Output = T>) -> T {
    timeout(WAIT, Box::pin(what)).await.unwrap()
}
