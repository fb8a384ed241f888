//! Socket.IO over polling and over WebSocket.

use super::{
    client::{Client, Polling, RS, SOCKETS, Socket},
    echo,
    site::{Site, calm},
};
use switchboard::model::Clock;

on_one_and_two_servers! {
    p4_a_namespace_is_joined_and_greets,
    a_namespace_is_joined_and_greets_on_a_websocket,
    p4_an_unknown_namespace_is_refused_and_does_no_harm,
    p4_events_and_acks_come_back_with_their_arguments,
    p4_binary_events_come_back_in_one_piece,
    p4_a_binary_event_may_be_split_over_posts,
    p4_a_half_binary_event_is_finished_on_the_websocket,
    p4_leaving_leaves_the_connection_and_lets_back_in,
    p4_a_violation_ends_polling,
    a_violation_closes_a_websocket,
    p4_a_client_that_joins_nothing_is_dead_at_the_millisecond,
    p4_a_client_that_joined_stays,
    a_websocket_that_joins_nothing_is_closed,
    p4_the_time_to_join_goes_on_over_an_upgrade,
}

const HEADER: &str = r#"451-["message",{"_placeholder":true,"num":0}]"#;
const HEADER_BACK: &str = r#"451-["message-back",{"_placeholder":true,"num":0}]"#;

async fn polling(site: &Site) -> Polling {
    Client::new(site, SOCKETS).handshake().await
}

async fn joined(site: &Site) -> Polling {
    let polling = polling(site).await;
    polling.join("/").await;
    polling
}

async fn joined_socket(site: &Site) -> Socket {
    let mut socket = Client::new(site, SOCKETS).websocket().await;
    socket.send("40").await;
    assert!(socket.next().await.unwrap().starts_with("40{\"sid\":\""));
    assert_eq!(socket.next().await.unwrap(), "42[\"auth\",{}]");
    socket
}

/// The id in the answer to CONNECT, which holds nothing else.
fn socket_id(packet: &str, nsp: &str) -> String {
    let json = packet
        .strip_prefix("40")
        .unwrap()
        .strip_prefix(nsp)
        .unwrap();
    let answer: serde_json::Map<String, serde_json::Value> = serde_json::from_str(json).unwrap();
    assert_eq!(answer.len(), 1, "{packet}");
    answer["sid"].as_str().unwrap().to_owned()
}

