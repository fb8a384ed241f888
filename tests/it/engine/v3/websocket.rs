use serde_json::json;

use super::client::{Polling, calm_site, greeting};
use crate::engine::{
    client::{Client, RAW, SOCKETS, Socket},
    site::{Setting, Site},
};

in_three_settings! {
    by_websocket_they_are_in_the_root_namespace_by_themselves,
    their_bytes_have_a_type_in_front,
    where_they_take_no_bytes_they_are_told_base64,
    p4_the_change_to_a_websocket_is_the_same,
    p4_what_waits_is_told_on_the_websocket_in_one_piece,
    on_a_raw_mount_there_is_no_namespace,
    what_is_no_frame_of_theirs_ends_the_connection,
}

async fn joined(site: &Site, query: &str) -> Socket {
    let query = format!("EIO=3&transport=websocket{query}");
    let mut socket = Client::new(site, SOCKETS).connect(&query).await.unwrap();
    greeting(&socket.next().await.unwrap(), &json!([]));
    for expected in ["40", r#"42["auth",{}]"#] {
        assert_eq!(socket.next().await.unwrap(), expected);
    }
    socket
}

async fn by_websocket_they_are_in_the_root_namespace_by_themselves(setting: Setting) {
    let site = calm_site(setting).await;
    let mut socket = joined(&site, "").await;
    socket.send("40/custom?token=x,").await;
    socket.send(r#"421["message-with-ack","é🙂"]"#).await;
    socket.send("40/random").await;
    for expected in [
        "40/custom,",
        r#"42/custom,["auth",{"token":"x"}]"#,
        r#"431["é🙂"]"#,
        r#"44/random,"Invalid namespace""#,
    ] {
        assert_eq!(socket.next().await.unwrap(), expected);
    }
}

const HEADER: &str = r#"451-["message",{"_placeholder":true,"num":0}]"#;
const HEADER_BACK: &str = r#"451-["message-back",{"_placeholder":true,"num":0}]"#;

async fn their_bytes_have_a_type_in_front(setting: Setting) {
    let site = calm_site(setting).await;
    let mut socket = joined(&site, "").await;
    socket.send(HEADER).await;
    socket.send_binary(&[4, 1, 2, 255]).await;
    assert_eq!(socket.next().await.unwrap(), HEADER_BACK);
    assert_eq!(socket.next().await.unwrap(), "b040102ff");
}

async fn where_they_take_no_bytes_they_are_told_base64(setting: Setting) {
    let site = calm_site(setting).await;
    let mut socket = joined(&site, "&b64=1").await;
    socket.send(HEADER).await;
    socket.send("b4AQL/").await;
    assert_eq!(socket.next().await.unwrap(), HEADER_BACK);
    assert_eq!(socket.next().await.unwrap(), "b4AQL/");
}

async fn p4_the_change_to_a_websocket_is_the_same(setting: Setting) {
    let client = Client::new(&calm_site(setting).await, SOCKETS);
    let polling = Polling::joined(&client).await;
    let mut socket = polling.probed().await;
    assert_eq!(polling.packets().await, ["6"]);
    socket.send("5").await;
    socket.send(r#"42["message",1]"#).await;
    assert_eq!(socket.next().await.unwrap(), r#"42["message-back",1]"#);
    polling.is_gone().await;
}

async fn p4_what_waits_is_told_on_the_websocket_in_one_piece(setting: Setting) {
    let client = Client::new(&calm_site(setting).await, SOCKETS);
    let polling = Polling::joined(&client).await;
    polling.say(&[HEADER, "b4AQL/", r#"42["message",1]"#]).await;
    let mut socket = polling.probed().await;
    socket.send("5").await;
    for expected in [HEADER_BACK, "b040102ff", r#"42["message-back",1]"#] {
        assert_eq!(socket.next().await.unwrap(), expected);
    }
}

async fn on_a_raw_mount_there_is_no_namespace(setting: Setting) {
    let client = Client::new(&calm_site(setting).await, RAW);
    let mut socket = client.connect("EIO=3&transport=websocket").await.unwrap();
    greeting(&socket.next().await.unwrap(), &json!([]));
    assert_eq!(socket.round_trip().await, [""; 0]);
    socket.send("4hello").await;
    socket.send_binary(&[4, 7]).await;
    assert_eq!(socket.next().await.unwrap(), "4hello");
    assert_eq!(socket.next().await.unwrap(), "b0407");
}

async fn what_is_no_frame_of_theirs_ends_the_connection(setting: Setting) {
    let site = calm_site(setting).await;
    for text in ["3", "bAQID", "4abc", "9"] {
        let mut socket = joined(&site, "").await;
        socket.send(text).await;
        assert_eq!(socket.closed().await.0, [""; 0], "{text}");
    }
    let bytes: [&'static [u8]; 2] = [&[], &[1, 2]];
    for bytes in bytes {
        let mut socket = joined(&site, "").await;
        socket.send_binary(bytes).await;
        assert_eq!(socket.closed().await.0, [""; 0]);
    }
}
