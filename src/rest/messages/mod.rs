//! What was said: in one session, or found over all of them.

mod found;
pub mod list;
pub mod read;
pub mod search;
pub mod send;

pub use found::page;
