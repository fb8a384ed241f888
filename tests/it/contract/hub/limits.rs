use std::sync::Arc;

use switchboard::{
    hub::{Commit, Guard, Rate, Unavailable},
    model::Millis,
};

use super::support::Bench;

pub const WINDOW_MS: Millis = 10_000;
const MAX: usize = 3;

fn rate(bench: &Bench, key: &str) -> Rate {
    Rate {
        // Of this test, wherever it counts.
        key: format!("{key}:{}", bench.workspace),
        max: MAX as u32,
        window_ms: WINDOW_MS,
    }
}

/// How long there is to wait, if it was refused.
pub async fn charge(bench: &Bench, key: &str) -> Option<Millis> {
    bench.hub.charge(&rate(bench, key)).await.unwrap()
}

pub async fn p8_a_window_takes_so_many_until_its_end(bench: &Bench) {
    for round in 0..3 {
        assert_eq!(charge(bench, "one").await, None, "it opens, round {round}");
        bench.trouble.pass(4_000).await;
        for _ in 1..MAX {
            assert_eq!(charge(bench, "one").await, None, "round {round}");
        }
        for (left, pass) in [(6_000, 1_000), (5_000, 4_999), (1, 1)] {
            for _ in 0..2 {
                assert_eq!(charge(bench, "one").await, Some(left), "round {round}");
            }
            bench.trouble.pass(pass).await;
        }
        // Whenever the next one comes: a window does not open by itself.
        bench.trouble.pass(round * (WINDOW_MS - 1)).await;
    }
}

pub async fn p8_of_sixteen_charges_at_once_so_many_pass(bench: &Bench) {
    for _ in 0..5 {
        let charges: Vec<_> = (0..16)
            .map(|_| {
                let (hub, rate) = (Arc::clone(&bench.hub), rate(bench, "many"));
                tokio::spawn(async move { hub.charge(&rate).await.unwrap() })
            })
            .collect();
        let mut passed = 0;
        for charge in charges {
            match charge.await.unwrap() {
                None => passed += 1,
                Some(left) => assert_eq!(left, WINDOW_MS),
            }
        }
        assert_eq!(passed, MAX);
        bench.trouble.pass(WINDOW_MS).await;
    }
}

pub async fn p8_windows_are_of_their_keys(bench: &Bench) {
    // More than are kept without a look at them.
    for n in 0..200 {
        for _ in 0..MAX {
            assert_eq!(charge(bench, &n.to_string()).await, None, "{n}");
        }
        bench.trouble.pass(10).await;
    }
    for n in 0..200 {
        let left = WINDOW_MS - 10 * (200 - n);
        assert_eq!(charge(bench, &n.to_string()).await, Some(left), "{n}");
    }
    // The same name in a workspace is another one.
    let commit = Commit {
        rate: Some(rate(bench, "0")),
        ..bench.commit_of(None, Guard::Any)
    };
    bench.commit(commit).await;
}

pub async fn p11_nobody_is_counted_while_it_is_down(bench: &Bench) {
    bench.trouble.set_down(true).await;
    for _ in 0..=MAX {
        let charged = bench.hub.charge(&rate(bench, "one")).await;
        assert_eq!(charged, Err(Unavailable));
    }
    bench.trouble.set_down(false).await;
    for _ in 0..MAX {
        assert_eq!(charge(bench, "one").await, None);
    }
    assert_eq!(charge(bench, "one").await, Some(WINDOW_MS));
}
