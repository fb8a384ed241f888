//! Versions of what one release writes and another one reads.
//!
//! There is one number for all of it: entries and what they hold, the state of a connection, and what a
//! release may say to the pods of another. Ids begin with a version of their own (`ids.rs`). A release reads
//! its own format and the one before, and writes the one before until the deployment says otherwise: pods of
//! two releases run side by side, and a release can be taken back.

/// The newest that this release reads and writes.
pub const FORMAT: u8 = 1;
/// The one before. The first has none.
pub const FORMAT_BEFORE: u8 = 1;

/// What to write where a deployment has been raised to a format, or to none yet.
pub fn written(raised: Option<u8>) -> u8 {
    raised.unwrap_or(FORMAT_BEFORE).clamp(FORMAT_BEFORE, FORMAT)
}
