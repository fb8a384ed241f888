//! Conversations of the caller's workspace.

pub mod hands;
pub mod list;
pub mod one;
