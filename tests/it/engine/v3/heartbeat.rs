//! Interval 300 ms, timeout 200 ms; it is the client that pings.

use tokio::time::{Duration, Instant};

use super::client::{Polling, site, still_site, waited};
use crate::engine::{
    client::{Client, RAW, SOCKETS},
    echo,
    site::Setting,
};
use switchboard::model::Clock;

in_three_settings! {
    p4_a_parked_get_is_released_by_the_pong,
    p4_without_a_ping_it_is_over_at_the_millisecond,
    p4_every_ping_counts_from_when_it_comes,
    p4_other_packets_postpone_nothing,
    p4_a_parked_get_of_one_that_does_not_ping_ends_with_the_connection,
    a_websocket_that_pings_lives_and_one_that_does_not_is_closed,
    p4_its_time_goes_on_over_an_upgrade,
}

const INTERVAL: Duration = Duration::from_millis(300);
const TIMEOUT: Duration = Duration::from_millis(200);

async fn p4_a_parked_get_is_released_by_the_pong(setting: Setting) {
    let site = still_site(setting).await;
    let polling = Polling::open(&Client::new(&site, RAW)).await;
    for _ in 0..3 {
        let parked = polling.park().await;
        // No ping of the server's.
        site.clock.advance(350);
        polling.say(&["2"]).await;
        assert_eq!(waited(parked).await, ["3"]);
    }
    // Before anybody waits for it, and once for all in a payload.
    polling.say(&["2", "4x", "2"]).await;
    assert_eq!(polling.packets().await, ["3", "4x"]);
}

async fn p4_without_a_ping_it_is_over_at_the_millisecond(setting: Setting) {
    let site = still_site(setting).await;
    for path in [RAW, SOCKETS] {
        let client = Client::new(&site, path);
        let (pings, silent) = (Polling::open(&client).await, Polling::open(&client).await);
        site.clock.advance(499);
        pings.say(&["2"]).await;
        site.clock.advance(1);
        silent.is_gone().await;
        site.clock.advance(498);
        pings.say(&["2"]).await;
        site.clock.advance(500);
        assert_eq!(pings.post("1:2").await.refused().0, 400, "too late");
        pings.is_gone().await;
    }
}

async fn p4_every_ping_counts_from_when_it_comes(setting: Setting) {
    let site = still_site(setting).await;
    let polling = Polling::open(&Client::new(&site, RAW)).await;
    for _ in 0..3 {
        site.clock.advance(100);
        polling.say(&["2"]).await;
        assert_eq!(polling.packets().await, ["3"]);
    }
    site.clock.advance(499);
    polling.say(&["4x"]).await;
    assert_eq!(polling.packets().await, ["4x"]);
    site.clock.advance(1);
    polling.is_gone().await;
}

async fn p4_other_packets_postpone_nothing(setting: Setting) {
    let site = still_site(setting).await;
    let polling = Polling::open(&Client::new(&site, RAW)).await;
    for _ in 0..4 {
        site.clock.advance(100);
        polling.say(&["4x"]).await;
        assert_eq!(polling.packets().await, ["4x"]);
    }
    site.clock.advance(100);
    polling.is_gone().await;
}

async fn p4_a_parked_get_of_one_that_does_not_ping_ends_with_the_connection(setting: Setting) {
    let site = site(setting, Clock::System, echo::settings()).await;
    let started = Instant::now();
    let polling = Polling::open(&Client::new(&site, RAW)).await;
    assert_eq!(polling.packets().await, ["1"]);
    assert!(started.elapsed() + Duration::from_millis(20) > INTERVAL + TIMEOUT);
    polling.is_gone().await;
}

async fn a_websocket_that_pings_lives_and_one_that_does_not_is_closed(setting: Setting) {
    let site = site(setting, Clock::System, echo::settings()).await;
    let client = Client::new(&site, RAW);
    let query = "EIO=3&transport=websocket";
    let mut silent = client.connect(query).await.unwrap();
    let silent = tokio::spawn(async move {
        let opened = Instant::now();
        (silent.closed().await.0, opened.elapsed())
    });
    let mut pings = client.connect(query).await.unwrap();
    assert!(pings.next().await.unwrap().starts_with("0{"));
    for _ in 0..5 {
        tokio::time::sleep(INTERVAL).await;
        pings.send("2").await;
        assert_eq!(pings.next().await.unwrap(), "3");
    }
    let (heard, lived) = silent.await.unwrap();
    assert_eq!(heard.len(), 1, "its greeting, and no ping: {heard:?}");
    assert!(lived < 2 * (INTERVAL + TIMEOUT), "{lived:?}");
    // Nor may it answer what nobody has asked.
    pings.send("3").await;
    assert_eq!(pings.closed().await.0, [""; 0]);
}

async fn p4_its_time_goes_on_over_an_upgrade(setting: Setting) {
    let site = still_site(setting).await;
    let polling = Polling::open(&Client::new(&site, RAW)).await;
    site.clock.advance(400);
    let mut socket = polling.probed().await;
    assert_eq!(polling.packets().await, ["6"]);
    socket.send("5").await;
    socket.send("4x").await;
    assert_eq!(socket.next().await.unwrap(), "4x");
    site.clock.advance(50);
    socket.send("2").await;
    assert_eq!(socket.next().await.unwrap(), "3");
    site.clock.advance(400);
    socket.send("4y").await;
    assert_eq!(socket.next().await.unwrap(), "4y");
}
