//! What is said again with nothing that marks it, first of all on a recovered connection: the repeat of a client
//! for as long as one needs to be back, and something new after that.

use serde_json::{Value, json};
use switchboard::{
    model::{Clock, Millis},
    server::Settings,
};

use super::house::House;
use crate::bad_input::client::{Client, WAYS, Way};

const NSP: &str = "/public-portal";
/// As long is at once.
const BOUND_MS: Millis = 3_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p3_what_is_said_again_at_once_after_a_recovery_is_a_repeat() {
    for way in WAYS {
        let (ack, history) = said_again(way, BOUND_MS).await;
        assert_eq!(ack["duplicate"], true, "{way:?}: {ack}");
        assert_eq!(history, ["hello?"], "{way:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p2_what_is_said_again_later_is_a_message_of_its_own() {
    for way in WAYS {
        let (ack, history) = said_again(way, BOUND_MS + 1).await;
        assert_eq!(ack["duplicate"], false, "{way:?}: {ack}");
        assert_eq!(history, ["hello?"; 2], "{way:?}");
    }
}

/// So long after it was recovered. Resolves with the answer, and with what there is then.
async fn said_again(way: Way, after_ms: Millis) -> (Value, Vec<String>) {
    let clock = Clock::manual(Clock::System.now());
    let house = House::at(clock.clone(), patient()).await;
    let (mut guest, pid) = connected(&house, way, &json!({})).await;
    ask(&mut guest, 1, "guest:start", &json!({})).await;
    let hello = json!({ "message": "hello?", "type": "text" });
    let first = ask(&mut guest, 2, "guest:message", &hello).await;
    drop(guest);
    let (mut guest, again) = connected(&house, way, &json!({ "pid": pid })).await;
    assert_eq!(again, pid, "it is recovered");
    clock.advance(after_ms);
    let ack = ask(&mut guest, 3, "guest:message", &hello).await;
    assert_eq!(
        ack["messageId"] == first["messageId"],
        ack["duplicate"],
        "{ack}"
    );
    let page = ask(&mut guest, 4, "guest:history", &json!({})).await;
    let messages = page["messages"].as_array().unwrap().iter();
    let texts = messages.map(|it| it["message"].as_str().unwrap().to_owned());
    (ack, texts.collect())
}

/// With what CONNECT was answered: the pid.
async fn connected(house: &House, way: Way, auth: &Value) -> (Client, Value) {
    let mut client = Client::open(house.address, way, NSP).await;
    let connect = format!("40{NSP},{auth}");
    client.send(&[connect.as_str().into()]).await.unwrap();
    let answer = client.packet().await.unwrap();
    let answer = answer.strip_prefix(&format!("40{NSP},")).unwrap();
    let answer: Value = serde_json::from_str(answer).unwrap();
    (client, answer["pid"].clone())
}

/// The official client goes on counting on another connection.
async fn ask(client: &mut Client, number: u64, event: &str, payload: &Value) -> Value {
    let packet = format!("42{NSP},{number}{}", json!([event, payload]));
    client.send(&[packet.as_str().into()]).await.unwrap();
    let answer = client.answer(number).await.unwrap();
    assert_eq!(answer["ok"], true, "{event}: {answer}");
    answer
}

/// Nothing else happens in these 3 s.
fn patient() -> Settings {
    let mut settings = Settings {
        pod_lease_ms: 60_000,
        recovery_window_ms: 60_000,
        ..crate::engine::echo_settings()
    };
    for mount in &mut settings.mounts {
        (mount.ping_interval_ms, mount.ping_timeout_ms) = (25_000, 20_000);
    }
    settings
}
