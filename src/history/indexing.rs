use std::{sync::Arc, time::Duration};

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::History;

/// Messages at a time. Writing waits for no more than these.
const BATCH: usize = 500;
/// From the start to the first.
const SETTLED: Duration = Duration::from_secs(2);
/// Between two batches, for whoever wants to write.
const BREATH: Duration = Duration::from_millis(50);
/// While a release rolls out, pods of the one before go on writing what searches do not know.
const AGAIN: Duration = Duration::from_secs(300);

/// Makes known to searches what a release before has written, and looks again now and then. Until `stop`.
pub async fn keep_indexed(history: Arc<dyn History>, stop: CancellationToken) {
    let work = async {
        // A process that cannot start, and ends at once, is not to be found in the middle of it.
        sleep(SETTLED).await;
        loop {
            let done = history.index_older(BATCH).await;
            sleep(if done == Ok(BATCH) { BREATH } else { AGAIN }).await;
        }
    };
    stop.run_until_cancelled_owned(work).await.unwrap_or(())
}
