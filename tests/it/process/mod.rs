//! The program as a whole: the real binary, started, spoken to, asked to end, and killed.

pub mod import;
pub mod server;
pub mod talk;

mod cluster;
mod death;
mod end;
mod format;
mod guests;
mod issuers;
mod kill;
mod limits;
mod observe;
mod poll;
mod priority;
mod restart;
mod restore;
mod rolling;
mod settings;
mod start;
mod storm;
mod token;
mod trips;
mod wait;
