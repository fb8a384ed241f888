//! The one test binary: tests speak as clients over real sockets wherever there is one.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on has failed"
)]

mod auth;
mod bad_input;
mod chat;
mod check;
mod contract;
mod dialect;
mod e2e;
mod engine;
mod explain;
mod hostile;
mod hub_redis;
mod jobs;
mod layers;
mod migrations;
mod outage;
mod page;
mod process;
mod readme;
mod rest;
mod seeds;
mod support;
mod trouble;
mod wire;
mod writer;
