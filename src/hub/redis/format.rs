//! What format a deployment has been raised to: the key `format`, set by whoever runs it once every pod is
//! of a release that reads it.

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use super::{OpenError, RedisHub, script::Script};
use crate::{
    hub::Unavailable,
    model::format::{FORMAT, FORMAT_BEFORE, written},
};

static LOOK: Script = Script::new("format", "return call('GET', key())");

/// As far as this pod has heard of it.
pub struct Raised {
    writes: AtomicU8,
    warned: AtomicBool,
}

impl Default for Raised {
    fn default() -> Self {
        Self {
            writes: AtomicU8::new(FORMAT_BEFORE),
            warned: AtomicBool::new(false),
        }
    }
}

impl RedisHub {
    /// What this pod writes.
    pub fn format(&self) -> u8 {
        self.raised.writes.load(Ordering::Relaxed)
    }

    /// A release that came too late for its deployment would pass over what the others write.
    pub async fn check_format(&self) -> Result<(), OpenError> {
        let raised = self.look_at_format().await;
        let raised = raised.map_err(|_| OpenError::Unreachable("the format is not answered"))?;
        match raised {
            Some(raised) if raised > FORMAT => Err(OpenError::Format {
                raised,
                newest: FORMAT,
            }),
            _ => Ok(()),
        }
    }

    /// With the look for dead pods.
    pub async fn look_at_format(&self) -> Result<Option<u8>, Unavailable> {
        let (partition, key) = self.keys.format();
        let call = self.call().key(key);
        let raised = self.run(partition, &LOOK, call).await?.maybe_bytes()?;
        // What is no number raises nothing.
        let raised: Option<u8> =
            raised.and_then(|raised| std::str::from_utf8(&raised).ok()?.parse().ok());
        self.raised.writes.store(written(raised), Ordering::Relaxed);
        if raised.is_some_and(|raised| raised > FORMAT)
            && !self.raised.warned.swap(true, Ordering::Relaxed)
        {
            tracing::error!("other pods write what this release cannot read: replace this one");
        }
        Ok(raised)
    }
}
