//! The wire as a peer sees it: golden vectors, round trips, and arbitrary bytes.

mod describe;
mod fuzz;
mod golden;
mod golden_v3;
mod heartbeat;
mod properties;
