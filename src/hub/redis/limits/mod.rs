//! Windows that are charged without a commit, spread over the partitions by their keys.

use async_trait::async_trait;

use super::{RedisHub, script::Script};
use crate::{
    hub::{Limits, Rate, Unavailable},
    model::Millis,
};

static CHARGE: Script = Script::new("charge", include_str!("charge.lua"));

#[async_trait]
impl Limits for RedisHub {
    /// Carried out again after another one of the same key, a call may charge twice: that would have to
    /// happen within one window, in which Redis was in trouble.
    async fn charge(&self, rate: &Rate) -> Result<Option<Millis>, Unavailable> {
        let (partition, window) = self.keys.window(&rate.key);
        let call = self
            .call()
            .key(window)
            .arg(rand::random::<u64>().to_string())
            .number(rate.max.into())
            .number(rate.window_ms);
        Ok(self.run(partition, &CHARGE, call).await?.maybe()?)
    }
}
