//! A partition that has lost its state.

use switchboard::model::Partition;
use tokio::time::{Duration, Instant};

use super::house::{House, eventually, workspace};

/// All of them have to come back and to read the history: not in the same moment.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p11_the_connections_of_a_lost_partition_are_closed_one_after_the_other() {
    const MANY: i64 = 24;
    let house = House::open().await;
    let mut operators = Vec::new();
    for n in 0..MANY {
        let mut operator = house.operator(&format!("o{n}")).await;
        // It answers pings from now on.
        operators.push(tokio::spawn(async move { operator.end().await }));
    }
    let began = Instant::now();
    house.hub.lose(Partition::of(&workspace()));
    eventually("some are closed", async || house.websockets() < MANY).await;
    let first = began.elapsed();
    eventually("all are closed", async || house.websockets() == 0).await;
    let spread = began.elapsed() - first;
    assert!(spread > Duration::from_millis(500), "{spread:?}");
    let closed = &house.metrics.closed;
    let lost = closed.with_label_values(&["websocket", "gap"]).get();
    assert_eq!(i64::try_from(lost).unwrap(), MANY);
}
