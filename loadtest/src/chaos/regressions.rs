//! Seeds that found something. They are run by `loadtest chaos --regressions`, and so by `make test-long`.

use super::Ack;

pub struct Regression {
    pub seed: u64,
    pub ack: Ack,
    pub minutes: f64,
    /// What it was.
    pub found: &'static str,
}

pub const ALL: &[Regression] = &[
    Regression {
        seed: 8,
        ack: Ack::Stored,
        minutes: 1.0,
        found: "Redis lost everything while messages were being stored: a session gave their numbers again",
    },
    Regression {
        seed: 34,
        ack: Ack::Stored,
        minutes: 1.0,
        found: "session:started was held, overtaken by messages, and took the guest's position back behind them",
    },
    Regression {
        seed: 42,
        ack: Ack::Stored,
        minutes: 1.0,
        found: "what an operator had missed came, the answer to its CONNECT did not, and all came again",
    },
];
