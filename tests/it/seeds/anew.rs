//! A guest of 003 or 004 that writes on in a chat that staff has ended: what it says begins the next one.

use serde_json::{Value, json};

use crate::{
    auth::ends::page::{Page, Site, WAYS, Way},
    rest::{
        client::Client,
        files::{PNG, attachments},
    },
    support::{relay::Relays, token::token},
};

const CHAT: &str = "/chat/";

fn text(message: &str) -> Value {
    json!({ "type": "text", "message": message })
}

struct Stage {
    relays: Relays,
    site: Site,
    token: String,
}

impl Stage {
    async fn start() -> Self {
        let relays = Relays::start_with(2, &[]).await;
        let site = Site::new(&relays.addresses(), CHAT);
        let secrets = relays.config.secrets().unwrap();
        let token = token(&secrets, "7", "Olga", "default", 3600);
        Self {
            relays,
            site,
            token,
        }
    }

    async fn staff(&self) -> Page {
        let shown = json!({ "token": self.token, "dialect": "operator-b" });
        Page::join(&self.site, Way::WebSocket, &shown)
            .await
            .unwrap()
    }

    /// A guest, and what its join was answered with.
    async fn guest(&self, way: Way, details: &Value) -> (Page, Value) {
        let shown = json!({ "dialect": "operator-b" });
        let mut guest = Page::join(&self.site, way, &shown).await.unwrap();
        let mut joins = json!({ "role": "client", "name": "Ann" });
        let joins_as = joins.as_object_mut().unwrap();
        joins_as.extend(details.as_object().unwrap().clone());
        let started = guest.granted("join", &joins).await;
        (guest, started)
    }
}

async fn ends(staff: &mut Page, started: &Value) {
    let session = json!({ "sessionId": started["sessionId"] });
    staff.granted("staff:end_session", &session).await;
}

async fn answers(staff: &mut Page, session: &Value, message: &str) {
    let mut says = text(message);
    says["to"] = session.clone();
    staff.granted("operatorMessage", &says).await;
}

/// It polls between two of its sentences, and not before it writes on.
#[tokio::test(flavor = "multi_thread")]
async fn p2_what_staff_has_said_last_is_told_all_the_same() {
    let stage = Stage::start().await;
    for way in WAYS {
        let mut staff = stage.staff().await;
        let (mut guest, started) = stage.guest(way, &json!({})).await;
        let session = &started["sessionId"];
        answers(&mut staff, session, "one").await;
        assert_eq!(guest.hear("operatorMessage").await["message"], "one");
        answers(&mut staff, session, "two").await;
        answers(&mut staff, session, "goodbye").await;
        ends(&mut staff, &started).await;
        guest.granted("clientMessage", &text("and this")).await;
        for last in ["two", "goodbye"] {
            assert_eq!(guest.hear("operatorMessage").await["message"], last);
        }
        let heard = staff.hear("incomingMessage").await;
        assert_eq!(heard["message"], "and this");
        assert_ne!(heard["from"], *session);
        answers(&mut staff, &heard["from"], "yes").await;
        assert_eq!(guest.hear("operatorMessage").await["message"], "yes");
    }
    stage.relays.stop().await;
}

/// Another one may have shown more, and is in the same session.
#[tokio::test(flavor = "multi_thread")]
async fn p6_who_has_come_by_name_and_address_alone_is_not_led_on() {
    let stage = Stage::start().await;
    let details = json!({ "email": "ann@example.org" });
    let mut staff = stage.staff().await;
    let (mut ann, started) = stage.guest(Way::WebSocket, &details).await;
    ann.granted("clientMessage", &text("my secret")).await;
    drop(ann);
    let (mut other, again) = loop {
        let (other, again) = stage.guest(Way::WebSocket, &details).await;
        if again["sessionId"] == started["sessionId"] {
            break (other, again);
        }
        // The connection of the first was still there.
        ends(&mut staff, &again).await;
    };
    ends(&mut staff, &again).await;
    let answer = other.ask("clientMessage", &text("and on")).await.unwrap();
    assert_eq!(answer["error"]["code"], "ended");
    stage.relays.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_begins_the_next_chat_and_an_upload_stays_in_its_own() {
    let stage = Stage::start().await;
    let mut staff = stage.staff().await;
    let (mut guest, started) = stage.guest(Way::WebSocket, &json!({})).await;
    let itself = Client::with_token(stage.site.pods[0], started["token"].as_str().unwrap());
    let path = attachments(&started);
    let uploaded = itself.upload(&path, "file", PNG.to_vec()).await.granted();
    ends(&mut staff, &started).await;
    let says = json!({ "type": "image", "attachmentId": uploaded["attachmentId"] });
    let answer = guest.ask("clientMessage", &says).await.unwrap();
    assert_eq!(answer["error"]["code"], "ended", "{answer}");
    let url = format!("data:image/png;base64,{}", crate::rest::files::base64(PNG));
    let says = json!({ "type": "image", "image": url });
    guest.granted("clientMessage", &says).await;
    let heard = staff.hear("incomingMessage").await;
    assert_eq!(heard["type"], "image");
    assert_ne!(heard["from"], started["sessionId"]);
    stage.relays.stop().await;
}

/// Its page says so whenever it has connected, and it polls: what it has not read by then is told all the same.
#[tokio::test(flavor = "multi_thread")]
async fn p2_who_joins_again_misses_nothing() {
    let stage = Stage::start().await;
    for way in WAYS {
        let mut staff = stage.staff().await;
        let (mut guest, started) = stage.guest(way, &json!({})).await;
        for message in ["one", "two"] {
            answers(&mut staff, &started["sessionId"], message).await;
        }
        let joins = json!({ "role": "client", "name": "Ann", "token": started["token"] });
        let again = guest.granted("join", &joins).await;
        assert_eq!(again["sessionId"], started["sessionId"]);
        answers(&mut staff, &started["sessionId"], "three").await;
        for message in ["one", "two", "three"] {
            assert_eq!(guest.hear("operatorMessage").await["message"], message);
        }
    }
    stage.relays.stop().await;
}
