//! What servers share.

use std::{sync::Arc, time::Duration};

use switchboard::{
    hub::{
        Hub, Retention,
        memory::MemoryHub,
        redis::{RedisHub, RedisSettings},
    },
    metrics::HubMetrics,
    model::Clock,
};
use uuid::Uuid;

use super::site::Setting;
use crate::support::servers;

const RETENTION: Retention = Retention {
    feed_ms: 60_000,
    ended_ms: 60_000,
};

/// Where the hubs of a site's servers meet: the same one, or the same keys.
#[derive(Clone)]
pub enum Backend {
    Memory(Arc<MemoryHub>),
    Redis { url: &'static str, prefix: String },
}

/// What one process has of it.
#[derive(Clone)]
pub enum SharedHub {
    Memory(Arc<MemoryHub>),
    Redis(Arc<RedisHub>),
}

impl Backend {
    pub async fn fresh(setting: Setting, clock: &Clock) -> Self {
        match setting {
            Setting::Embedded => Self::Memory(Arc::new(MemoryHub::new(clock.clone(), RETENTION))),
            Setting::OnePod | Setting::ThreePods => Self::Redis {
                url: servers::redis().await,
                prefix: format!("test-{}", Uuid::new_v4().simple()),
            },
        }
    }

    /// With connections of its own, as every pod has them.
    pub async fn hub(&self, clock: &Clock, metrics: HubMetrics) -> SharedHub {
        match self {
            Self::Memory(hub) => SharedHub::Memory(Arc::clone(hub)),
            Self::Redis { url, prefix } => {
                let settings = RedisSettings {
                    url: (*url).to_owned(),
                    prefix: prefix.clone(),
                    hold: Duration::from_secs(5),
                    poll_hold: Duration::from_secs(5),
                    retention: RETENTION,
                };
                let hub = RedisHub::connect(settings, clock.clone(), metrics);
                SharedHub::Redis(Arc::new(hub.await.unwrap()))
            }
        }
    }
}

impl SharedHub {
    pub fn contract(&self) -> Arc<dyn Hub> {
        match self {
            Self::Memory(hub) => Arc::clone(hub) as _,
            Self::Redis(hub) => Arc::clone(hub) as _,
        }
    }

    /// Nothing answers here until it is called with `false`.
    pub fn set_down(&self, down: bool) {
        match self {
            Self::Memory(hub) => hub.faults().set_down(down),
            Self::Redis(hub) => hub.faults().set_down(down),
        }
    }
}
