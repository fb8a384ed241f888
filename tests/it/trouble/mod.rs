//! Moments of trouble, seen from the sockets.

mod departure;
mod names;
mod questions;
mod sweep;
