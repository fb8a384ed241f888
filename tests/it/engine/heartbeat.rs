//! Interval 300 ms, timeout 200 ms.

use tokio::time::{Duration, Instant};

use super::{
    client::{Client, RAW, SOCKETS},
    site::{Setting, Site},
};

in_three_settings! {
    p4_polling_goes_three_rounds,
    websocket_goes_three_rounds,
    p4_silence_ends_polling_at_the_millisecond,
    p4_a_pong_counts_from_when_it_comes,
    p4_a_pong_too_late_revives_nothing,
    p4_a_pong_without_a_ping_postpones_nothing,
    p4_messages_do_not_postpone_the_ping,
    p4_a_ping_that_is_due_comes_with_the_next_get,
    p4_a_parked_get_of_a_silent_client_ends_with_the_connection,
    a_silent_websocket_is_closed_when_its_time_is_up,
    a_ping_goes_by_the_transport_that_is_left,
}

const INTERVAL: Duration = Duration::from_millis(300);
const TIMEOUT: Duration = Duration::from_millis(200);
/// Clocks of whole milliseconds.
const GRAIN: Duration = Duration::from_millis(2);

async fn p4_polling_goes_three_rounds(setting: Setting) {
    let site = Site::quick(setting).await;
    let polling = Client::new(&site, RAW).handshake().await;
    for _ in 0..3 {
        let started = Instant::now();
        assert_eq!(polling.poll("").await.ok(), "2");
        assert!(
            started.elapsed() + TIMEOUT > INTERVAL,
            "{:?}",
            started.elapsed()
        );
        polling.say("3").await;
    }
}

async fn websocket_goes_three_rounds(setting: Setting) {
    let site = Site::quick(setting).await;
    let mut socket = Client::new(&site, RAW).websocket().await;
    for _ in 0..3 {
        let started = Instant::now();
        assert_eq!(socket.next().await.unwrap(), "2");
        assert!(
            started.elapsed() + TIMEOUT > INTERVAL,
            "{:?}",
            started.elapsed()
        );
        socket.send("3").await;
    }
    socket.send("4still here").await;
    assert_eq!(socket.next().await.unwrap(), "4still here");
}

async fn p4_silence_ends_polling_at_the_millisecond(setting: Setting) {
    let site = Site::still(setting).await;
    let client = Client::new(&site, RAW);
    let (heard, silent) = (client.handshake().await, client.handshake().await);
    site.clock.advance(499);
    heard.say("4in time").await;
    assert_eq!(heard.packets().await, ["2", "4in time"]);
    site.clock.advance(1);
    heard.is_gone().await;
    assert_eq!(
        silent.poll("").await.refused(),
        (400, 1, "Session ID unknown".to_owned())
    );
    silent.is_gone().await;
}

async fn p4_a_pong_counts_from_when_it_comes(setting: Setting) {
    let site = Site::still(setting).await;
    let polling = Client::new(&site, RAW).handshake().await;
    for _ in 0..3 {
        site.clock.advance(299);
        polling.is_alive().await;
        site.clock.advance(1);
        assert_eq!(polling.packets().await, ["2"]);
        site.clock.advance(199);
        polling.say("3").await;
    }
    site.clock.advance(499);
    polling.say("4x").await;
    site.clock.advance(1);
    polling.is_gone().await;
}

async fn p4_a_pong_too_late_revives_nothing(setting: Setting) {
    let site = Site::still(setting).await;
    let polling = Client::new(&site, RAW).handshake().await;
    site.clock.advance(300);
    assert_eq!(polling.packets().await, ["2"]);
    site.clock.advance(200);
    assert_eq!(polling.post("", "3").await.refused().0, 400);
    polling.is_gone().await;
}

async fn p4_a_pong_without_a_ping_postpones_nothing(setting: Setting) {
    let site = Site::still(setting).await;
    let polling = Client::new(&site, RAW).handshake().await;
    site.clock.advance(299);
    polling.say("3").await;
    site.clock.advance(201);
    polling.is_gone().await;
}

async fn p4_messages_do_not_postpone_the_ping(setting: Setting) {
    let site = Site::still(setting).await;
    let polling = Client::new(&site, RAW).handshake().await;
    for _ in 0..2 {
        site.clock.advance(100);
        polling.is_alive().await;
    }
    site.clock.advance(100);
    polling.say("4x").await;
    assert_eq!(polling.packets().await, ["2", "4x"]);
    site.clock.advance(199);
    polling.say("4y").await;
    site.clock.advance(1);
    polling.is_gone().await;
}

/// Once: the next round begins with the pong.
async fn p4_a_ping_that_is_due_comes_with_the_next_get(setting: Setting) {
    let site = Site::still(setting).await;
    let polling = Client::new(&site, RAW).handshake().await;
    site.clock.advance(400);
    assert_eq!(polling.poll("a").await.ok(), "2");
    assert_eq!(polling.poll("a").await.ok(), "2", "the same request again");
    polling.is_alive().await;
    polling.say("3").await;
    site.clock.advance(299);
    polling.is_alive().await;
    site.clock.advance(1);
    assert_eq!(polling.packets().await, ["2"]);
}

async fn p4_a_parked_get_of_a_silent_client_ends_with_the_connection(setting: Setting) {
    let site = Site::quick(setting).await;
    let polling = Client::new(&site, RAW).handshake().await;
    let started = Instant::now();
    assert_eq!(polling.packets().await, ["2"]);
    let parked = polling.poll("").await;
    assert_eq!(parked.ok(), "1");
    assert!(
        started.elapsed() + 10 * GRAIN > INTERVAL + TIMEOUT,
        "{:?}",
        started.elapsed()
    );
    polling.is_gone().await;
}

async fn a_silent_websocket_is_closed_when_its_time_is_up(setting: Setting) {
    let site = Site::quick(setting).await;
    for path in [RAW, SOCKETS] {
        let before = Instant::now();
        let mut socket = Client::new(&site, path).websocket().await;
        let opened = Instant::now();
        assert_eq!(socket.closed().await.0, ["2"]);
        assert!(
            before.elapsed() + GRAIN > INTERVAL + TIMEOUT,
            "{:?}",
            before.elapsed()
        );
        assert!(
            opened.elapsed() < 2 * (INTERVAL + TIMEOUT),
            "{:?}",
            opened.elapsed()
        );
    }
}

/// A ping that falls due during an upgrade waits for its end: before, the client would lose it.
async fn a_ping_goes_by_the_transport_that_is_left(setting: Setting) {
    let site = Site::still(setting).await;
    let polling = Client::new(&site, RAW).handshake().await;
    let mut socket = polling.probed().await;
    site.clock.advance(350);
    assert_eq!(polling.poll("").await.ok(), "6");
    assert_eq!(socket.round_trip().await, [""; 0]);
    socket.send("5").await;
    assert_eq!(socket.next().await.unwrap(), "2");
    socket.send("3").await;
    socket.send("4x").await;
    assert_eq!(socket.next().await.unwrap(), "4x");
}
