//! Files beside the messages: put there before a message names them, and opened by signed addresses.

pub mod open;
mod own;
pub mod upload;

use std::time::Duration;

pub use own::{OwnTurn, OwnTurns};

/// Files that are received at a time: each is in memory until it is stored.
pub const UPLOADS_MAX: usize = 8;
/// For all of an upload: a slow line takes its time.
pub const UPLOAD_TIMEOUT: Duration = Duration::from_secs(180);
