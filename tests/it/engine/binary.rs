//! Binary attachments, and binary messages where there is only text.

use super::{
    client::{Client, RAW, RS, SOCKETS},
    namespaces::{HEADER, joined, joined_socket},
    site::{Setting, Site},
};

in_three_settings! {
    p4_binary_events_and_acks_come_back_in_one_piece,
    p4_a_binary_event_may_be_split_over_posts,
    p4_a_half_binary_event_waits_for_its_rest_while_others_are_told,
    p4_a_half_binary_event_is_finished_on_the_websocket,
    p2_p4_a_binary_event_that_waits_is_told_in_one_piece_on_the_websocket,
    p8_ten_attachments_come_back,
    p8_an_eleventh_attachment_ends_the_connection,
    p8_a_packet_with_too_many_attachments_is_not_sent,
    a_client_without_binary_frames_is_sent_text,
    p4_an_upgraded_client_without_binary_frames_is_sent_text,
}

const HEADER_BACK: &str = r#"451-["message-back",{"_placeholder":true,"num":0}]"#;
const TWO: &str = r#"{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}"#;

/// `0`, `1` and so on.
fn placeholders(count: usize) -> String {
    let each = (0..count).map(|num| format!(r#"{{"_placeholder":true,"num":{num}}}"#));
    each.collect::<Vec<_>>().join(",")
}

async fn p4_binary_events_and_acks_come_back_in_one_piece(setting: Setting) {
    let site = Site::calm(setting).await;
    let (polling, mut socket) = (joined(&site).await, joined_socket(&site).await);
    let cases = [
        (
            format!(r#"452-["message",{TWO}]"#),
            format!(r#"452-["message-back",{TWO}]"#),
        ),
        (
            format!(r#"452-789["message-with-ack",{TWO}]"#),
            format!("462-789[{TWO}]"),
        ),
    ];
    for (said, back) in cases {
        polling.say(format!("{said}{RS}bAQID{RS}bBAUG")).await;
        assert_eq!(polling.packets().await, [back.as_str(), "bAQID", "bBAUG"]);
        socket.send(&said).await;
        socket.send_binary(&[1, 2, 3]).await;
        socket.send_binary(&[4, 5, 6]).await;
        for expected in [back.as_str(), "b010203", "b040506"] {
            assert_eq!(socket.next().await.unwrap(), expected);
        }
    }
}

/// What has come of it is known to whoever gets the rest.
async fn p4_a_binary_event_may_be_split_over_posts(setting: Setting) {
    let site = Site::calm(setting).await;
    let polling = joined(&site).await;
    for nsp in ["", "/custom,"] {
        if !nsp.is_empty() {
            polling.join("/custom").await;
        }
        let two = r#"{"_placeholder":true,"num":1},{"_placeholder":true,"num":0}"#;
        polling
            .say(format!(r#"452-{nsp}7["message-with-ack",{two}]"#))
            .await;
        polling.say("bAQID").await;
        polling.say(format!("bBAUG{RS}42[\"message\",1]")).await;
        let ack = format!("462-{nsp}7[{two}]");
        let expected = [ack.as_str(), "bAQID", "bBAUG", r#"42["message-back",1]"#];
        assert_eq!(polling.packets().await, expected);
    }
}

/// Nor does a POST that is sent again bring an attachment twice.
async fn p4_a_half_binary_event_waits_for_its_rest_while_others_are_told(setting: Setting) {
    let site = Site::still(setting).await;
    let polling = joined(&site).await;
    polling.say(r#"42["message","before"]"#).await;
    let header = format!(r#"452-["message",{TWO}]"#);
    for (t, part) in [("a", header.as_str()), ("b", "bAQID")] {
        for _ in 0..3 {
            assert_eq!(polling.post(t, part).await.ok(), "ok");
        }
    }
    let before = r#"42["message-back","before"]"#;
    assert_eq!(polling.packets().await, [before]);
    // No packet of the transport is part of it.
    site.clock.advance(300);
    assert_eq!(polling.packets().await, ["2"]);
    polling.say("3").await;
    polling.say("bBAUG").await;
    let back = format!(r#"452-["message-back",{TWO}]"#);
    assert_eq!(polling.packets().await, [back.as_str(), "bAQID", "bBAUG"]);
}

async fn p4_a_half_binary_event_is_finished_on_the_websocket(setting: Setting) {
    let site = Site::calm(setting).await;
    let polling = joined(&site).await;
    polling.say(HEADER).await;
    let mut socket = polling.upgrade().await;
    socket.send_binary(&[1, 2, 3]).await;
    assert_eq!(socket.next().await.unwrap(), HEADER_BACK);
    assert_eq!(socket.next().await.unwrap(), "b010203");
}

async fn p2_p4_a_binary_event_that_waits_is_told_in_one_piece_on_the_websocket(setting: Setting) {
    let site = Site::calm(setting).await;
    let polling = joined(&site).await;
    polling.say(format!("{HEADER}{RS}bAQID")).await;
    polling.say(r#"42["message",1]"#).await;
    let mut socket = polling.upgrade().await;
    for expected in [HEADER_BACK, "b010203", r#"42["message-back",1]"#] {
        assert_eq!(socket.next().await.unwrap(), expected);
    }
}

async fn p8_ten_attachments_come_back(setting: Setting) {
    let site = Site::calm(setting).await;
    let (polling, mut socket) = (joined(&site).await, joined_socket(&site).await);
    let all = placeholders(10);
    let said = format!(r#"4510-["message",{all}]"#);
    let back = format!(r#"4510-["message-back",{all}]"#);
    let attachments = vec!["bAQID"; 10];
    polling
        .say(
            [&[said.as_str()], attachments.as_slice()]
                .concat()
                .join(&RS.to_string()),
        )
        .await;
    let heard = polling.packets().await;
    assert_eq!(heard, [&[back.as_str()], attachments.as_slice()].concat());
    socket.send(&said).await;
    for _ in 0..10 {
        socket.send_binary(&[1]).await;
    }
    assert_eq!(socket.next().await.unwrap(), back);
    for _ in 0..10 {
        assert_eq!(socket.next().await.unwrap(), "b01");
    }
}

async fn p8_an_eleventh_attachment_ends_the_connection(setting: Setting) {
    let site = Site::calm(setting).await;
    let (polling, mut socket) = (joined(&site).await, joined_socket(&site).await);
    let said = format!(r#"4511-["message",{}]"#, placeholders(11));
    assert_eq!(polling.post("", said.clone()).await.refused().0, 400);
    polling.is_gone().await;
    socket.send(&said).await;
    assert_eq!(socket.closed().await.0, [""; 0]);
}

/// Official clients close their connection over one, so the application's mistake costs the packet and
/// not the client.
async fn p8_a_packet_with_too_many_attachments_is_not_sent(setting: Setting) {
    let site = Site::calm(setting).await;
    let (polling, mut socket) = (joined(&site).await, joined_socket(&site).await);
    let after = r#"42["message-back",1]"#;
    for said in [r#"42["attach",11]"#, r#"42["message",1]"#] {
        polling.say(said).await;
        socket.send(said).await;
    }
    assert_eq!(polling.packets().await, [after]);
    assert_eq!(socket.next().await.unwrap(), after);
    polling.say(r#"42["attach",10]"#).await;
    let heard = polling.packets().await;
    assert!(heard[0].starts_with(r#"4510-["attached","#), "{heard:?}");
    assert_eq!(heard.len(), 11);
}

/// `b64` in its query.
async fn a_client_without_binary_frames_is_sent_text(setting: Setting) {
    let site = Site::calm(setting).await;
    let client = Client::new(&site, RAW);
    let mut socket = client
        .connect("EIO=4&transport=websocket&b64=1")
        .await
        .unwrap();
    assert!(socket.next().await.unwrap().starts_with("0{"));
    for said in ["bAQIDBA==", "4text"] {
        socket.send(said).await;
        assert_eq!(socket.next().await.unwrap(), said);
    }
    socket.send_binary(&[1, 2, 3]).await;
    assert_eq!(socket.next().await.unwrap(), "bAQID");
}

async fn p4_an_upgraded_client_without_binary_frames_is_sent_text(setting: Setting) {
    let site = Site::calm(setting).await;
    let client = Client::new(&site, SOCKETS);
    let polling = joined(&site).await;
    let query = format!("EIO=4&transport=websocket&b64=1&sid={}", polling.sid);
    let mut socket = client.connect(&query).await.unwrap();
    socket.send("2probe").await;
    assert_eq!(socket.next().await.unwrap(), "3probe");
    polling.say(format!("{HEADER}{RS}bAQID")).await;
    socket.send("5").await;
    for expected in [HEADER_BACK, "bAQID"] {
        assert_eq!(socket.next().await.unwrap(), expected);
    }
}
