//! Clients of Socket.IO 2, which speak Engine.IO v3, where it differs: what they write, and what they read.

mod client;
mod heartbeat;
mod polling;
mod websocket;
