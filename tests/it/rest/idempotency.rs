use serde_json::json;

use super::{client::Client, house::House};
use crate::{
    process::talk::{Person, message},
    support::{pods::Pods, token::token},
};

#[tokio::test(flavor = "multi_thread")]
async fn p3_the_same_key_is_one_message_over_rest_and_sockets_and_on_every_pod() {
    let pods = Pods::start(2).await;
    let [here, there] = pods.addresses()[..] else {
        panic!()
    };
    let token = token(&pods.secrets(), "ada", "Ada", "default", 60);
    let mut guest = Person::guest(here).await;
    let started = guest.granted("guest:start", json!({})).await;
    let id = started["sessionId"].as_str().unwrap();
    let path = format!("/sessions/{id}/messages");
    let say = json!({ "message": "once" });
    let mut first = None;
    for address in [here, there, here] {
        let ada = Client::with_token(address, &token).with("idempotency-key", "k1");
        let answer = ada.post(&path, say.clone()).await;
        assert_eq!(answer.status, if first.is_none() { 201 } else { 200 });
        let mut answer = answer.granted();
        assert_eq!(answer["duplicate"], first.is_some());
        answer["duplicate"] = true.into();
        assert_eq!(*first.get_or_insert(answer.clone()), answer);
    }
    // A socket's own id is the same.
    let mut ada = Person::operator(there, &token).await;
    let mut again = message("once", "k1");
    again["sessionId"] = id.into();
    assert_eq!(ada.granted("staff:message", again).await["duplicate"], true);
    let all: Vec<_> = (0..8)
        .map(|n| {
            let address = [here, there][n % 2];
            let ada = Client::with_token(address, &token).with("idempotency-key", "k2");
            let (path, say) = (path.clone(), say.clone());
            tokio::spawn(async move { ada.post(&path, say).await.granted()["messageId"].clone() })
        })
        .collect();
    let mut ids = Vec::new();
    for one in all {
        ids.push(one.await.unwrap());
    }
    ids.dedup();
    assert_eq!(ids.len(), 1, "at once, as well");
    assert_eq!(guest.history("guest:history", None).await.len(), 2);
    pods.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p3_a_claim_that_is_sent_again_is_answered_as_the_first() {
    let house = House::start().await;
    let [ada, bob] = [
        house.operator("ada", "agent").await,
        house.operator("bob", "agent").await,
    ];
    let mut guest = Person::guest(house.server.address).await;
    let started = guest.granted("guest:start", json!({})).await;
    let claim = format!("/sessions/{}/claim", started["sessionId"].as_str().unwrap());
    let keyed = ada.with("idempotency-key", "c1");
    keyed.post(&claim, json!({})).await.granted();
    ada.post(&claim.replace("claim", "leave"), json!({}))
        .await
        .granted();
    bob.post(&claim, json!({})).await.granted();
    ada.post(&claim, json!({})).await.refused(409, "taken");
    // The request of before, not a new one. Its key means nothing to another.
    keyed.post(&claim, json!({})).await.granted();
    let held = house
        .operator("eve", "agent")
        .await
        .with("idempotency-key", "c1");
    held.post(&claim, json!({})).await.refused(409, "taken");
}
