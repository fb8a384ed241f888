//! Which Redis has which partition, how full it is, and whether it is another one than before.
//!
//! ```text
//! fill     the watermarks
//! kept     what was acknowledged a moment ago
//! rerun    after a change: says it again to the one that is there now
//! ```

mod fill;
mod kept;
mod rerun;

use std::sync::{Arc, Mutex};

use tokio::time::Instant;

use super::{
    keys::Keys,
    link::Link,
    pack::Unreadable,
    script::{Reply, Script},
};
use crate::{
    hub::{Commit, lock},
    metrics::HubMetrics,
    model::{Epoch, Partition},
};
use fill::Fill;
use kept::Kept;

pub use rerun::open_gates;

/// Before the scripts that tell of the server.
pub const COMMON: &str = include_str!("server.lua");

static LOOK: Script = Script::with("look_at_server", COMMON, include_str!("look.lua"));

pub struct Servers {
    link: Arc<Link>,
    keys: Keys,
    /// The run of the server that has each: another process, or another machine, has another one.
    runs: Vec<Mutex<Option<String>>>,
    fill: Fill,
    kept: Kept,
    metrics: HubMetrics,
}

impl Servers {
    pub fn new(link: Arc<Link>, keys: Keys, metrics: HubMetrics) -> Self {
        Self {
            link,
            keys,
            runs: Partition::all().map(|_| Mutex::default()).collect(),
            fill: Fill::new(metrics.clone()),
            kept: Kept::default(),
            metrics,
        }
    }

    /// What a look at a partition has told by the way.
    pub fn heard(&self, partition: Partition, server: &mut Reply) -> Result<(), Unreadable> {
        let run = self.learn(server)?;
        let mut known = lock(&self.runs[partition.index()]);
        match &*known {
            Some(known) if *known == run => {}
            // Whoever opens it asks by himself, and tells what was missed before it is known.
            None if !self.link.gates.is_open(partition) => {}
            // Nothing was acknowledged that it could have missed.
            None if self.kept.of(partition, Instant::now()).is_empty() => *known = Some(run),
            // Also if the one before is not known: it may have gone before it was asked.
            _ => self.link.gates.close(partition),
        }
        Ok(())
    }

    /// That a commit was acknowledged, which the next server may not know.
    pub fn keep(&self, commit: Commit, format: u8, epoch: Epoch) {
        let lost = self.kept.keep(commit, format, epoch);
        let counted = self.metrics.reruns.with_label_values(&["not_kept"]);
        counted.inc_by(lost);
    }

    /// That there is no room for what is not needed for making some.
    pub fn is_full(&self, partition: Partition) -> bool {
        let run = lock(&self.runs[partition.index()]);
        run.as_ref().is_some_and(|run| self.fill.is_full(run))
    }

    /// Its run, by which its fill is known.
    fn learn(&self, server: &mut Reply) -> Result<String, Unreadable> {
        let (run, used, max) = (server.text()?, server.parsed()?, server.parsed()?);
        self.fill.learn(&run, used, max);
        Ok(run)
    }
}
