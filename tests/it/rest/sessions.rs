use serde_json::{Value, json};

use super::{client::Client, house::House};
use crate::{
    process::talk::{Person, message},
    support::{pods::Pods, token::token},
};

#[tokio::test(flavor = "multi_thread")]
async fn p7_a_conversation_over_rest_is_the_one_that_the_sockets_have() {
    let house = House::start().await;
    let ada = house.operator("ada", "agent").await;
    conversation(house.server.address, &ada).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p7_a_conversation_over_rest_on_two_pods_is_the_one_that_the_sockets_have() {
    let pods = Pods::start_with(2, &[("ACK", "stored")]).await;
    let [here, there] = pods.addresses()[..] else {
        panic!()
    };
    let ada = Client::with_token(
        there,
        &token(&pods.secrets(), "ada", "Ada Quitte", "default", 60),
    );
    conversation(here, &ada).await;
    pods.stop().await;
}

/// The guest is on a socket, its operator asks over REST.
async fn conversation(address: std::net::SocketAddr, ada: &Client) {
    let mut guest = Person::guest(address).await;
    let details = json!({ "name": "Marie", "email": "marie@example.org" });
    let started = guest.granted("guest:start", details).await;
    let id = started["sessionId"].as_str().unwrap();
    for text in ["one", "two", "three"] {
        guest.granted("guest:message", message(text, text)).await;
    }
    let one = format!("/sessions/{id}");
    let waiting = ada
        .get("/sessions?status=waiting&search=MARIE")
        .await
        .granted();
    assert_eq!(waiting["sessions"][0]["sessionId"], id);
    assert_eq!(waiting["sessions"][0]["queuePosition"], 1);
    let chats = ada.get("/chats").await.granted();
    assert_eq!(chats["chats"][0]["unread"], 3);
    assert_eq!(chats["chats"][0]["lastMessage"]["message"], "three");

    let taken = ada.post(&format!("{one}/claim"), json!({})).await.granted();
    assert_eq!(taken["session"]["agent"]["agentId"], "ada");
    assert_eq!(
        guest.hear("session:agent_joined").await["agentName"],
        "Ada Quitte"
    );
    ada.post(&format!("{one}/read"), json!({ "seq": 2 }))
        .await
        .granted();
    assert_eq!(guest.hear("message:read").await["seq"], 2);
    let said = json!({ "message": "Hello <b>Marie</b>" });
    let answer = ada
        .with("idempotency-key", "k1")
        .post(&format!("{one}/messages"), said)
        .await;
    assert_eq!(answer.status, 201);
    let said = answer.granted();
    let heard = guest.hear("staff:message").await;
    assert_eq!(heard["messageId"], said["messageId"]);
    assert_eq!(heard["message"], "Hello <b>Marie</b>");
    guest
        .granted("guest:message", message("four", "four"))
        .await;

    let mut pages = Vec::new();
    let mut path = format!("{one}/messages?limit=2");
    loop {
        let page = ada.get(&path).await.granted();
        let messages = page["messages"].as_array().unwrap().clone();
        pages.splice(0..0, messages);
        let Some(cursor) = page["cursor"].as_str() else {
            break;
        };
        path = format!("{one}/messages?limit=2&cursor={cursor}");
    }
    let history = guest.history("guest:history", None).await;
    assert_eq!(pages, history, "what REST shows is what the guest sees");

    let left = ada.post(&format!("{one}/leave"), json!({})).await.granted();
    assert_eq!(left["session"]["status"], "waiting");
    ada.post(&format!("{one}/end"), json!({})).await.granted();
    guest.hear("session:ended").await;
    let ended = ada.get(&one).await.granted();
    assert_eq!(ended["session"]["status"], "ended");
    let late = json!({ "message": "too late" });
    ada.post(&format!("{one}/messages"), late)
        .await
        .refused(409, "ended");
}

#[tokio::test(flavor = "multi_thread")]
async fn p9_who_works_by_requests_alone_keeps_a_session_for_the_grace_only() {
    let house = House::start_with(&["--operator-grace", "1s"]).await;
    let ada = house.operator("ada", "agent").await;
    let mut guest = Person::guest(house.server.address).await;
    let started = guest.granted("guest:start", json!({})).await;
    let claim = format!("/sessions/{}/claim", started["sessionId"].as_str().unwrap());
    ada.post(&claim, json!({})).await.granted();
    guest.hear("session:agent_joined").await;
    assert_eq!(guest.hear("session:agent_left").await["agentId"], "ada");
    // Who is connected keeps it.
    let login = super::house::add(house.folder.path(), "bob", "agent", "default").await;
    let token = super::house::login(&house.nobody(), "bob", &login).await;
    let mut bob = Person::operator(house.server.address, &token).await;
    let rest = Client::with_token(house.server.address, &token);
    rest.post(&claim, json!({})).await.granted();
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    let mine = bob.granted("staff:sessions", json!({ "mine": true })).await;
    assert_eq!(mine["sessions"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_said_is_found_by_its_words_and_by_who_said_it() {
    let house = House::start().await;
    let ada = house.operator("ada", "agent").await;
    let sue = house.operator("sue", "supervisor").await;
    let mut guest = Person::guest(house.server.address).await;
    let started = guest.granted("guest:start", json!({})).await;
    let path = format!(
        "/sessions/{}/messages",
        started["sessionId"].as_str().unwrap()
    );
    guest
        .granted("guest:message", message("My parcel is late", "1"))
        .await;
    for n in 1..=3 {
        ada.post(&path, json!({ "message": format!("Parcel number {n}") }))
            .await
            .granted();
    }
    let texts = |page: &Value| -> Vec<String> {
        let found = page["messages"].as_array().unwrap().iter();
        found
            .map(|it| it["message"].as_str().unwrap().to_owned())
            .collect()
    };
    let found = sue.get("/messages/search?q=PARC&limit=3").await.granted();
    assert_eq!(
        texts(&found),
        ["Parcel number 3", "Parcel number 2", "Parcel number 1"]
    );
    let next = format!(
        "/messages/search?q=parc&limit=3&cursor={}",
        found["cursor"].as_str().unwrap()
    );
    assert_eq!(
        texts(&sue.get(&next).await.granted()),
        ["My parcel is late"]
    );
    assert_eq!(
        texts(&sue.get("/messages/search?q=parcel%20late").await.granted()),
        ["My parcel is late"]
    );
    let said = sue.get("/operators/ada/messages?limit=2").await.granted();
    assert_eq!(texts(&said), ["Parcel number 3", "Parcel number 2"]);
    ada.get("/operators/ada/messages").await.granted();
    ada.get("/operators/sue/messages")
        .await
        .refused(403, "forbidden");
    let chats = sue.get("/chats").await.granted();
    assert_eq!(chats["unread"]["chats"], 0, "staff has answered");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_understood_is_refused_by_the_name_of_its_field() {
    let house = House::start_with(&["--max-payload", "30000"]).await;
    let ada = house.operator("ada", "agent").await;
    for (path, field) in [
        ("/sessions?limit=0", "limit"),
        ("/sessions?limit=many", "limit"),
        ("/sessions?status=lost", "status"),
        ("/sessions?mine=yes", "mine"),
        ("/sessions?limit=1&limit=2", "query"),
        ("/sessions/x/messages?beforeSeq=-1", "beforeSeq"),
        ("/sessions/x/messages?cursor=x", "cursor"),
        ("/messages/search", "q"),
        ("/operators?limit=201", "limit"),
    ] {
        let refused = ada.get(path).await.refused(400, "invalid");
        assert_eq!(refused["field"], field, "{path}");
    }
    let path = "/sessions/x/messages";
    for (body, field) in [
        (json!([1]), "payload"),
        (json!({}), "message"),
        (json!({ "message": 5 }), "message"),
        (json!({ "message": "a", "type": "image" }), "attachmentId"),
        (json!({ "message": "a", "type": "video" }), "type"),
    ] {
        assert_eq!(
            ada.post(path, body).await.refused(400, "invalid")["field"],
            field
        );
    }
    let key = ada
        .with("idempotency-key", &"k".repeat(200))
        .post(path, json!({ "message": "a" }))
        .await;
    assert_eq!(key.refused(400, "invalid")["field"], "Idempotency-Key");
    let large = json!({ "message": "x".repeat(20_000) });
    ada.post(path, large).await.refused(413, "too_large");
    let huge = json!({ "message": "x".repeat(31_000) });
    ada.post(path, huge).await.refused(413, "too_large");
    ada.get("/nowhere").await.refused(404, "not_found");
    let wrong = ada.ask(reqwest::Method::DELETE, "/sessions", None).await;
    assert_eq!(wrong.headers["allow"], "GET,HEAD");
    wrong.refused(405, "invalid");
    house
        .nobody()
        .get("/sessions")
        .await
        .refused(401, "unauthorized");
}
