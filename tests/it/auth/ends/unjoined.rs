//! Who connects where one says by an event who one is, and does not say it in time (JOIN_TIMEOUT).

use futures_util::{SinkExt as _, StreamExt as _, future::join_all};
use serde_json::{Value, json};
use switchboard::config::Secrets;
use tokio::time::{Instant, timeout};
use tokio_tungstenite::{connect_async, tungstenite::Message};

use super::{
    NATIVE, long,
    page::{Page, Site, WAYS, Way},
};
use crate::{
    process::{server::LONG, talk::Person},
    support::{pods::Pods, relay::Relays},
};

const CHAT: &str = "/chat/";
const SHORT: &str = "2s";
const SHORT_MS: u128 = 2_000;

fn guest() -> Value {
    json!({ "role": "client", "name": "Ann" })
}

fn operator(token: &str) -> Value {
    json!({ "role": "operator", "operatorId": 7, "token": token })
}

/// Stays for longer than anybody may who says nothing.
async fn until_nobody_is_sent_away(site: &Site, way: Way) {
    let begun = Instant::now();
    let mut nobody = Page::join(site, way, &json!({})).await.unwrap();
    assert_eq!(nobody.farewell().await, "41", "told to leave, for good");
    let passed = begun.elapsed().as_millis();
    assert!(passed >= SHORT_MS, "after {passed} ms");
}

/// Everybody here has said, or shown, who it is, in one of the ways that there are.
async fn joined(site: &Site, way: Way, secrets: &Secrets) -> Vec<(Page, &'static str, Value)> {
    let token = long(secrets, "7");
    let anonymous = json!({});
    let mut page = Page::join(site, way, &anonymous).await.unwrap();
    let started = page.granted("join", &guest()).await;
    let mut pages = vec![(page, "clientTyping", json!({ "isTyping": true }))];
    let mut page = Page::join(site, way, &anonymous).await.unwrap();
    page.granted("guest:start", &json!({ "name": "Ben" })).await;
    pages.push((page, "clientTyping", json!({ "isTyping": true })));
    let shown = json!({ "token": started["token"] });
    let page = Page::join(site, way, &shown).await.unwrap();
    pages.push((page, "join", guest()));
    let shown = json!({ "token": token });
    let page = Page::join(site, way, &shown).await.unwrap();
    pages.push((page, "getConnectedOperators", json!({})));
    let mut page = Page::join(site, way, &anonymous).await.unwrap();
    page.granted("join", &operator(&token)).await;
    pages.push((page, "getConnectedOperators", json!({})));
    let login = site.clone().with_login(&token);
    let page = Page::join(&login, way, &anonymous).await.unwrap();
    pages.push((page, "join", json!({ "role": "operator" })));
    pages
}

