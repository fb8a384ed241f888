//! Switchboard: a live-chat relay that speaks Socket.IO from stateless pods.
//!
//! From the bottom up; each module uses only those above it in this list, and
//! `tests/it/layers.rs` proves it. ARCHITECTURE.md has the map and the walk of one message.

pub mod model;

pub mod wire;

pub mod metrics;

pub mod hub;

pub mod history;

pub mod chat;

pub mod dialect;

pub mod web;

pub mod server;

pub mod files;

pub mod rest;

pub mod config;

pub mod relay;
