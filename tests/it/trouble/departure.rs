//! Who leaves while the hub is away, and who has to.

use futures_util::StreamExt;
use serde_json::json;
use switchboard::server::Settings;
use tokio_tungstenite::tungstenite::Message;

use super::house::{House, LEASE, eventually};
use crate::{
    bad_input::client::{Client, Way},
    process::server::LONG,
};

/// How often one commit is tried.
const TRIES: usize = 3;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p9_who_leaves_while_the_hub_is_away_has_left() {
    let house = House::open().await;
    let operator = house.operator("a").await;
    assert_eq!(house.operators().await, 1);
    house.hub.faults().set_down(true);
    drop(operator);
    eventually("it is gone", async || house.websockets() == 0).await;
    // As long as a hub may well be away.
    tokio::time::sleep(LEASE).await;
    house.hub.faults().set_down(false);
    eventually("its sessions are given back", async || {
        house.operators().await == 0
    })
    .await;
}

/// Others would take the pod for dead by then, whatever it is that keeps it from the hub.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p9_a_pod_that_cannot_renew_closes_its_websockets() {
    let house = House::open().await;
    let mut operator = house.operator("a").await;
    let ended = tokio::spawn(async move { operator.end().await });
    let began = tokio::time::Instant::now();
    house.hub.faults().set_down(true);
    ended.await.unwrap();
    assert!(began.elapsed() < LEASE * 2, "{:?}", began.elapsed());
    let closed = &house.metrics.closed;
    let lost = closed.with_label_values(&["websocket", "lease"]);
    eventually("that is why", async || lost.get() == 1).await;
    assert_eq!(house.metrics.leases_lost.get(), 1);
    house.hub.faults().set_down(false);
    eventually("it has left", async || house.operators().await == 0).await;
}

/// What it would enter is taken away by the others, and never entered again. Polling it is nobody's.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p9_nobody_moves_to_a_pod_without_a_lease() {
    // A third of the lease is time enough to try.
    let mut settings = Settings {
        pod_lease_ms: 3_000,
        ..crate::engine::echo_settings()
    };
    for mount in &mut settings.mounts {
        mount.ping_interval_ms = 25_000;
    }
    let house = House::with(settings).await;
    let polling = Client::join(house.address, Way::Polling, "/", &House::auth("a")).await;
    house.hub.faults().set_down(true);
    let lost = || house.metrics.leases_lost.get() == 1;
    eventually("the lease is lost", async || lost()).await;
    // The hub is back, and the pod has not said yet that it lives.
    house.hub.faults().set_down(false);
    let mut socket = polling.probe().await;
    let answer = tokio::time::timeout(LONG, socket.next()).await.unwrap();
    let closed = matches!(answer, None | Some(Ok(Message::Close(_)) | Err(_)));
    assert!(closed, "{answer:?}");
    assert_eq!(house.operators().await, 1);
}

/// Its answer is lost: for its client it has never come in.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p9_who_came_in_unknown_to_its_pod_has_left() {
    let house = House::open().await;
    for _ in 0..TRIES {
        house.hub.faults().unknown_commit(true);
    }
    let mut operator = Client::open(house.address, Way::WebSocket, "/").await;
    let connect = format!("40{}", House::auth("a"));
    operator.send(&[connect.as_str().into()]).await.unwrap();
    operator.end().await;
    eventually("it is gone", async || house.operators().await == 0).await;
}

/// A connection goes on that has left a namespace: whoever was there has to be gone all the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p9_who_leaves_one_of_two_namespaces_in_trouble_has_left() {
    let house = House::open().await;
    let mut both = Client::join(house.address, Way::WebSocket, "/public-portal", &json!({})).await;
    let connect = format!("40{}", House::auth("a"));
    both.send(&[connect.as_str().into()]).await.unwrap();
    eventually("it is there", async || house.operators().await == 1).await;
    for _ in 0..TRIES {
        house.hub.faults().unknown_commit(false);
    }
    both.send(&["41".into()]).await.unwrap();
    eventually("it is gone", async || house.operators().await == 0).await;
}
