//! Moments of trouble, seen from the sockets.

mod again;
mod departure;
pub mod house;
mod names;
mod new_life;
mod pages;
mod questions;
mod recovered;
mod sweep;
