//! Pages of other origins.

use reqwest::Method;
use switchboard::{model::Clock, server::Origins};
use tokio_tungstenite::tungstenite::Error;

use super::{
    client::{Client, RAW, Reply},
    echo,
    site::{Setting, Site, calm},
};

in_three_settings! {
    any_page_may_by_default_and_reads_refusals_too,
    a_preflight_is_answered_before_anything_is_checked,
    a_listed_page_may_with_credentials,
    a_page_that_is_not_listed_is_told_which_setting_to_change,
    a_websocket_of_a_foreign_page_is_refused,
    a_foreign_page_does_no_harm_to_a_connection,
    a_program_needs_no_origin,
}

const SHOP: &str = "https://shop.example";
const EVIL: &str = "https://evil.example";

async fn listed(setting: Setting) -> Site {
    let mut settings = calm(echo::settings());
    settings.origins = Origins::Listed(vec![SHOP.into()]);
    Site::with(setting, Clock::System, settings).await.0
}

fn allowed(reply: &Reply) -> &str {
    reply.header("access-control-allow-origin")
}

async fn any_page_may_by_default_and_reads_refusals_too(setting: Setting) {
    let site = Site::calm(setting).await;
    let client = Client::new(&site, RAW).on_page(EVIL);
    let polling = client.handshake().await;
    let replies = [
        client.get("EIO=4&transport=polling").await,
        polling.post("", "4x").await,
        polling.poll("").await,
        polling.post("", vec![b'4'; 1_000_001]).await,
        polling.post("", "abc").await,
        polling.poll("").await,
        client.get("").await,
    ];
    let statuses = replies.each_ref().map(|reply| reply.status.as_u16());
    assert_eq!(statuses, [200, 200, 200, 413, 400, 400, 400]);
    for reply in replies {
        assert_eq!(allowed(&reply), "*", "{reply:?}");
        assert_eq!(
            reply.header("access-control-allow-credentials"),
            "",
            "{reply:?}"
        );
    }
}

async fn a_preflight_is_answered_before_anything_is_checked(setting: Setting) {
    let site = Site::calm(setting).await;
    let client = Client::new(&site, RAW).on_page(SHOP);
    let asked = [
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "authorization, x-own"),
    ];
    for query in ["EIO=4&transport=polling", "", "sid=unknown", "EIO=3"] {
        let reply = client
            .request_with(Method::OPTIONS, query, "", &asked)
            .await;
        assert_eq!((reply.status.as_u16(), reply.body.as_str()), (204, ""));
        assert_eq!(allowed(&reply), "*");
        assert_eq!(
            reply.header("access-control-allow-headers"),
            "authorization, x-own"
        );
        let methods = reply.header("access-control-allow-methods");
        assert!(
            methods.contains("GET") && methods.contains("POST"),
            "{methods}"
        );
    }
}

async fn a_listed_page_may_with_credentials(setting: Setting) {
    let site = listed(setting).await;
    let client = Client::new(&site, RAW).on_page(SHOP);
    let polling = client.handshake().await;
    let replies = [
        polling.post("", "4x").await,
        polling.poll("").await,
        polling.post("", "abc").await,
        client.get("").await,
        client.request(Method::OPTIONS, "", "").await,
    ];
    for reply in replies {
        assert_eq!(allowed(&reply), SHOP, "{reply:?}");
        assert_eq!(
            reply.header("access-control-allow-credentials"),
            "true",
            "{reply:?}"
        );
        assert_eq!(reply.header("vary"), "Origin", "{reply:?}");
    }
    let mut socket = client.websocket().await;
    socket.send("4hello").await;
    assert_eq!(socket.next().await.unwrap(), "4hello");
}

async fn a_page_that_is_not_listed_is_told_which_setting_to_change(setting: Setting) {
    let site = listed(setting).await;
    for page in [
        EVIL,
        "null",
        "http://shop.example",
        "https://shop.example.evil.example",
    ] {
        let client = Client::new(&site, RAW).on_page(page);
        for method in [Method::GET, Method::POST, Method::OPTIONS] {
            let reply = client.request(method, "EIO=4&transport=polling", "").await;
            let (status, code, message) = reply.refused();
            assert_eq!((status, code), (403, 4));
            assert!(message.contains("CORS_ORIGIN"), "{message}");
            assert_eq!(allowed(&reply), "");
            assert_eq!(reply.header("cache-control"), "no-store");
        }
    }
}

async fn a_websocket_of_a_foreign_page_is_refused(setting: Setting) {
    let site = listed(setting).await;
    let polling = Client::new(&site, RAW).on_page(SHOP).handshake().await;
    let foreign = Client::new(&site, RAW).on_page(EVIL);
    let upgrade = format!("EIO=4&transport=websocket&sid={}", polling.sid);
    for query in ["EIO=4&transport=websocket", &upgrade] {
        let Err(Error::Http(answer)) = foreign.connect(query).await.map(|_| ()) else {
            panic!("let in: {query}");
        };
        assert_eq!(answer.status(), 403);
        let body = String::from_utf8(answer.into_body().unwrap()).unwrap();
        assert!(body.contains("CORS_ORIGIN"), "{body}");
    }
    polling.is_alive().await;
}

async fn a_foreign_page_does_no_harm_to_a_connection(setting: Setting) {
    let site = listed(setting).await;
    let polling = Client::new(&site, RAW).on_page(SHOP).handshake().await;
    let foreign = Client::new(&site, RAW).on_page(EVIL);
    let parked = polling.park("").await;
    for body in ["1", "abc", "4injected"] {
        let reply = foreign
            .request(Method::POST, &polling.query(""), body)
            .await;
        assert_eq!(reply.refused().0, 403);
        assert_eq!(foreign.get(&polling.query("")).await.refused().0, 403);
    }
    polling.say("4own").await;
    assert_eq!(parked.reply().await.ok(), "4own");
}

async fn a_program_needs_no_origin(setting: Setting) {
    let site = listed(setting).await;
    let client = Client::new(&site, RAW);
    let reply = client.get("EIO=4&transport=polling").await;
    assert!(reply.ok().starts_with('0'));
    assert_eq!(allowed(&reply), "");
    client.websocket().await;
}