async fn p4_a_namespace_is_joined_and_greets(servers: usize) {
    let site = Site::calm(servers).await;
    let polling = polling(&site).await;
    polling.say(r#"40{"token":"123"}"#).await;
    let packets = polling.packets().await;
    let id = socket_id(&packets[0], "");
    assert_ne!(id, polling.sid, "the connection's id is a secret");
    assert_eq!(packets[1..], [r#"42["auth",{"token":"123"}]"#]);
    polling.say("40/custom,").await;
    let packets = polling.packets().await;
    assert_ne!(socket_id(&packets[0], "/custom,"), id);
    assert_eq!(packets[1..], [r#"42/custom,["auth",{}]"#]);
}

async fn a_namespace_is_joined_and_greets_on_a_websocket(servers: usize) {
    let site = Site::calm(servers).await;
    let mut socket = joined_socket(&site).await;
    socket.send("40/custom").await;
    socket_id(&socket.next().await.unwrap(), "/custom,");
    assert_eq!(socket.next().await.unwrap(), r#"42/custom,["auth",{}]"#);
}

async fn p4_an_unknown_namespace_is_refused_and_does_no_harm(servers: usize) {
    let site = Site::calm(servers).await;
    let polling = polling(&site).await;
    let refusal = r#"44/random,{"message":"Invalid namespace"}"#;
    for asked in [
        "40/random",
        "40/random,",
        r#"40/random,{"a":1}"#,
        "40/random?q=1,",
    ] {
        polling.say(asked).await;
        assert_eq!(polling.packets().await, [refusal], "{asked}");
    }
    polling.join("/").await;
    let mut socket = Client::new(&site, SOCKETS).websocket().await;
    socket.send("40/random").await;
    assert_eq!(socket.next().await.unwrap(), refusal);
    socket.send("40").await;
    socket_id(&socket.next().await.unwrap(), "");
}

async fn p4_events_and_acks_come_back_with_their_arguments(servers: usize) {
    let site = Site::calm(servers).await;
    let polling = joined(&site).await;
    let mut socket = joined_socket(&site).await;
    let arguments = r#"1,"2",{"3":[true,null]},"\u0000\u001e\u2028\\\"""#;
    let answers = [
        (
            format!(r#"42["message",{arguments}]"#),
            r#"42["message-back","#,
        ),
        (
            format!(r#"42456["message-with-ack",{arguments}]"#),
            "43456[",
        ),
        (format!(r#"420["message-with-ack",{arguments}]"#), "430["),
    ];
    for (said, head) in answers {
        polling.say(said.clone()).await;
        let heard = polling.packets().await;
        socket.send(&said).await;
        assert_eq!(socket.next().await.unwrap(), heard[0]);
        let heard = heard[0].strip_prefix(head).unwrap();
        let read = |text: String| -> serde_json::Value { serde_json::from_str(&text).unwrap() };
        assert_eq!(read(format!("[{heard}")), read(format!("[{arguments}]")));
    }
}

async fn p4_binary_events_come_back_in_one_piece(servers: usize) {
    let site = Site::calm(servers).await;
    let polling = joined(&site).await;
    let two = r#"{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}"#;
    polling
        .say(format!(r#"452-["message",{two}]{RS}bAQID{RS}bBAUG"#))
        .await;
    let back = [&format!(r#"452-["message-back",{two}]"#), "bAQID", "bBAUG"];
    assert_eq!(polling.packets().await, back);
    let mut socket = joined_socket(&site).await;
    socket
        .send(&format!(r#"452-789["message-with-ack",{two}]"#))
        .await;
    socket.send_binary(&[1, 2, 3]).await;
    socket.send_binary(&[4, 5, 6]).await;
    assert_eq!(socket.next().await.unwrap(), format!("462-789[{two}]"));
    assert_eq!(socket.next().await.unwrap(), "b010203");
    assert_eq!(socket.next().await.unwrap(), "b040506");
}

/// What has come of it is known to whoever gets the rest.
async fn p4_a_binary_event_may_be_split_over_posts(servers: usize) {
    let site = Site::calm(servers).await;
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

async fn p4_a_half_binary_event_is_finished_on_the_websocket(servers: usize) {
    let site = Site::calm(servers).await;
    let polling = joined(&site).await;
    polling.say(HEADER).await;
    let mut socket = polling.upgrade().await;
    socket.send_binary(&[1, 2, 3]).await;
    assert_eq!(socket.next().await.unwrap(), HEADER_BACK);
    assert_eq!(socket.next().await.unwrap(), "b010203");
}

async fn p4_leaving_leaves_the_connection_and_lets_back_in(servers: usize) {
    let site = Site::calm(servers).await;
    let polling = joined(&site).await;
    polling.join("/custom").await;
    polling.say("41").await;
    polling.say(r#"42/custom,["message",1]"#).await;
    assert_eq!(polling.packets().await, [r#"42/custom,["message-back",1]"#]);
    polling.join("/").await;
    polling.say(r#"42["message",2]"#).await;
    assert_eq!(polling.packets().await, [r#"42["message-back",2]"#]);
    polling.say("41/custom,").await;
    assert_eq!(
        polling
            .post("", r#"42/custom,["message",1]"#)
            .await
            .refused()
            .0,
        400
    );
    let mut socket = joined_socket(&site).await;
    socket.send("41").await;
    socket.send("40").await;
    socket_id(&socket.next().await.unwrap(), "");
}

/// What no client in order says once it has joined `/`.
const VIOLATIONS: [&str; 13] = [
    "40",
    "4abc",
    "4",
    "42{}",
    "42[]",
    "42abc[\"message-with-ack\",1]",
    "42[{}]",
    "42[\"connect\"]",
    "42/custom,[\"message\"]",
    "41/custom,",
    "44{\"message\":\"x\"}",
    "4511-[\"message\"]",
    "451-[\"message\",{\"_placeholder\":true,\"num\":3}]",
];

async fn p4_a_violation_ends_polling(servers: usize) {
    let site = Site::calm(servers).await;
    let early = polling(&site).await;
    assert_eq!(early.post("", r#"42["message",1]"#).await.refused().0, 400);
    early.is_gone().await;
    let split = [format!("{HEADER}{RS}42[\"message\",1]"), "bAQID".to_owned()];
    for said in VIOLATIONS
        .into_iter()
        .chain(split.iter().map(String::as_str))
    {
        let polling = joined(&site).await;
        let parked = polling.park("").await;
        assert_eq!(polling.post("", said).await.refused().0, 400, "{said}");
        assert_eq!(parked.reply().await.ok(), "1", "{said}");
        polling.is_gone().await;
    }
}

async fn a_violation_closes_a_websocket(servers: usize) {
    let site = Site::calm(servers).await;
    let mut early = Client::new(&site, SOCKETS).websocket().await;
    early.send(r#"42["message",1]"#).await;
    assert_eq!(early.closed().await.0, [""; 0]);
    for said in VIOLATIONS {
        let mut socket = joined_socket(&site).await;
        socket.send(said).await;
        assert_eq!(socket.closed().await.0, [""; 0], "{said}");
    }
    let mut socket = joined_socket(&site).await;
    socket.send_binary(&[1]).await;
    assert_eq!(socket.closed().await.0, [""; 0]);
    let mut socket = joined_socket(&site).await;
    socket.send(HEADER).await;
    socket.send(r#"42["message",1]"#).await;
    assert_eq!(socket.closed().await.0, [""; 0]);
}

/// One second to join, on a clock that stands still unless moved.
async fn short_of_time(servers: usize, clock: Clock) -> Site {
    let mut settings = calm(echo::settings());
    settings.connect_timeout_ms = 300;
    Site::with(servers, clock, settings).await.0
}

async fn p4_a_client_that_joins_nothing_is_dead_at_the_millisecond(servers: usize) {
    let site = short_of_time(servers, Clock::manual(1)).await;
    let polling = polling(&site).await;
    site.clock.advance(299);
    polling.say("40/random,").await;
    assert!(polling.poll("").await.ok().starts_with("44/random,"));
    site.clock.advance(1);
    polling.is_gone().await;
}

async fn p4_a_client_that_joined_stays(servers: usize) {
    let site = short_of_time(servers, Clock::manual(1)).await;
    let polling = polling(&site).await;
    site.clock.advance(299);
    polling.join("/").await;
    site.clock.advance(1000);
    polling.say("41").await;
    site.clock.advance(1000);
    polling.join("/").await;
}

async fn a_websocket_that_joins_nothing_is_closed(servers: usize) {
    let site = short_of_time(servers, Clock::System).await;
    let started = tokio::time::Instant::now();
    let mut socket = Client::new(&site, SOCKETS).websocket().await;
    assert_eq!(socket.closed().await.0, [""; 0]);
    assert!(
        started.elapsed().as_millis() >= 298,
        "{:?}",
        started.elapsed()
    );
}

async fn p4_the_time_to_join_goes_on_over_an_upgrade(servers: usize) {
    let site = short_of_time(servers, Clock::System).await;
    let started = tokio::time::Instant::now();
    let polling = polling(&site).await;
    let mut socket = polling.upgrade().await;
    assert_eq!(socket.closed().await.0, [""; 0]);
    assert!(
        started.elapsed().as_millis() >= 298,
        "{:?}",
        started.elapsed()
    );
}
