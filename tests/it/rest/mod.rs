//! REST: the same rules, refusals and answers as on the sockets, asked for by HTTP.

mod addresses;
pub mod client;
mod commands;
mod document;
pub mod files;
pub mod house;
mod idempotency;
mod isolation;
mod login;
mod names;
pub mod revocation;
mod sessions;
mod staff;
mod uploads;
