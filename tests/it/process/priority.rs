//! What is live goes out ahead of pages of history, however long these take.

use serde_json::json;

use super::talk::{Person, message};
use crate::support::{pods::Pods, token::token};

/// A database in which all is locked answers no list; messages, and what operators do, need none.
#[tokio::test(flavor = "multi_thread")]
async fn p11_live_events_do_not_wait_for_a_list_that_the_database_holds_up() {
    let pods = Pods::start(1).await;
    let database = pods.database().await;
    let address = pods.addresses()[0];
    let token = |id: &str, name: &str| token(&pods.secrets(), id, name, "default", 3600);
    let mut ada = Person::operator(address, &token("7", "Ada")).await;
    let mut bob = Person::operator(address, &token("8", "Bob")).await;
    let mut guest = Person::guest(address).await;
    let session = guest.granted("guest:start", json!({})).await["sessionId"].clone();
    guest.granted("guest:message", message("stored", "1")).await;
    guest.hear("message:status").await;

    let lock = "BEGIN; LOCK TABLE sessions IN ACCESS EXCLUSIVE MODE";
    database.batch_execute(lock).await.unwrap();
    let mut asked = Vec::new();
    for _ in 0..3 {
        asked.push(ada.emit("staff:sessions", &json!({})).await.unwrap());
    }
    guest.granted("guest:message", message("live", "2")).await;
    let claim = json!({ "sessionId": session });
    bob.granted("staff:connect_to_session", claim).await;
    while ada.hear("guest:message").await["message"] != "live" {}
    let taken = ada.hear("session:updated").await;
    assert_eq!(taken["session"]["agent"]["agentName"], "Bob");
    let answer = json!({ "sessionId": session, "message": "I am here", "type": "text" });
    ada.granted("staff:message", answer).await;
    guest.hear("staff:message").await;
    for number in &asked {
        assert!(!ada.has_answer(*number), "the table is locked");
    }
    // Given up by the relay, it is what the hub holds.
    let list = ada.answer(asked.remove(0)).await.unwrap();
    assert_eq!(
        (&list["ok"], &list["incomplete"]),
        (&json!(true), &json!(true))
    );
    let sessions = list["sessions"].as_array().unwrap();
    assert!(sessions.iter().any(|row| row["sessionId"] == session));

    database.batch_execute("ROLLBACK").await.unwrap();
    for number in asked {
        let answer = ada.answer(number).await.unwrap();
        assert_eq!(answer["ok"], true, "{answer}");
    }
}