/// Over pods in turn, where it polls.
async fn nobody_waits_for_ever(site: &Site, secrets: &Secrets) {
    for way in WAYS {
        let mut stay = joined(site, way, secrets).await;
        until_nobody_is_sent_away(site, way).await;
        for (page, event, payload) in &mut stay {
            page.granted(event, payload).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn x17_p8_who_does_not_join_has_to_leave_on_every_server_object() {
    let relays = Relays::start_with(2, &["--join-timeout", SHORT]).await;
    let secrets = relays.config.secrets().unwrap();
    let site = Site::new(&relays.addresses(), CHAT);
    nobody_waits_for_ever(&site, &secrets).await;
    let closed = &relays.backends.metrics.server.closed;
    for transport in ["websocket", "polling"] {
        let labels = [transport, "not joined"];
        assert_eq!(closed.with_label_values(&labels).get(), 1, "{transport}");
    }
    relays.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn x17_p8_who_does_not_join_has_to_leave_on_every_pod() {
    let pods = Pods::start_with(2, &[("JOIN_TIMEOUT", SHORT)]).await;
    let site = Site::new(&pods.addresses(), CHAT);
    nobody_waits_for_ever(&site, &pods.secrets()).await;
    pods.stop().await;
}

/// Visitors of these may read for as long as they like before they write.
#[tokio::test(flavor = "multi_thread")]
async fn x17_native_guests_and_pages_of_the_widget_may_listen() {
    let relays = Relays::start_with(1, &["--join-timeout", SHORT]).await;
    let pods = relays.addresses();
    let native = Site::new(&pods, NATIVE);
    let widget = json!({ "orgId": "acme", "accountId": "1" });
    let mut page = Page::join(&native, Way::WebSocket, &widget).await.unwrap();
    let mut guest = Person::guest(pods[0]).await;
    let chat = Site::new(&pods, CHAT);
    join_all(WAYS.map(|way| until_nobody_is_sent_away(&chat, way))).await;
    guest.granted("guest:start", json!({ "name": "Ann" })).await;
    page.ask("guest:history", &json!({})).await.unwrap();
    relays.stop().await;
}

/// They poll, and none asks for anything when its time is over: by its next request it is told, unless by that it joins.
#[tokio::test(flavor = "multi_thread")]
async fn x17_who_comes_late_is_told_by_its_next_request() {
    let relays = Relays::start_with(2, &["--join-timeout", SHORT]).await;
    let site = Site::new(&relays.addresses(), CHAT);
    let anonymous = json!({});
    let nobody = || Page::join(&site, Way::Polling, &anonymous);
    let (mut polls, mut joins) = (nobody().await.unwrap(), nobody().await.unwrap());
    let (upgrades, returns) = (nobody().await.unwrap(), nobody().await.unwrap());
    until_nobody_is_sent_away(&site, Way::WebSocket).await;
    assert_eq!(polls.farewell().await, "41");
    assert_eq!(upgrades.upgrade().await, ["3probe", "41"]);
    joins.granted("join", &guest()).await;
    joins
        .granted("clientTyping", &json!({ "isTyping": true }))
        .await;
    // As the socket that it was, and with as much time as a new one has.
    let pid = json!({ "pid": returns.pid, "offset": null });
    let mut back = Page::join(&site, Way::Polling, &pid).await.unwrap();
    assert_eq!(back.id, returns.id, "recovered");
    back.granted("join", &guest()).await;
    relays.stop().await;
}

/// Its other namespace has a place for both.
#[tokio::test(flavor = "multi_thread")]
async fn x17_who_is_somebody_elsewhere_may_wait() {
    let relays = Relays::start_with(1, &["--join-timeout", SHORT]).await;
    let pods = relays.addresses();
    let url = format!("ws://{}{CHAT}?EIO=4&transport=websocket", pods[0]);
    let (mut both, _) = connect_async(url).await.unwrap();
    for connect in ["40", "40/public-portal,"] {
        both.send(Message::text(connect)).await.unwrap();
    }
    let chat = Site::new(&pods, CHAT);
    until_nobody_is_sent_away(&chat, Way::Polling).await;
    let asked = r#"421["join",{"role":"client","name":"Ann"}]"#;
    both.send(Message::text(asked)).await.unwrap();
    loop {
        let packet = timeout(LONG, both.next()).await.unwrap().unwrap().unwrap();
        let text = packet.into_text().unwrap();
        assert!(!text.starts_with("41"), "{text}");
        if let Some(answer) = text.strip_prefix("431") {
            assert!(answer.contains(r#""ok":true"#), "{answer}");
            break;
        }
    }
    relays.stop().await;
}

/// It has said who it is, and nobody could do anything about it: it is to come back and say it again.
#[tokio::test(flavor = "multi_thread")]
async fn x17_p8_who_is_refused_by_passing_trouble_is_not_told_to_leave() {
    let limits = ["--join-timeout", SHORT, "--rate-session", "1/10m"];
    let relays = Relays::start_with(1, &limits).await;
    let site = Site::new(&relays.addresses(), CHAT);
    let nobody = json!({});
    let mut first = Page::join(&site, Way::WebSocket, &nobody).await.unwrap();
    first.granted("join", &guest()).await;
    for way in WAYS {
        let mut late = Page::join(&site, way, &nobody).await.unwrap();
        let answer = late.ask("join", &guest()).await.unwrap();
        assert_eq!(answer["error"]["code"], "rate_limited");
        // What it says that is wrong makes no difference.
        late.ask("join", &json!({ "role": 5 })).await.unwrap();
        let told = late.over().await;
        let closed: &[&str] = match way {
            Way::WebSocket => &[],
            Way::Polling => &["1"],
        };
        assert_eq!(told, closed, "its connection is closed, and no more");
        let pid = json!({ "pid": late.pid, "offset": null });
        let mut back = Page::join(&site, way, &pid).await.unwrap();
        assert_eq!(back.id, late.id, "recovered");
        assert_eq!(back.farewell().await, "41", "it has said nothing since");
    }
    let closed = &relays.backends.metrics.server.closed;
    for transport in ["websocket", "polling"] {
        let labels = [transport, "put off"];
        assert_eq!(closed.with_label_values(&labels).get(), 1, "{transport}");
    }
    relays.stop().await;
}

/// While it was away somebody has logged in, in the same browser; or somebody else has; or nobody is any more.
#[tokio::test(flavor = "multi_thread")]
async fn p5_x17_who_comes_back_has_shown_what_it_shows_now() {
    let relays = Relays::start_with(1, &["--join-timeout", SHORT]).await;
    let site = Site::new(&relays.addresses(), CHAT);
    let secrets = relays.config.secrets().unwrap();
    let [ann, bob] = ["7", "8"].map(|id| site.clone().with_login(&long(&secrets, id)));
    let shown = json!({ "dialect": "operator-a" });
    let mut guest = Page::join(&site, Way::WebSocket, &shown).await.unwrap();
    let says = json!({ "role": "client", "username": "Ann" });
    let session = guest.granted("join", &says).await["sessionId"].take();
    let joins = json!({ "role": "operator" });
    let hello = json!({ "to": session, "type": "text", "message": "Hello" });
    for way in WAYS {
        for (before, has_joined, after, operator, is_same) in [
            (&site, false, &ann, "7", true),
            (&ann, false, &bob, "8", true),
            (&ann, true, &ann, "7", true),
            (&ann, true, &bob, "8", false),
        ] {
            let mut left = Page::join(before, way, &json!({})).await.unwrap();
            if has_joined {
                left.granted("join", &joins).await;
            }
            let pid = json!({ "pid": left.pid, "offset": null });
            let mut back = Page::join(after, way, &pid).await.unwrap();
            assert_eq!(back.id == left.id, is_same, "recovered");
            back.granted("join", &joins).await;
            back.granted("operatorMessage", &hello).await;
            let heard = guest.hear("incomingOperatorMessage").await;
            assert_eq!(heard["from"], operator);
        }
        let left = Page::join(&ann, way, &json!({})).await.unwrap();
        let pid = json!({ "pid": left.pid, "offset": null });
        let mut nobody = Page::join(&site, way, &pid).await.unwrap();
        nobody.emit("join", &joins).await.unwrap();
        assert_eq!(nobody.farewell().await, "41");
    }
    relays.stop().await;
}

/// One page too many of a network for the moment: by a refusal its client would stay away for good.
#[tokio::test(flavor = "multi_thread")]
async fn p8_x16_a_page_of_the_widget_too_many_is_not_told_to_stay_away() {
    const PAGES: usize = 10;
    let relays = Relays::start_with(1, &["--rate-guest", "1/10m"]).await;
    let site = Site::new(&relays.addresses(), NATIVE);
    let widget = json!({ "orgId": "acme", "accountId": "1" });
    for _ in 0..PAGES {
        Page::join(&site, Way::WebSocket, &widget).await.unwrap();
    }
    for way in WAYS {
        let closed = Page::join(&site, way, &widget).await.err();
        assert_eq!(closed, Some(Value::Null));
    }
    relays.stop().await;
}
