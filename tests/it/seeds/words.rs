//! How the two front ends on /chat are told of a refusal, by the revision of the protocol that they speak.

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::time::timeout;
use tokio_tungstenite::{connect_async, tungstenite::Message};

use crate::{process::server::LONG, support::relay::Relays};

/// What a guest hears from a message that is none until the acknowledgement of one that is; neither of the two that are
/// refused asks for one.
async fn told(pod: std::net::SocketAddr, revision: u8) -> Vec<(String, Value)> {
    let url = format!("ws://{pod}/chat/?EIO={revision}&transport=websocket");
    let (mut guest, _) = connect_async(url).await.unwrap();
    let mut say = Vec::new();
    if revision == 4 {
        say.push("40".to_owned());
    }
    let message = |text: &str| json!(["clientMessage", { "type": "text", "message": text }]);
    say.push(r#"42["join",{"role":"client","name":"Ann"}]"#.to_owned());
    say.push(format!("42{}", message("")));
    say.push(format!("421{}", message("Hello")));
    for packet in say {
        guest.send(Message::text(packet)).await.unwrap();
    }
    let mut heard = Vec::new();
    loop {
        let packet = timeout(LONG, guest.next()).await.unwrap().unwrap().unwrap();
        let text = packet.into_text().unwrap();
        if let Some(answer) = text.strip_prefix("431") {
            assert!(answer.contains(r#""ok":true"#), "{answer}");
            return heard;
        }
        if let Some(event) = text.strip_prefix("42") {
            // An offset may follow.
            let mut event: Vec<Value> = serde_json::from_str(event).unwrap();
            let payload = event.get_mut(1).map(Value::take).unwrap_or_default();
            heard.push((event[0].as_str().unwrap().to_owned(), payload));
        }
    }
}

/// To clients of version 2 `error` also means that the connection has failed.
#[tokio::test(flavor = "multi_thread")]
async fn x18_a_client_of_version_2_is_told_by_chat_error_as_well() {
    let relays = Relays::start_with(1, &["--allow-eio3"]).await;
    let pod = relays.addresses()[0];
    for (revision, names) in [(3, vec!["error", "chat_error"]), (4, vec!["error"])] {
        let mut heard = told(pod, revision).await;
        heard.retain(|(name, _)| name.ends_with("error"));
        let told: Vec<&str> = heard.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(told, names, "EIO {revision}");
        for (_, payload) in &heard {
            assert_eq!(payload["message"], "Invalid message format");
            assert_eq!(payload["code"], "invalid");
        }
    }
    relays.stop().await;
}
