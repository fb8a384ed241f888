use std::{sync::Arc, time::Duration};

use axum::Router;
use tokio::{
    net::TcpListener,
    sync::mpsc,
    time::{Interval, MissedTickBehavior},
};
use tokio_util::sync::CancellationToken;

use super::{App, Pod, accept, due, polling, settings::PUBLICATIONS};
use crate::{
    hub::{Deadline, Unavailable},
    model::{Millis, PARTITIONS, Partition},
};

/// The shortest time between two looks at what has expired; each is at a share of the partitions.
const LOOK: Duration = Duration::from_millis(50);
/// Between two looks at subscriptions without readers.
const TIDY: Duration = Duration::from_secs(5);
/// After the drain, for answers that are on their way.
const LAST_ANSWERS: Duration = Duration::from_secs(2);

/// A pod at work: started, and ended in order.
pub struct Server<A: App> {
    pod: Arc<Pod<A>>,
    /// Ends what serves the clients, once these are gone.
    stop: CancellationToken,
}

impl<A: App> Server<A> {
    /// Begins to serve on the listener; other paths than the mounts' go to `routes`.
    pub async fn start(
        pod: Pod<A>,
        listener: TcpListener,
        routes: Router,
    ) -> Result<Self, Unavailable> {
        let pod = Arc::new(pod);
        let stop = CancellationToken::new();
        let attachment = pod.hub.attach(&pod.id, PUBLICATIONS).await?;
        let (deliverer, ending) = (Arc::clone(&pod), stop.clone());
        tokio::spawn(async move { deliverer.deliver.run(attachment.publications, ending).await });
        keep_house(&pod, &stop);
        tokio::spawn(accept::listen(
            Arc::clone(&pod),
            listener,
            routes,
            stop.clone(),
        ));
        Ok(Self { pod, stop })
    }

    /// Sends every client elsewhere and waits until they are gone: parked GETs are answered with
    /// nothing (their clients just poll again), WebSockets are closed over the drain time.
    pub async fn drain(self) {
        self.pod.metrics.draining.set(1);
        self.pod.draining.cancel();
        self.pod.tasks.close();
        let limit = self.pod.settings.drain + LAST_ANSWERS;
        if tokio::time::timeout(limit, self.pod.tasks.wait())
            .await
            .is_err()
        {
            tracing::warn!(left = self.pod.tasks.len(), "clients did not leave in time");
        }
        self.stop.cancel();
    }

    pub fn pod(&self) -> &Arc<Pod<A>> {
        &self.pod
    }
}

/// What is done from time to time, each in a task of its own: a look that waits for a partition in
/// trouble must not cost the pod its lease.
fn keep_house<A: App>(pod: &Arc<Pod<A>>, stop: &CancellationToken) {
    let (due, found) = mpsc::channel(due::WAITING_MAX);
    tokio::spawn(due::run(Arc::clone(pod), found, stop.clone()));
    tokio::spawn(sweep(Arc::clone(pod), due, stop.clone()));
    tokio::spawn(tidy(Arc::clone(pod), stop.clone()));
    tokio::spawn(renew(Arc::clone(pod), stop.clone()));
}

async fn sweep<A: App>(pod: Arc<Pod<A>>, due: mpsc::Sender<Deadline>, stop: CancellationToken) {
    let (every, share) = looks(pod.settings.sweep);
    let mut partitions = Partition::all().cycle();
    let mut ticks = ticks(every);
    while next(&mut ticks, &stop).await {
        for partition in partitions.by_ref().take(share) {
            polling::sweep(&*pod, partition, &due).await;
        }
    }
}

async fn tidy<A: App>(pod: Arc<Pod<A>>, stop: CancellationToken) {
    let mut ticks = ticks(TIDY);
    while next(&mut ticks, &stop).await {
        pod.deliver.tidy().await;
    }
}

async fn renew<A: App>(pod: Arc<Pod<A>>, stop: CancellationToken) {
    let lease = pod.settings.pod_lease_ms;
    let mut ticks = ticks(Duration::from_millis(renewal(lease)));
    while next(&mut ticks, &stop).await {
        // Without an answer the lease may run out; what that means is for whoever reaps.
        let _ = pod.hub.renew_pod(&pod.id, pod.now(), lease).await;
    }
}

fn ticks(every: Duration) -> Interval {
    let mut ticks = tokio::time::interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

/// `false` when it is over.
async fn next(ticks: &mut Interval, stop: &CancellationToken) -> bool {
    tokio::select! {
        _ = ticks.tick() => true,
        () = stop.cancelled() => false,
    }
}

/// How often how many partitions are looked at, to come round in that time: one by one, so that the
/// hub has an even load.
fn looks(round: Duration) -> (Duration, usize) {
    let one_by_one = round / u32::from(PARTITIONS);
    if one_by_one >= LOOK {
        return (one_by_one, 1);
    }
    let looks = (round.as_millis() / LOOK.as_millis()).max(1);
    let share = u128::from(PARTITIONS).div_ceil(looks);
    (LOOK, usize::try_from(share).unwrap_or(1))
}

fn renewal(lease: Millis) -> Millis {
    (lease / 3).max(1)
}
