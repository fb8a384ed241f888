//! The wire as a peer sees it: golden vectors, round trips, and arbitrary bytes.

mod describe;
mod fuzz;
mod golden;
mod heartbeat;
mod properties;
