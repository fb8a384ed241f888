//! Pages that show the same pid, in trouble: nobody keeps a socket that another one has taken.

use serde_json::{Value, json};
use tokio::time::timeout;

use super::house::{House, eventually};
use crate::{
    bad_input::client::{Client, WAYS, Way},
    process::server::LONG,
};

/// How often one commit is tried.
const TRIES: usize = 3;

/// It has taken the socket, and its own connection ends before it is in. (A WebSocket is told by the hub.)
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p2_a_page_is_sent_away_by_one_that_does_not_come_in_itself() {
    let house = House::open().await;
    let (mut first, shown) = page(&house, Way::Polling).await;
    for _ in 0..TRIES {
        house.hub.faults().unknown_commit(true);
    }
    let mut second = Client::open(house.address, Way::WebSocket, "/").await;
    second.send(&[shown.as_str().into()]).await.unwrap();
    let ended = timeout(LONG, second.end()).await;
    assert!(ended.is_ok(), "the second one came in");
    assert_sent_away(&mut first, Way::Polling).await;
}

/// The word that the socket was taken is lost with everything else that was published.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p2_a_page_is_sent_away_though_its_pod_missed_the_word() {
    for way in WAYS {
        let house = House::open().await;
        let (mut first, shown) = page(&house, way).await;
        house.hub.faults().lose_fences(true);
        let mut second = Client::open(house.address, Way::WebSocket, "/").await;
        second.send(&[shown.as_str().into()]).await.unwrap();
        assert!(second.packet().await.unwrap().starts_with("40"));
        house.hub.faults().lose_fences(false);
        house.hub.lag();
        assert_sent_away(&mut first, way).await;
    }
}

/// It has no socket yet that could have been taken.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_on_its_way_in_stays_though_its_pod_missed_something() {
    let house = House::open().await;
    let mut client = Client::open(house.address, Way::WebSocket, "/").await;
    house.hub.lag();
    let lagged = &house.hub_metrics.lagged;
    eventually("it has heard", async || lagged.get() > 0).await;
    let connect = format!("40{}", House::auth("bob"));
    client.send(&[connect.as_str().into()]).await.unwrap();
    assert!(client.packet().await.unwrap().starts_with("40"));
}

/// An operator's, and the CONNECT of another page of the same.
async fn page(house: &House, way: Way) -> (Client, String) {
    let mut auth = House::auth("bob");
    let mut client = Client::open(house.address, way, "/").await;
    let connect = format!("40{auth}");
    client.send(&[connect.as_str().into()]).await.unwrap();
    let answer = client.packet().await.unwrap();
    let answer: Value = serde_json::from_str(answer.strip_prefix("40").unwrap()).unwrap();
    auth["pid"] = answer["pid"].clone();
    assert_ne!(auth["pid"], json!(null));
    (client, format!("40{auth}"))
}

async fn assert_sent_away(client: &mut Client, way: Way) {
    let told = timeout(LONG, async {
        while client.packet().await.unwrap() != "41" {}
    })
    .await;
    assert!(told.is_ok(), "{way:?}: it is never told to leave");
}
