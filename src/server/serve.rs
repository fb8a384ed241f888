use std::{collections::HashSet, sync::Arc, time::Duration};

use axum::Router;
use futures_util::{FutureExt as _, StreamExt as _, stream::FuturesUnordered};
use tokio::{
    net::TcpListener,
    sync::mpsc,
    time::{Interval, MissedTickBehavior},
};
use tokio_util::sync::CancellationToken;

use super::{
    App, Pod, accept,
    drain::{self, Listening},
    due, lease, polling, reap,
    settings::PUBLICATIONS,
};
use crate::{
    hub::{Deadline, Unavailable},
    model::{PARTITIONS, Partition},
};

/// The shortest time between two looks at what has expired; each is at a share of the partitions.
const LOOK: Duration = Duration::from_millis(50);
/// Between two looks at subscriptions without readers.
const TIDY: Duration = Duration::from_secs(5);

/// A pod at work: started, and ended in order.
pub struct Server<A: App> {
    pod: Arc<Pod<A>>,
    listening: Listening,
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
        let (accepting, end) = (Arc::clone(&pod), CancellationToken::new());
        let listening = Listening {
            stop: end.clone(),
            task: tokio::spawn(accept::listen(accepting, listener, routes, end)),
        };
        Ok(Self {
            pod,
            listening,
            stop,
        })
    }

    /// Until every client has been sent elsewhere.
    pub async fn drain(self) {
        drain::drain(&self.pod, self.listening).await;
        // What is still owed would otherwise be found by the others, when the lease has run out.
        let _ = tokio::time::timeout(drain::LAST_ANSWERS, reap::look(&self.pod)).await;
        self.stop.cancel();
    }

    pub fn pod(&self) -> &Arc<Pod<A>> {
        &self.pod
    }
}

/// What is done from time to time, each in a task of its own: a look that waits for a partition in
/// trouble costs neither the other partitions theirs nor the pod its lease.
fn keep_house<A: App>(pod: &Arc<Pod<A>>, stop: &CancellationToken) {
    let (due, found) = mpsc::channel(due::WAITING_MAX);
    tokio::spawn(due::run(Arc::clone(pod), found, stop.clone()));
    tokio::spawn(sweep(Arc::clone(pod), due, stop.clone()));
    tokio::spawn(tidy(Arc::clone(pod), stop.clone()));
    tokio::spawn(lease::keep(Arc::clone(pod), stop.clone()));
    tokio::spawn(reap::run(Arc::clone(pod), stop.clone()));
}

async fn sweep<A: App>(pod: Arc<Pod<A>>, due: mpsc::Sender<Deadline>, stop: CancellationToken) {
    let (every, share) = looks(pod.settings.sweep);
    let mut partitions = Partition::all().cycle();
    let (mut looking, mut running) = (HashSet::new(), FuturesUnordered::new());
    let mut ticks = ticks(every);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            Some(looked) = running.next(), if !running.is_empty() => {
                looking.remove(&looked);
                continue;
            }
            () = stop.cancelled() => return,
        }
        for partition in partitions.by_ref().take(share) {
            // One that is in trouble is not asked again before it has answered.
            if looking.insert(partition) {
                let look = polling::sweep(&*pod, partition, &due);
                running.push(look.map(move |()| partition));
            }
        }
    }
}

async fn tidy<A: App>(pod: Arc<Pod<A>>, stop: CancellationToken) {
    let mut ticks = ticks(TIDY);
    while next(&mut ticks, &stop).await {
        pod.deliver.tidy().await;
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
