//! What goes wrong in the same way many times, and is told once in a while.

use std::sync::Mutex;

use tokio::time::{Duration, Instant};

use crate::hub::lock;

const EVERY: Duration = Duration::from_secs(60);

#[derive(Debug, Default)]
pub struct Seldom(Mutex<Option<Instant>>);

impl Seldom {
    /// Whether it is time to tell it again; if so, it counts as told.
    pub fn is_time(&self) -> bool {
        let mut told = lock(&self.0);
        let is_time = told.is_none_or(|at| at.elapsed() >= EVERY);
        if is_time {
            *told = Some(Instant::now());
        }
        is_time
    }
}
