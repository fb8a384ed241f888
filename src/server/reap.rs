//! Says of WebSockets that they are gone where their pod could not: it was killed, or lost its lease, or
//! the hub was away when they ended.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures_util::{StreamExt as _, stream};
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use super::{App, Pod, state::SOCKETS_MAX};
use crate::hub::{Presence, Unavailable};

/// Of dead pods, in one look; the next finds the rest.
const ORPHANS: usize = 1000;
/// Between two comparisons of what this pod is to answer for with what it serves, though nothing is known to be
/// owed: what got no answer may have been done, and even after its connection is over.
const COMPARED: Duration = Duration::from_secs(60);
/// Departures written at a time.
const AT_ONCE: usize = 16;

/// That this pod owes departures. Which ones is seen by comparing what it is to answer for with what it
/// serves: there is no list that could grow.
#[derive(Debug, Default)]
pub struct Owed(AtomicBool);

impl Owed {
    pub fn note(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn take(&self) -> bool {
        self.0.swap(false, Ordering::Relaxed)
    }
}

/// Looks a few times per lease, until `stop`. Every pod does: each departure is one commit that happens
/// once, and stays to be found until it has.
pub async fn run<A: App>(pod: Arc<Pod<A>>, stop: CancellationToken) {
    let lease = Duration::from_millis(pod.settings.pod_lease_ms);
    let mut ticks = tokio::time::interval(lease / 3);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut compared = Instant::now();
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = stop.cancelled() => return,
        }
        if compared.elapsed() >= COMPARED {
            compared = Instant::now();
            pod.owed.note();
        }
        // If the hub is away this is looked at again.
        let _ = look(&pod).await;
    }
}

/// Also once a process has closed all that it served, so that nobody else has to find it.
pub async fn look<A: App>(pod: &Pod<A>) -> Result<(), Unavailable> {
    if pod.owed.take() {
        match owed(pod).await {
            Ok(presences) => say(pod, presences).await,
            Err(unavailable) => {
                pod.owed.note();
                return Err(unavailable);
            }
        }
    }
    say(pod, pod.hub.orphans(ORPHANS).await?).await;
    Ok(())
}

async fn owed<A: App>(pod: &Pod<A>) -> Result<Vec<Presence>, Unavailable> {
    let most = pod.settings.max_connections * SOCKETS_MAX;
    let mut presences = pod.hub.presences(&pod.id, most).await?;
    presences.retain(|presence| !pod.deliver.waiters.serves(&presence.sid));
    Ok(presences)
}

async fn say<A: App>(pod: &Pod<A>, presences: Vec<Presence>) {
    if presences.is_empty() {
        return;
    }
    tracing::info!(
        count = presences.len(),
        "connections are gone whose pod did not say so"
    );
    let each = stream::iter(presences).map(|presence| async {
        match pod.app.lost(presence).await {
            Ok(()) => pod.metrics.reaped.inc(),
            Err(_) => pod.owed.note(),
        }
    });
    each.buffer_unordered(AT_ONCE).collect::<()>().await;
}
