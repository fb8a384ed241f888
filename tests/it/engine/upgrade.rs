//! From polling to WebSocket, when it goes well.

use tokio::time::{Duration, Instant};

use super::{
    client::{Client, RAW, SOCKETS},
    site::{Setting, Site},
};

in_three_settings! {
    p4_an_upgrade_takes_over,
    p4_a_parked_get_is_released,
    p4_a_get_between_probe_and_upgrade_gets_nothing_after_a_moment,
    p4_a_get_after_the_upgrade_is_refused,
    p4_a_held_get_is_refused_as_soon_as_the_upgrade_is_done,
    p2_p4_nothing_comes_by_websocket_before_the_upgrade_and_everything_after,
    p2_p4_what_a_get_was_given_does_not_come_again,
    p2_p4_what_a_parked_get_was_given_does_not_come_again,
    p4_sockets_stay_joined,
    p4_requests_of_the_old_transport_are_refused_and_do_no_harm,
    p4_a_late_websocket_is_let_in_and_shown_out,
    p4_of_two_probes_one_takes_over,
    the_upgraded_connection_ends_with_its_websocket,
}

async fn p4_an_upgrade_takes_over(setting: Setting) {
    let site = Site::calm(setting).await;
    let mut socket = Client::new(&site, RAW).handshake().await.upgrade().await;
    socket.send("4hello").await;
    socket.send_binary(&[1, 2, 3, 4]).await;
    assert_eq!(socket.next().await.unwrap(), "4hello");
    assert_eq!(socket.next().await.unwrap(), "b01020304");
}

async fn p4_a_parked_get_is_released(setting: Setting) {
    let site = Site::calm(setting).await;
    let polling = Client::new(&site, RAW).handshake().await;
    let parked = polling.park("").await;
    let mut socket = polling.probed().await;
    assert_eq!(parked.reply().await.ok(), "6");
    socket.send("5").await;
    socket.send("4hello").await;
    assert_eq!(socket.next().await.unwrap(), "4hello");
}

/// At once it would come again at once, and again, until its client has read the answer.
async fn p4_a_get_between_probe_and_upgrade_gets_nothing_after_a_moment(setting: Setting) {
    let site = Site::calm(setting).await;
    let polling = Client::new(&site, RAW).handshake().await;
    let mut socket = polling.probed().await;
    for _ in 0..2 {
        let started = Instant::now();
        assert_eq!(polling.poll("").await.ok(), "6");
        assert!(
            started.elapsed() >= Duration::from_millis(50),
            "{:?}",
            started.elapsed()
        );
    }
    socket.send("5").await;
    socket.send("4hello").await;
    assert_eq!(socket.next().await.unwrap(), "4hello");
}

async fn p4_a_get_after_the_upgrade_is_refused(setting: Setting) {
    let site = Site::calm(setting).await;
    for _ in 0..10 {
        let polling = Client::new(&site, RAW).handshake().await;
        let mut socket = polling.probe().await;
        socket.send("2probe").await;
        socket.send("5").await;
        assert_eq!(polling.poll("").await.refused().0, 400);
        assert_eq!(socket.next().await.unwrap(), "3probe");
    }
}

async fn p4_a_held_get_is_refused_as_soon_as_the_upgrade_is_done(setting: Setting) {
    let site = Site::calm(setting).await;
    for _ in 0..3 {
        let polling = Client::new(&site, RAW).handshake().await;
        let mut socket = polling.probed().await;
        let held = polling.start_poll("");
        socket.send("5").await;
        assert_eq!(held.reply().await.refused().0, 400);
    }
}

async fn p2_p4_nothing_comes_by_websocket_before_the_upgrade_and_everything_after(
    setting: Setting,
) {
    let site = Site::calm(setting).await;
    let polling = Client::new(&site, RAW).handshake().await;
    polling.say("4before").await;
    let mut socket = polling.probed().await;
    polling.say("4during").await;
    assert_eq!(socket.round_trip().await, [""; 0]);
    polling.say("bAQID").await;
    assert_eq!(socket.round_trip().await, [""; 0]);
    socket.send("5").await;
    socket.send("4after").await;
    for expected in ["4before", "4during", "b010203", "4after"] {
        assert_eq!(socket.next().await.unwrap(), expected);
    }
    assert_eq!(socket.round_trip().await, [""; 0]);
}

