//! What moves a client's offset, and in which order it is told.

use serde_json::{Value, json};

use super::house::House;
use crate::bad_input::client::{Client, Piece, WAYS, Way};

/// The arguments of an event.
fn event(packet: &str) -> Vec<Value> {
    let args = packet.find('[').unwrap();
    serde_json::from_str(&packet[args..]).unwrap()
}

async fn connect(house: &House, way: Way, auth: &Value) -> (Client, Value) {
    let mut client = Client::open(house.address, way, "/").await;
    let connect = Piece::Text(format!("40{auth}"));
    client.send(&[connect]).await.unwrap();
    let answer = client.packet().await.unwrap();
    let answer = answer.strip_prefix("40").expect("ahead of anything else");
    (client, serde_json::from_str(answer).unwrap())
}

/// A client keeps what comes before a CONNECT that never does, and shows it again after the next one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p2_connect_is_answered_ahead_of_what_was_missed() {
    let house = House::open().await;
    for (way, colleague) in WAYS.into_iter().zip(["x", "y"]) {
        let mut auth = House::auth("bob");
        let (mut bob, answer) = connect(&house, way, &auth).await;
        let ready = event(&bob.packet().await.unwrap());
        let pid = answer["pid"].clone();
        (auth["pid"], auth["offset"]) = (pid.clone(), ready[2].clone());
        drop(bob);
        let _colleague = house.operator(colleague).await;
        let (mut bob, answer) = connect(&house, way, &auth).await;
        assert_eq!(answer["pid"], pid, "{way:?}: recovered");
        let mut told = Vec::new();
        while told.last() != Some(&json!("ready")) {
            told.push(event(&bob.packet().await.unwrap())[0].clone());
        }
        assert!(told.contains(&json!("operator:online")), "{told:?}");
    }
}

/// It may wait for storage, and what has come meanwhile has moved the offset on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p2_what_may_be_held_back_moves_no_offset() {
    let house = House::open().await;
    for way in WAYS {
        let mut guest = Client::join(house.address, way, "/public-portal", &json!({})).await;
        let (_, start) = guest.request(r#"["guest:start",{}]"#);
        guest.send(&[start]).await.unwrap();
        loop {
            let packet = guest.packet().await.unwrap();
            if packet.starts_with("42") && event(&packet)[0] == "session:started" {
                assert_eq!(event(&packet).len(), 2, "{packet}");
                break;
            }
        }
    }
}
