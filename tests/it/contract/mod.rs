//! What every backend must do, written once and stamped on each.

mod accounts;
mod history;
mod hub;
