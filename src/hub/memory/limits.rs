use std::collections::HashMap;

use async_trait::async_trait;

use super::MemoryHub;
use crate::{
    hub::{Limits, Rate, Unavailable},
    model::{Millis, Partition},
};

/// Windows by their keys: what was charged, and when each ends.
#[derive(Debug, Default)]
pub(super) struct Windows(HashMap<String, (u32, Millis)>);

/// Room that there always is.
const LEAST: usize = 64;

#[async_trait]
impl Limits for MemoryHub {
    async fn charge(&self, rate: &Rate) -> Result<Option<Millis>, Unavailable> {
        self.answering()?;
        let mut slot = self.slot(Partition::of_key(&rate.key));
        let now = self.clock.now();
        let full = slot.windows.full(rate, now);
        if full.is_none() {
            slot.windows.charge(rate, now);
        }
        Ok(full)
    }
}

impl Windows {
    /// How long the window still lasts, if it takes no more.
    pub fn full(&self, rate: &Rate, now: Millis) -> Option<Millis> {
        let (used, ends) = self.0.get(&rate.key).filter(|(_, ends)| *ends > now)?;
        (*used >= rate.max).then(|| ends - now)
    }

    pub fn charge(&mut self, rate: &Rate, now: Millis) {
        self.forget(now);
        let window = self.0.entry(rate.key.clone()).or_default();
        if window.1 <= now {
            *window = (0, now.saturating_add(rate.window_ms));
        }
        window.0 += 1;
    }

    /// Whenever there is no room for one more: so a charge costs about the same, however many there are.
    fn forget(&mut self, now: Millis) {
        if self.0.len() < self.0.capacity() {
            return;
        }
        self.0.retain(|_, (_, ends)| *ends > now);
        // Else the next look would come at once, or after a storm not for long.
        self.0.shrink_to(self.0.len() * 2);
        self.0.reserve(self.0.len() + LEAST);
    }
}
