use serde_json::json;
use switchboard::model::Clock;

use super::client::{Polling, calm_site, payload, site, waited};
use crate::engine::{
    client::{Client, RAW, SOCKETS},
    echo,
    site::{Setting, Site},
};

in_three_settings! {
    p4_clients_of_version_two_are_in_the_root_namespace_by_themselves,
    p4_another_namespace_is_asked_for_by_its_name_and_query,
    a_second_word_about_the_root_namespace_does_no_harm,
    p4_lengths_are_those_of_javascript,
    p4_bytes_come_and_go_as_bytes,
    p4_bytes_come_and_go_as_text_where_there_are_only_texts,
    p4_a_binary_event_of_theirs_may_be_split_over_posts,
    p4_a_get_of_theirs_that_is_repeated_gets_the_same,
    p4_what_ends_a_get_of_theirs_is_a_payload_too,
    what_is_no_payload_of_theirs_ends_the_connection,
    clients_of_both_versions_live_beside_each_other,
    by_jsonp_nobody_is_let_in,
    p8_a_body_of_theirs_that_is_too_large_is_refused,
}

async fn p4_clients_of_version_two_are_in_the_root_namespace_by_themselves(setting: Setting) {
    let site = calm_site(setting).await;
    let polling = Polling::joined(&Client::new(&site, SOCKETS)).await;
    polling
        .say(&[r#"42["message",1]"#, r#"421["message-with-ack","a"]"#])
        .await;
    let expected = [r#"42["message-back",1]"#, r#"431["a"]"#];
    assert_eq!(polling.packets().await, expected);
    polling.say(&["41"]).await;
    polling.say(&["1"]).await;
    site.ended(&polling.sid).await;
    assert_eq!(polling.post("1:2").await.refused().0, 400);
}

async fn p4_another_namespace_is_asked_for_by_its_name_and_query(setting: Setting) {
    let client = Client::new(&calm_site(setting).await, SOCKETS);
    let polling = Polling::joined(&client).await;
    polling.say(&["40/custom?token=x%20y&n=1"]).await;
    let expected = [
        "40/custom,",
        r#"42/custom,["auth",{"token":"x y","n":"1"}]"#,
    ];
    assert_eq!(polling.packets().await, expected);
    polling.say(&[r#"42/custom,["message",1]"#]).await;
    assert_eq!(polling.packets().await, [r#"42/custom,["message-back",1]"#]);
    polling.say(&["40/random", "40/other?a=b,"]).await;
    let refused = [
        r#"44/random,"Invalid namespace""#,
        r#"44/other,"Invalid namespace""#,
    ];
    assert_eq!(polling.packets().await, refused);
    polling.say(&["41/custom,", r#"42["message",2]"#]).await;
    assert_eq!(polling.packets().await, [r#"42["message-back",2]"#]);
}

/// Some ask for what they are given.
async fn a_second_word_about_the_root_namespace_does_no_harm(setting: Setting) {
    let client = Client::new(&calm_site(setting).await, SOCKETS);
    let polling = Polling::joined(&client).await;
    polling.say(&["40", r#"42["message",1]"#]).await;
    assert_eq!(polling.packets().await, [r#"42["message-back",1]"#]);
    polling.say(&["40/custom"]).await;
    assert_eq!(polling.packets().await.len(), 2);
    assert_eq!(polling.post(payload(&["40/custom"])).await.refused().0, 400);
    polling.is_gone().await;
}

async fn p4_lengths_are_those_of_javascript(setting: Setting) {
    let client = Client::new(&calm_site(setting).await, SOCKETS);
    let polling = Polling::joined(&client).await;
    let said = ["42[\"message\",\"é€🙂\"]", "42[\"message\",\"👩‍👩‍👧\"]"];
    polling.say(&said).await;
    let heard = said.map(|text| text.replace("message", "message-back"));
    assert_eq!(polling.packets().await, heard);
}

const HEADER: &str = r#"451-["message",{"_placeholder":true,"num":0}]"#;
const HEADER_BACK: &str = r#"451-["message-back",{"_placeholder":true,"num":0}]"#;

async fn p4_bytes_come_and_go_as_bytes(setting: Setting) {
    let client = Client::new(&calm_site(setting).await, SOCKETS);
    let polling = Polling::joined(&client).await;
    let body = |header: &str| {
        let digits = header.len().to_string().into_bytes();
        let digits = digits.iter().map(|digit| digit - b'0');
        let mut body: Vec<u8> = [0].into_iter().chain(digits).chain([255]).collect();
        body.extend(header.as_bytes());
        body.extend([1, 4, 255, 4, 1, 2, 255]);
        body
    };
    assert_eq!(polling.post_bytes(&body(HEADER)).await.ok(), "ok");
    let reply = polling.poll("").await;
    assert_eq!(reply.header("content-type"), "application/octet-stream");
    assert_eq!(reply.bytes, body(HEADER_BACK));
    // Texts alone are a text, whatever came before.
    polling.say(&[r#"42["message",1]"#]).await;
    let reply = polling.poll("").await;
    assert_eq!(reply.header("content-type"), "text/plain; charset=UTF-8");
    assert_eq!(reply.ok(), payload(&[r#"42["message-back",1]"#]));
}

async fn p4_bytes_come_and_go_as_text_where_there_are_only_texts(setting: Setting) {
    let client = Client::new(&calm_site(setting).await, SOCKETS);
    let polling = Polling::open_with(&client, "&b64=1").await;
    assert_eq!(polling.packets().await.len(), 2);
    polling.say(&[HEADER, "b4AQL/"]).await;
    assert_eq!(polling.packets().await, [HEADER_BACK, "b4AQL/"]);
}

async fn p4_a_binary_event_of_theirs_may_be_split_over_posts(setting: Setting) {
    let client = Client::new(&calm_site(setting).await, SOCKETS);
    let polling = Polling::open_with(&client, "&b64=1").await;
    assert_eq!(polling.packets().await.len(), 2);
    polling.say(&[HEADER]).await;
    assert_eq!(
        polling.post_bytes(&[1, 4, 255, 4, 1, 2, 255]).await.ok(),
        "ok"
    );
    assert_eq!(polling.packets().await, [HEADER_BACK, "b4AQL/"]);
}

async fn p4_a_get_of_theirs_that_is_repeated_gets_the_same(setting: Setting) {
    let client = Client::new(&calm_site(setting).await, SOCKETS);
    let polling = Polling::joined(&client).await;
    polling.say(&[r#"42["message",1]"#]).await;
    let expected = payload(&[r#"42["message-back",1]"#]);
    for _ in 0..2 {
        assert_eq!(polling.poll("a").await.ok(), expected);
    }
    polling.say(&[r#"42["message",2]"#]).await;
    assert_eq!(polling.packets().await, [r#"42["message-back",2]"#]);
}

async fn p4_what_ends_a_get_of_theirs_is_a_payload_too(setting: Setting) {
    let site = calm_site(setting).await;
    for path in [RAW, SOCKETS] {
        let client = Client::new(&site, path);
        // It says goodbye while it waits, and before it asks.
        let polling = Polling::open(&client).await;
        if path == SOCKETS {
            assert_eq!(polling.packets().await.len(), 2);
        }
        let parked = polling.park().await;
        polling.say(&["1"]).await;
        assert_eq!(waited(parked).await, ["6"]);
        polling.is_gone().await;
    }
    let polling = Polling::open(&Client::new(&site, RAW)).await;
    polling.say(&["1"]).await;
    assert_eq!(polling.packets().await, ["6"], "they have crossed");
    polling.is_gone().await;
    // Another GET comes.
    let polling = Polling::open(&Client::new(&site, RAW)).await;
    let parked = polling.park().await;
    assert_eq!(polling.poll("other").await.refused().0, 400);
    assert_eq!(waited(parked).await, ["1"]);
}

async fn what_is_no_payload_of_theirs_ends_the_connection(setting: Setting) {
    let site = calm_site(setting).await;
    // A payload of v4, another length, the server's ping, a pong, somebody else's packet.
    for wrong in ["42[\"message\",1]", "9:42[\"m\"]", "1:3", "5:4abcd", "1:5"] {
        let polling = Polling::joined(&Client::new(&site, SOCKETS)).await;
        assert_eq!(polling.post(wrong).await.refused().0, 400, "{wrong}");
        polling.is_gone().await;
    }
    let polling = Polling::joined(&Client::new(&site, SOCKETS)).await;
    assert_eq!(polling.post_bytes(b"5:42[1]").await.refused().0, 400);
    polling.is_gone().await;
}

async fn clients_of_both_versions_live_beside_each_other(setting: Setting) {
    let site = calm_site(setting).await;
    let client = Client::new(&site, SOCKETS);
    let (old, new) = (Polling::joined(&client).await, client.handshake().await);
    new.join("/").await;
    old.say(&[r#"42["message",1]"#]).await;
    new.say(r#"42["message",2]"#).await;
    assert_eq!(old.packets().await, [r#"42["message-back",1]"#]);
    assert_eq!(new.packets().await, [r#"42["message-back",2]"#]);
    // A newer client asks for the root namespace.
    let asking = client.handshake().await;
    asking.say("40").await;
    assert!(asking.packets().await[0].starts_with("40{\"sid\":"));
}

async fn by_jsonp_nobody_is_let_in(setting: Setting) {
    let client = Client::new(&calm_site(setting).await, SOCKETS);
    let polling = Polling::joined(&client).await;
    let sentence = "JSONP is not supported, please poll by XMLHttpRequest or use WebSocket";
    for query in ["", &format!("&sid={}", polling.sid)] {
        let reply = client
            .get(&format!("EIO=3&transport=polling&j=0{query}"))
            .await;
        assert_eq!(reply.refused(), (403, 4, sentence.to_owned()));
    }
    polling.say(&[r#"42["message",1]"#]).await;
    assert_eq!(polling.packets().await, [r#"42["message-back",1]"#]);
}

async fn p8_a_body_of_theirs_that_is_too_large_is_refused(setting: Setting) {
    let mut settings = echo::settings();
    for mount in &mut settings.mounts {
        mount.max_payload = 1000;
    }
    let site: Site = site(setting, Clock::System, crate::engine::site::calm(settings)).await;
    let polling = Polling::joined(&Client::new(&site, SOCKETS)).await;
    let text = json!(["message", "x".repeat(1000)]).to_string();
    let refused = polling.post(payload(&[&format!("42{text}")])).await;
    assert_eq!(refused.status, 413);
    polling.say(&[r#"42["message",1]"#]).await;
    assert_eq!(polling.packets().await, [r#"42["message-back",1]"#]);
}