/// Its client could not have sent the upgrade without having it.
async fn p2_p4_what_a_get_was_given_does_not_come_again(setting: Setting) {
    let site = Site::calm(setting).await;
    let polling = Client::new(&site, RAW).handshake().await;
    polling.say("4given").await;
    assert_eq!(polling.poll("").await.ok(), "4given");
    polling.say("4waits").await;
    let mut socket = polling.upgrade().await;
    assert_eq!(socket.next().await.unwrap(), "4waits");
    assert_eq!(socket.round_trip().await, [""; 0]);
}

async fn p2_p4_what_a_parked_get_was_given_does_not_come_again(setting: Setting) {
    let site = Site::calm(setting).await;
    let polling = Client::new(&site, RAW).handshake().await;
    let parked = polling.park("").await;
    let mut socket = polling.probed().await;
    polling.say("4x").await;
    let given = parked.reply().await;
    socket.send("5").await;
    socket.send("4end").await;
    let mut heard = vec![given.ok().to_owned()];
    while heard.last().is_some_and(|last| last != "4end") {
        heard.push(socket.next().await.unwrap());
    }
    heard.retain(|packet| packet != "6");
    assert_eq!(heard, ["4x", "4end"]);
}

async fn p4_sockets_stay_joined(setting: Setting) {
    let site = Site::calm(setting).await;
    let polling = Client::new(&site, SOCKETS).handshake().await;
    polling.join("/").await;
    polling.join("/custom").await;
    polling.say(r#"42["message",1]"#).await;
    let mut socket = polling.upgrade().await;
    socket.send(r#"42/custom,["message",2]"#).await;
    socket.send("41/custom,").await;
    socket.send(r#"421["message-with-ack",3]"#).await;
    for expected in [
        r#"42["message-back",1]"#,
        r#"42/custom,["message-back",2]"#,
        "431[3]",
    ] {
        assert_eq!(socket.next().await.unwrap(), expected);
    }
}

async fn p4_requests_of_the_old_transport_are_refused_and_do_no_harm(setting: Setting) {
    let site = Site::calm(setting).await;
    let polling = Client::new(&site, RAW).handshake().await;
    assert_eq!(polling.post("t", "4x").await.ok(), "ok");
    let mut socket = polling.upgrade().await;
    assert_eq!(socket.next().await.unwrap(), "4x");
    site.ended(&polling.sid).await;
    let refused = (400, 3, "Bad request".to_owned());
    for body in ["4late", "1", "abc"] {
        assert_eq!(polling.poll("").await.refused(), refused);
        assert_eq!(polling.post("", body).await.refused(), refused);
        assert_eq!(polling.post("t", body).await.refused(), refused);
    }
    socket.send("4hello").await;
    assert_eq!(socket.next().await.unwrap(), "4hello");
}

async fn p4_a_late_websocket_is_let_in_and_shown_out(setting: Setting) {
    let site = Site::calm(setting).await;
    let polling = Client::new(&site, RAW).handshake().await;
    let mut early = polling.probe().await;
    let mut socket = polling.upgrade().await;
    site.ended(&polling.sid).await;
    // One says nothing, one speaks: neither stays, nor does one that was there before.
    assert_eq!(polling.probe().await.closed().await.0, [""; 0]);
    let mut late = polling.probe().await;
    late.try_send("2probe").await;
    assert_eq!(late.closed().await.0, [""; 0]);
    assert_eq!(early.closed().await.0, [""; 0]);
    socket.send("4hello").await;
    assert_eq!(socket.next().await.unwrap(), "4hello");
}

async fn p4_of_two_probes_one_takes_over(setting: Setting) {
    let site = Site::calm(setting).await;
    let polling = Client::new(&site, RAW).handshake().await;
    let mut first = polling.probed().await;
    let mut second = polling.probe().await;
    second.send("2probe").await;
    assert_eq!(second.closed().await.0, [""; 0]);
    polling.say("4kept").await;
    first.send("5").await;
    assert_eq!(first.next().await.unwrap(), "4kept");
}

async fn the_upgraded_connection_ends_with_its_websocket(setting: Setting) {
    let site = Site::calm(setting).await;
    let polling = Client::new(&site, RAW).handshake().await;
    let mut socket = polling.upgrade().await;
    socket.send("1").await;
    assert_eq!(socket.closed().await.0, [""; 0]);
    polling.is_gone().await;
}
