use std::{collections::HashMap, sync::Mutex};

use tokio::time::{Duration, Instant};
use tracing::warn;

use crate::{hub::lock, metrics::HubMetrics};

/// From here on whoever runs it should know.
const ALERT_PER_CENT: u64 = 70;
/// From here on nothing more is taken that only adds: the rest is for what goes on about what is there, and for
/// what is on its way.
const BUSY_PER_CENT: u64 = 85;
/// A server that was not heard of for so long is not there any more.
const FORGOTTEN: Duration = Duration::from_secs(60);
/// Between two warnings.
const WARN_EVERY: Duration = Duration::from_secs(60);

/// How full the servers are. One without a maximum is never full.
pub struct Fill {
    levels: Mutex<Levels>,
    metrics: HubMetrics,
}

#[derive(Default)]
struct Levels {
    /// Per cent, by the run of the server, and when it was told.
    of: HashMap<String, (u64, Instant)>,
    warned: Option<(u64, Instant)>,
}

impl Fill {
    pub fn new(metrics: HubMetrics) -> Self {
        Self {
            levels: Mutex::default(),
            metrics,
        }
    }

    pub fn learn(&self, run: &str, used: u64, max: u64) {
        let per_cent = used.saturating_mul(100).checked_div(max).unwrap_or(0);
        let now = Instant::now();
        let mut levels = lock(&self.levels);
        levels.of.insert(run.to_owned(), (per_cent, now));
        levels.of.retain(|_, (_, told)| told.elapsed() < FORGOTTEN);
        let most = levels.of.values().map(|(level, _)| *level).max();
        self.metrics
            .memory
            .set(i64::try_from(most.unwrap_or(0)).unwrap_or(i64::MAX));
        let passed = match per_cent {
            ALERT_PER_CENT..BUSY_PER_CENT => ALERT_PER_CENT,
            BUSY_PER_CENT.. => BUSY_PER_CENT,
            _ => return,
        };
        if levels
            .warned
            .is_some_and(|(mark, at)| mark >= passed && at.elapsed() < WARN_EVERY)
        {
            return;
        }
        levels.warned = Some((passed, now));
        warn!(
            per_cent,
            refuses = passed == BUSY_PER_CENT,
            "Redis is filling up: look at the history, which lets go of what is stored, and at maxmemory"
        );
    }

    pub fn is_full(&self, run: &str) -> bool {
        let levels = lock(&self.levels);
        levels
            .of
            .get(run)
            .is_some_and(|(per_cent, _)| *per_cent >= BUSY_PER_CENT)
    }
}
