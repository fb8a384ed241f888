use async_trait::async_trait;

use super::{Rate, Unavailable};
use crate::model::Millis;

/// Counting where there is nothing to commit, as before a client is let in.
#[async_trait]
pub trait Limits {
    /// Charges one to the fixed window of `rate.key`, which opens with its first charge, for all pods
    /// together. When the window is full nothing is charged, and `Some` says how long it still lasts.
    ///
    /// The keys of [`Commit::rate`](super::Commit) are others, though they may read the same: those are
    /// of a workspace.
    async fn charge(&self, rate: &Rate) -> Result<Option<Millis>, Unavailable>;
}

/// So many in so long, as it is set; none at all is no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    pub max: u32,
    pub window_ms: Millis,
}

impl Limit {
    pub const OFF: Self = Self {
        max: 0,
        window_ms: 0,
    };

    /// So many times as often.
    #[must_use]
    pub fn times(self, n: u32) -> Self {
        Self {
            max: self.max.saturating_mul(n),
            ..self
        }
    }

    /// What `who` is charged with, by this limit of several; `None` without a limit.
    pub fn rate(self, name: &'static str, who: &str) -> Option<Rate> {
        (self.max > 0).then(|| Rate {
            key: format!("{name}:{who}"),
            max: self.max,
            window_ms: self.window_ms,
        })
    }
}

impl Rate {
    /// The limit that it is of, as a metric's label.
    pub fn name(&self) -> &str {
        self.key.split(':').next().unwrap_or_default()
    }
}
