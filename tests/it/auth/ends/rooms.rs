//! Rooms of an inbox: who may be told of what, how often that is asked, and of how many.

use serde_json::{Value, json};
use switchboard::{metrics::Metrics, model::limits::ROOMS_MAX};

use super::{
    NATIVE, long,
    page::{Page, Site, WAYS, Way},
    short, until_refused,
};
use crate::{
    process::talk::{Person, message},
    support::relay::Relays,
};

fn inbox() -> Value {
    json!({ "dialect": "livechat" })
}

fn limited(metrics: &Metrics, limit: &str) -> u64 {
    metrics.chat.limited.with_label_values(&[limit]).get()
}

/// Staff that has logged in, and shows nothing but its cookie.
#[tokio::test(flavor = "multi_thread")]
async fn staff_joins_rooms_by_the_cookie_of_its_login() {
    let relays = Relays::start_with(1, &[]).await;
    let secrets = relays.config.secrets().unwrap();
    let pods = relays.addresses();
    let site = Site::new(&pods, NATIVE).with_login(&long(&secrets, "7"));
    let mut guest = Person::guest(pods[0]).await;
    let started = guest
        .granted("guest:start", json!({ "name": "Marie" }))
        .await;
    let session = &started["sessionId"];
    for way in WAYS {
        let mut page = Page::join(&site, way, &inbox()).await.unwrap();
        // Refused a room it is nobody, as before.
        let elsewhere = json!({ "workspaceId": "other" });
        let refused = page.ask("join_workspace", &elsewhere).await.unwrap();
        assert_eq!(refused["error"]["code"], "forbidden");
        let refused = page.ask("staff:sessions", &json!({})).await.unwrap();
        assert_eq!(refused["ok"], false);
        page.granted("join_contact", &json!({ "contactId": session }))
            .await;
        guest
            .granted("guest:message", message("first", &page.id))
            .await;
        assert_eq!(page.hear("new_message").await["body"], "first");
        let auth = json!({ "dialect": "livechat", "pid": page.pid, "offset": null });
        let mut back = Page::join(&site, way, &auth).await.unwrap();
        assert_eq!(back.id, page.id, "recovered");
        back.granted("join_workspace", &json!({ "workspaceId": "default" }))
            .await;
        back.granted("staff:sessions", &json!({})).await;
    }
    relays.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p5_a_cookie_that_has_ended_leads_to_no_room() {
    let relays = Relays::start_with(1, &[]).await;
    let secrets = relays.config.secrets().unwrap();
    let pods = relays.addresses();
    let token = short(&secrets);
    let site = Site::new(&pods, NATIVE).with_login(&token);
    let mut pages = Vec::new();
    for way in WAYS {
        pages.push(Page::join(&site, way, &inbox()).await.unwrap());
    }
    until_refused(pods[0], &token).await;
    for mut page in pages {
        let all = json!({ "workspaceId": "default" });
        page.emit("join_workspace", &all).await.unwrap();
        assert_eq!(page.farewell().await, "41");
    }
    relays.stop().await;
}

/// Ten times as often as messages.
#[tokio::test(flavor = "multi_thread")]
async fn p8_rooms_are_asked_for_as_often_as_anything_else() {
    let limits = ["--rate-operator", "1/60s", "--rate-guest", "1/60s"];
    let relays = Relays::start_with(1, &limits).await;
    let secrets = relays.config.secrets().unwrap();
    let pods = relays.addresses();
    let site = Site::new(&pods, NATIVE);
    let mut guest = Person::guest(pods[0]).await;
    let started = guest
        .granted("guest:start", json!({ "name": "Marie" }))
        .await;
    let contact = json!({ "contactId": started["sessionId"] });
    let all = json!({ "workspaceId": "default" });
    let staff = json!({ "token": long(&secrets, "7"), "dialect": "livechat" });
    let guest = json!({ "token": started["token"], "dialect": "livechat" });
    for (auth, event, payload, limit) in [
        (&staff, "join_workspace", &all, "operator_signal"),
        (&guest, "join_contact", &contact, "guest_signal"),
    ] {
        let mut page = Page::join(&site, Way::WebSocket, auth).await.unwrap();
        page.granted(event, payload).await;
        let refused = loop {
            let answer = page.ask(event, payload).await.unwrap();
            if answer["ok"] == false {
                break answer;
            }
            assert_eq!(limited(&relays.backends.metrics, limit), 0);
        };
        assert_eq!(refused["error"]["code"], "rate_limited", "{refused}");
        assert!(refused["error"]["retryAfterMs"].as_u64().is_some());
        assert_eq!(limited(&relays.backends.metrics, limit), 1);
    }
    // Who has the same id elsewhere is somebody else.
    let token = crate::support::token::token(&secrets, "7", "Olga", "other", 3600);
    let staff = json!({ "token": token, "dialect": "livechat" });
    let mut other = Page::join(&site, Way::WebSocket, &staff).await.unwrap();
    let all = json!({ "workspaceId": "other" });
    other.granted("join_workspace", &all).await;
    relays.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p8_a_socket_is_in_so_many_rooms_at_most() {
    let relays = Relays::start_with(1, &[]).await;
    let secrets = relays.config.secrets().unwrap();
    let pods = relays.addresses();
    let auth = json!({ "token": long(&secrets, "7"), "dialect": "livechat" });
    let site = Site::new(&pods, NATIVE);
    let mut inbox = Page::join(&site, Way::WebSocket, &auth).await.unwrap();
    let mut first = None;
    let mut guest = Person::guest(pods[0]).await;
    for number in 0..=ROOMS_MAX {
        // The conversation before it is over, and a room all the same.
        let start = json!({ "name": format!("guest {number}") });
        let started = guest.granted("guest:start", start).await;
        let contact = json!({ "contactId": started["sessionId"] });
        if number < ROOMS_MAX {
            guest.granted("guest:end", json!({})).await;
            inbox.granted("join_contact", &contact).await;
            first.get_or_insert(contact);
            continue;
        }
        let refused = inbox.ask("join_contact", &contact).await.unwrap();
        assert_eq!(refused["error"]["code"], "too_large", "{refused}");
        assert_eq!(refused["error"]["field"], "contactId");
        assert_eq!(limited(&relays.backends.metrics, "rooms"), 1);
    }
    inbox.granted("join_contact", &first.unwrap()).await;
    relays.stop().await;
}
