//! Effects of deadlines, beside the looks that find them: one that waits for a history that is away holds
//! up no other, nor the end of a connection.

use std::{collections::HashSet, sync::Arc};

use futures_util::{StreamExt as _, stream::FuturesUnordered};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{App, Pod};
use crate::hub::Deadline;

/// Deadlines that wait for their turn; more are found again.
pub const WAITING_MAX: usize = 1000;
/// Effects at a time.
const AT_ONCE: usize = 64;

/// Until `stop`. A deadline that is found again while its effect is under way is passed over.
pub async fn run<A: App>(
    pod: Arc<Pod<A>>,
    mut found: mpsc::Receiver<Deadline>,
    stop: CancellationToken,
) {
    let (mut known, mut running) = (HashSet::new(), FuturesUnordered::new());
    loop {
        tokio::select! {
            Some(deadline) = found.recv(), if running.len() < AT_ONCE => {
                let name = (deadline.workspace.clone(), deadline.name.clone());
                if known.insert(name.clone()) {
                    let app = Arc::clone(&pod.app);
                    running.push(async move {
                        app.due(deadline).await;
                        name
                    });
                }
            }
            Some(name) = running.next(), if !running.is_empty() => {
                known.remove(&name);
            }
            () = stop.cancelled() => return,
        }
    }
}
