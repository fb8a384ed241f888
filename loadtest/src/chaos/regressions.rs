//! Seeds that found something. They are run by `loadtest chaos --regressions`, and so by `make test-long`.

use super::Ack;

pub struct Regression {
    pub seed: u64,
    pub ack: Ack,
    pub minutes: f64,
    /// What it was.
    pub found: &'static str,
}

pub const ALL: &[Regression] = &[];
