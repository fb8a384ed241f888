//! An entry is put into words once for all clients of a pod that are told the same, by whichever transport.

use serde_json::{Value, json};

use crate::{
    auth::ends::page::{Page, Site, WAYS, Way},
    support::{relay::Relays, token::token},
};

const SAID: usize = 20;
/// Of each vocabulary on each transport.
const LOOK_ON: usize = 4;

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_is_encoded_once_for_each_vocabulary_and_side() {
    let relays = Relays::start_with(1, &[]).await;
    let site = Site::new(&relays.addresses(), "/chat/");
    let token = token(
        &relays.config.secrets().unwrap(),
        "7",
        "Olga",
        "default",
        3600,
    );
    let dialects = ["operator-a", "operator-b"];
    let mut operators = Vec::new();
    for dialect in dialects {
        for way in WAYS {
            for _ in 0..LOOK_ON {
                let shown = json!({ "token": token, "dialect": dialect });
                operators.push(Page::join(&site, way, &shown).await.unwrap());
            }
        }
    }
    let shown = json!({ "dialect": "operator-b" });
    let mut guest = Page::join(&site, Way::WebSocket, &shown).await.unwrap();
    let joins = json!({ "role": "client", "name": "Ann" });
    let session = guest.granted("join", &joins).await["sessionId"].take();
    for operator in &mut operators {
        while operator.hear("newChat").await["clientId"] != session {}
    }
    let encoded = || relays.backends.metrics.server.encoded.get();
    let before = encoded();
    for said in 0..SAID {
        let says = json!({ "type": "text", "message": said.to_string() });
        guest.granted("clientMessage", &says).await;
    }
    for operator in &mut operators {
        for said in 0..SAID {
            let heard = operator.hear("incomingMessage").await;
            assert_eq!(heard["message"], Value::from(said.to_string()));
        }
    }
    // And once for the guest's side, where nothing is said of it.
    let sides = dialects.len() + 1;
    assert_eq!(encoded() - before, (SAID * sides) as u64);
    relays.stop().await;
}
