//! Pods that share one Redis count together.

use switchboard::hub::{Limits as _, Rate};

use crate::support::servers::Redis;

use super::{
    place::{HOLD, ask, hub},
    within,
};

const WINDOW_MS: u64 = 3_600_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p8_what_one_pod_charges_counts_on_the_other() {
    let redis = Redis::start(&["--appendfsync", "no"]).await;
    let pods = [hub(redis.url(), HOLD).await, hub(redis.url(), HOLD).await];
    for who in ["one", "another"] {
        let rate = Rate {
            key: format!("test:{who}"),
            max: 5,
            window_ms: WINDOW_MS,
        };
        for n in 0..5 {
            assert_eq!(within(pods[n % 2].charge(&rate)).await, Ok(None), "{n}");
        }
        for pod in &pods {
            let left = within(pod.charge(&rate)).await.unwrap().unwrap();
            assert!((WINDOW_MS - 60_000..=WINDOW_MS).contains(&left), "{left}");
        }
    }
}

/// Whoever comes once must not stay for good.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p8_nothing_is_left_of_a_window_that_has_ended() {
    let redis = Redis::start(&["--appendfsync", "no"]).await;
    let pod = hub(redis.url(), HOLD).await;
    let before = ask(redis.url(), "DBSIZE").await;
    for who in 0..50 {
        let rate = Rate {
            key: format!("test:{who}"),
            max: 1,
            window_ms: 1,
        };
        assert_eq!(within(pod.charge(&rate)).await, Ok(None));
    }
    within(async {
        while ask(redis.url(), "DBSIZE").await != before {
            tokio::task::yield_now().await;
        }
    })
    .await;
}
