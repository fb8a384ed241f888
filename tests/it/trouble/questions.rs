//! Answers that come later than what is live.

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::json;
use tokio::time::{Duration, timeout};
use tokio_tungstenite::{connect_async, tungstenite::Message};

use crate::support::{relay::Relays, token::token};

/// Somebody else has come to the namespace by the same connection, and counts its own questions from 0.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p6_an_answer_is_for_the_socket_that_asked() {
    let relays = Relays::start_with(1, &[]).await;
    let secrets = relays.config.secrets().unwrap();
    let auth = |workspace: &str| json!({ "token": token(&secrets, "7", "Ann", workspace, 60) });
    let address = relays.addresses()[0];
    let url = format!("ws://{address}/socket.io/?EIO=4&transport=websocket");
    for _ in 0..20 {
        let (mut stream, _) = connect_async(&url).await.unwrap();
        let said = [
            format!("40{}", auth("default")),
            "420[\"staff:sessions\",{}]".to_owned(),
            "41".to_owned(),
            format!("40{}", auth("other")),
        ];
        for packet in said {
            stream.feed(Message::text(packet)).await.unwrap();
        }
        stream.flush().await.unwrap();
        let mut connects = 0;
        let answer = async {
            while let Some(Ok(Message::Text(text))) = stream.next().await {
                connects += u32::from(text.starts_with("40{"));
                if text.starts_with("430") {
                    return connects;
                }
            }
            0
        };
        let asked_by = timeout(Duration::from_millis(300), answer).await;
        assert_ne!(asked_by, Ok(2), "it is told what the other one asked");
    }
    relays.stop().await;
}
