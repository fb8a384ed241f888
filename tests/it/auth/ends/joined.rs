//! Who says by an event that it is an operator, and comes back by its pid.

use serde_json::{Value, json};

use super::{
    assert_says_log_in, end_of, long,
    page::{Page, Site, WAYS, Way},
    short, until_refused,
};
use crate::{
    rest::{house, revocation},
    support::{pods::Pods, relay::Relays},
};
use switchboard::{config::Secrets, model::Clock};

const CHAT: &str = "/chat/";

fn join(token: &str) -> Value {
    json!({ "role": "operator", "operatorId": 7, "token": token })
}

fn back(page: &Page) -> Value {
    json!({ "pid": page.pid, "offset": null })
}

/// It loses its connection and is back before the end, which is kept: then it has to leave, and is not let in by its
/// pid any more.
async fn p5_the_end_is_kept(site: &Site, way: Way, secrets: &Secrets) {
    let token = short(secrets);
    let mut before = Page::join(site, way, &json!({})).await.unwrap();
    before.granted("join", &join(&token)).await;
    let mut after = Page::join(site, way, &back(&before)).await.unwrap();
    assert_eq!(after.id, before.id, "recovered");
    after.granted("staff:sessions", &json!({})).await;
    assert_eq!(after.farewell().await, "41");
    assert!(Clock::System.now() >= end_of(&token));
    let refused = Page::join(site, way, &back(&before)).await.err();
    assert_says_log_in(refused);
    // Whoever logs in by an event has to come in first, and goes on to show that pid.
    let mut anew = Page::join(site, way, &back(&before)).await.unwrap();
    assert_ne!(anew.id, before.id);
    anew.granted("join", &join(&long(secrets, "7"))).await;
    anew.granted("staff:sessions", &json!({})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p5_a_recovered_operator_is_let_stay_until_its_end_on_every_server_object() {
    let relays = Relays::start_with(2, &[]).await;
    let secrets = relays.config.secrets().unwrap();
    let site = Site::new(&relays.addresses(), CHAT);
    for way in WAYS {
        p5_the_end_is_kept(&site, way, &secrets).await;
    }
    relays.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p5_a_recovered_operator_is_let_stay_until_its_end_on_every_pod() {
    let pods = Pods::start(2).await;
    let site = Site::new(&pods.addresses(), CHAT);
    for way in WAYS {
        p5_the_end_is_kept(&site, way, &pods.secrets()).await;
    }
    pods.stop().await;
}

/// Away while its token ended: its record lives on.
#[tokio::test(flavor = "multi_thread")]
async fn p5_who_was_away_at_the_end_is_not_recovered() {
    let relays = Relays::start_with(1, &[]).await;
    let secrets = relays.config.secrets().unwrap();
    let pods = relays.addresses();
    let site = Site::new(&pods, CHAT);
    let token = short(&secrets);
    let mut pages = Vec::new();
    for way in WAYS {
        let mut page = Page::join(&site, way, &json!({})).await.unwrap();
        page.granted("join", &join(&token)).await;
        pages.push((way, back(&page)));
    }
    until_refused(pods[0], &token).await;
    for (way, auth) in pages {
        assert_says_log_in(Page::join(&site, way, &auth).await.err());
    }
    relays.stop().await;
}

/// A page says who it is whenever it has connected: by a token that it has renewed it stays.
#[tokio::test(flavor = "multi_thread")]
async fn who_joins_again_with_a_new_token_is_let_stay() {
    let relays = Relays::start_with(1, &[]).await;
    let secrets = relays.config.secrets().unwrap();
    let pods = relays.addresses();
    let site = Site::new(&pods, CHAT);
    let token = short(&secrets);
    let mut pages = Vec::new();
    for way in WAYS {
        let mut page = Page::join(&site, way, &json!({})).await.unwrap();
        page.granted("join", &join(&token)).await;
        // What is not newer changes nothing, nor what is somebody else's.
        let others = json!({ "role": "operator", "token": long(&secrets, "8") });
        page.granted("join", &others).await;
        page.granted("join", &join(&token)).await;
        page.granted("join", &join(&long(&secrets, "7"))).await;
        pages.push(page);
    }
    until_refused(pods[0], &token).await;
    for mut page in pages {
        page.granted("staff:sessions", &json!({})).await;
    }
    relays.stop().await;
}

/// The cookie of a login comes with the connection: who has a newer one by then stays for as long as that one.
#[tokio::test(flavor = "multi_thread")]
async fn who_comes_back_with_a_newer_cookie_is_let_stay() {
    let relays = Relays::start_with(1, &[]).await;
    let secrets = relays.config.secrets().unwrap();
    let pods = relays.addresses();
    let new = Site::new(&pods, CHAT).with_login(&long(&secrets, "7"));
    for way in WAYS {
        let token = short(&secrets);
        let old = Site::new(&pods, CHAT).with_login(&token);
        let mut before = Page::join(&old, way, &json!({})).await.unwrap();
        let says = json!({ "role": "operator", "operatorId": 7 });
        before.granted("join", &says).await;
        until_refused(pods[0], &token).await;
        let mut after = Page::join(&new, way, &back(&before)).await.unwrap();
        assert_eq!(after.id, before.id, "recovered");
        after.granted("staff:sessions", &json!({})).await;
    }
    relays.stop().await;
}

/// Shown with the connection, said later: it counts as if it were shown then.
#[tokio::test(flavor = "multi_thread")]
async fn p5_who_was_shown_by_a_cookie_that_has_ended_does_not_join() {
    let relays = Relays::start_with(1, &[]).await;
    let secrets = relays.config.secrets().unwrap();
    let pods = relays.addresses();
    let token = short(&secrets);
    let site = Site::new(&pods, CHAT).with_login(&token);
    let mut pages = Vec::new();
    for way in WAYS {
        pages.push(Page::join(&site, way, &json!({})).await.unwrap());
    }
    until_refused(pods[0], &token).await;
    for mut page in pages {
        let says = json!({ "role": "operator", "operatorId": 7 });
        page.emit("join", &says).await.unwrap();
        assert_eq!(page.farewell().await, "41");
    }
    let failures = &relays.backends.metrics.server.auth_failures;
    assert!(failures.with_label_values(&["expired"]).get() >= 2);
    relays.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p5_who_was_revoked_after_its_cookie_was_shown_does_not_join() {
    let house = house::House::start().await;
    let admin = house.operator("root", "admin").await;
    let password = house::add(house.folder.path(), "olga", "agent", "default").await;
    let token = house::login(&house.nobody(), "olga", &password).await;
    let address = house.server.address;
    let site = Site::new(&[address], CHAT).with_login(&token);
    let mut pages = Vec::new();
    let mut away = Vec::new();
    let says = json!({ "role": "operator", "operatorId": "olga" });
    for way in WAYS {
        pages.push(Page::join(&site, way, &json!({})).await.unwrap());
        let mut page = Page::join(&site, way, &json!({})).await.unwrap();
        page.granted("join", &says).await;
        away.push((way, back(&page)));
    }
    let disabled = admin.post("/operators/olga/disable", json!({})).await;
    disabled.granted();
    let olga = crate::rest::client::Client::with_token(address, &token);
    revocation::until_refused(&olga).await;
    for mut page in pages {
        page.emit("join", &says).await.unwrap();
        assert_eq!(page.farewell().await, "41");
    }
    let nobody = Site::new(&[address], CHAT);
    for (way, auth) in away {
        assert_says_log_in(Page::join(&nobody, way, &auth).await.err());
    }
}
