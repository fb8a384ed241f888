//! REST: the same rules, refusals and answers as on the sockets, asked for by HTTP.

mod client;
mod commands;
mod document;
mod files;
mod house;
mod idempotency;
mod isolation;
mod login;
mod revocation;
mod sessions;
mod staff;
