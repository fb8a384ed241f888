//! What every backend must do, written once and stamped on each.

mod history;
mod hub;
