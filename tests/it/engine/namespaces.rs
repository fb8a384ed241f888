//! Socket.IO over polling and over WebSocket.

use super::{
    client::{Client, Polling, RS, SOCKETS, Socket},
    echo,
    site::{Setting, Site, calm},
};
use switchboard::model::Clock;

in_three_settings! {
    p4_a_namespace_is_joined_and_greets,
    a_namespace_is_joined_and_greets_on_a_websocket,
    p4_an_unknown_namespace_is_refused_and_does_no_harm,
    p4_events_and_acks_come_back_with_their_arguments,
    p4_leaving_leaves_the_connection_and_lets_back_in,
    p4_who_has_left_is_pinged_all_the_same,
    an_event_that_the_application_does_not_know_does_no_harm,
    p4_a_violation_ends_polling,
    a_violation_closes_a_websocket,
    p4_a_client_that_joins_nothing_is_dead_at_the_millisecond,
    p4_a_client_that_joined_stays,
    a_websocket_that_joins_nothing_is_closed,
    p4_the_time_to_join_goes_on_over_an_upgrade,
}

pub const HEADER: &str = r#"451-["message",{"_placeholder":true,"num":0}]"#;

async fn polling(site: &Site) -> Polling {
    Client::new(site, SOCKETS).handshake().await
}

pub async fn joined(site: &Site) -> Polling {
    let polling = polling(site).await;
    polling.join("/").await;
    polling
}

pub async fn joined_socket(site: &Site) -> Socket {
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

async fn p4_a_namespace_is_joined_and_greets(setting: Setting) {
    let site = Site::calm(setting).await;
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

async fn a_namespace_is_joined_and_greets_on_a_websocket(setting: Setting) {
    let site = Site::calm(setting).await;
    let mut socket = joined_socket(&site).await;
    socket.send("40/custom").await;
    socket_id(&socket.next().await.unwrap(), "/custom,");
    assert_eq!(socket.next().await.unwrap(), r#"42/custom,["auth",{}]"#);
}

async fn p4_an_unknown_namespace_is_refused_and_does_no_harm(setting: Setting) {
    let site = Site::calm(setting).await;
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

async fn p4_events_and_acks_come_back_with_their_arguments(setting: Setting) {
    let site = Site::calm(setting).await;
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

async fn p4_leaving_leaves_the_connection_and_lets_back_in(setting: Setting) {
    let site = Site::calm(setting).await;
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

async fn p4_who_has_left_is_pinged_all_the_same(setting: Setting) {
    let site = Site::still(setting).await;
    let polling = joined(&site).await;
    polling.say("41").await;
    for _ in 0..3 {
        site.clock.advance(300);
        assert_eq!(polling.poll("").await.ok(), "2");
        polling.say("3").await;
    }
    let mut socket = joined_socket(&Site::quick(setting).await).await;
    socket.send("41").await;
    for _ in 0..3 {
        assert_eq!(socket.next().await.unwrap(), "2");
        socket.send("3").await;
    }
}

async fn an_event_that_the_application_does_not_know_does_no_harm(setting: Setting) {
    let site = Site::calm(setting).await;
    let (polling, mut socket) = (joined(&site).await, joined_socket(&site).await);
    for unknown in [r#"42["else",1]"#, r#"421["else"]"#, r#"42[7,"a number"]"#] {
        polling.say(unknown).await;
        socket.send(unknown).await;
    }
    polling.say(r#"42["message"]"#).await;
    socket.send(r#"42["message"]"#).await;
    assert_eq!(polling.packets().await, [r#"42["message-back"]"#]);
    assert_eq!(socket.next().await.unwrap(), r#"42["message-back"]"#);
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

async fn p4_a_violation_ends_polling(setting: Setting) {
    let site = Site::calm(setting).await;
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

async fn a_violation_closes_a_websocket(setting: Setting) {
    let site = Site::calm(setting).await;
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
async fn short_of_time(setting: Setting, clock: Clock) -> Site {
    let mut settings = calm(echo::settings());
    settings.connect_timeout_ms = 300;
    Site::with(setting, clock, settings).await.0
}

async fn p4_a_client_that_joins_nothing_is_dead_at_the_millisecond(setting: Setting) {
    let site = short_of_time(setting, Clock::manual(1)).await;
    let polling = polling(&site).await;
    site.clock.advance(299);
    polling.say("40/random,").await;
    assert!(polling.poll("").await.ok().starts_with("44/random,"));
    site.clock.advance(1);
    polling.is_gone().await;
}

async fn p4_a_client_that_joined_stays(setting: Setting) {
    let site = short_of_time(setting, Clock::manual(1)).await;
    let polling = polling(&site).await;
    site.clock.advance(299);
    polling.join("/").await;
    site.clock.advance(1000);
    polling.say("41").await;
    site.clock.advance(1000);
    polling.join("/").await;
}

async fn a_websocket_that_joins_nothing_is_closed(setting: Setting) {
    let site = short_of_time(setting, Clock::System).await;
    let started = tokio::time::Instant::now();
    let mut socket = Client::new(&site, SOCKETS).websocket().await;
    assert_eq!(socket.closed().await.0, [""; 0]);
    assert!(
        started.elapsed().as_millis() >= 298,
        "{:?}",
        started.elapsed()
    );
}

async fn p4_the_time_to_join_goes_on_over_an_upgrade(setting: Setting) {
    let site = short_of_time(setting, Clock::System).await;
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
