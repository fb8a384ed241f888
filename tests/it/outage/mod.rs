//! A conversation under trouble: real pods, real clients, real servers that are killed, stopped, emptied,
//! moved or replaced, and one oracle for all of it.
//!
//! ```text
//! line, person    a client on either transport that comes back by itself, as the official one does
//! conversation    guests who talk, one who is silent, an operator who reads; and what must hold in the end
//! house           pods of a test with a conversation
//! redis           what is done to a Redis by itself
//! replaced        another one in its place
//! postgres        what is done to a Postgres by itself; what is acknowledged then, and who writes
//! both            neither of them there
//! ```

mod both;
mod conversation;
mod house;
mod line;
mod person;
mod postgres;
mod postgres_acks;
mod postgres_room;
mod postgres_writers;
mod redis;
mod replaced;

use std::time::Duration;

/// Between two attempts of a client.
const PAUSE: Duration = Duration::from_millis(50);
