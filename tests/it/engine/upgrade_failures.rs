//! From polling to WebSocket, when it fails. Before `3probe` that is harmless. After it the client
//! has stopped polling and sends nothing, so the one cure is to end the connection, and to say so
//! to a GET that is still parked.

use switchboard::model::Clock;

use super::{
    client::{Client, Polling, RAW},
    echo,
    site::{Setting, Site, calm},
};

in_three_settings! {
    p4_a_websocket_lost_before_its_probe_does_no_harm,
    p4_a_websocket_that_probes_wrongly_is_closed_and_does_no_harm,
    p4_a_websocket_that_does_not_probe_is_closed_and_does_no_harm,
    p4_a_websocket_lost_after_its_probe_ends_the_parked_get_with_a_close,
    p4_a_websocket_lost_after_its_probe_ends_the_connection,
    p4_a_websocket_lost_after_its_probe_ends_a_held_get,
    p4_a_websocket_that_never_upgrades_ends_the_connection,
    p4_a_failed_probe_leaves_room_for_another,
    p4_a_websocket_is_not_told_that_it_may_before_it_is_certain,
    p4_an_upgrade_that_cannot_be_finished_closes_the_websocket,
    p4_a_client_that_closes_while_probing_is_gone,
    p4_a_connection_that_expires_while_probing_is_gone,
}

async fn goes_on(polling: &Polling) {
    let parked = polling.park("").await;
    polling.say("4alive").await;
    assert_eq!(parked.reply().await.ok(), "4alive");
}

async fn p4_a_websocket_lost_before_its_probe_does_no_harm(setting: Setting) {
    let site = Site::calm(setting).await;
    let polling = Client::new(&site, RAW).handshake().await;
    let parked = polling.park("").await;
    polling.probe().await.die();
    polling.probe().await.hang_up().await;
    polling.say("4alive").await;
    assert_eq!(parked.reply().await.ok(), "4alive");
    goes_on(&polling).await;
}

async fn p4_a_websocket_that_probes_wrongly_is_closed_and_does_no_harm(setting: Setting) {
    let site = Site::calm(setting).await;
    for said in [
        "2", "2wrong", "5", "4early", "1", "abc", "3probe", "2probes",
    ] {
        let polling = Client::new(&site, RAW).handshake().await;
        let mut socket = polling.probe().await;
        socket.send(said).await;
        assert_eq!(socket.closed().await.0, [""; 0], "{said}");
        goes_on(&polling).await;
    }
}

async fn short_of_time(setting: Setting) -> Site {
    let mut settings = calm(echo::settings());
    for mount in &mut settings.mounts {
        mount.upgrade_timeout_ms = 300;
    }
    Site::with(setting, Clock::System, settings).await.0
}

async fn p4_a_websocket_that_does_not_probe_is_closed_and_does_no_harm(setting: Setting) {
    let site = short_of_time(setting).await;
    let polling = Client::new(&site, RAW).handshake().await;
    let parked = polling.park("").await;
    let mut socket = polling.probe().await;
    assert_eq!(socket.closed().await.0, [""; 0]);
    polling.say("4alive").await;
    assert_eq!(parked.reply().await.ok(), "4alive");
}

/// A wrong word in place of `5` ends it as surely as a lost connection, and without a race.
async fn p4_a_websocket_lost_after_its_probe_ends_the_parked_get_with_a_close(setting: Setting) {
    let site = Site::calm(setting).await;
    for _ in 0..5 {
        let polling = Client::new(&site, RAW).handshake().await;
        let parked = polling.park("").await;
        let mut socket = polling.probe().await;
        socket.send("2probe").await;
        socket.send("4early").await;
        assert_eq!(parked.reply().await.ok(), "1");
        assert_eq!(socket.closed().await.0, ["3probe"]);
        polling.is_gone().await;
    }
}

async fn p4_a_websocket_lost_after_its_probe_ends_the_connection(setting: Setting) {
    let site = Site::calm(setting).await;
    for hangs_up in [false, true] {
        let polling = Client::new(&site, RAW).handshake().await;
        let parked = polling.park("").await;
        let socket = polling.probed().await;
        if hangs_up {
            socket.hang_up().await;
        } else {
            socket.die();
        }
        // Released already, or told the truth.
        let released = parked.reply().await;
        assert!(matches!(released.ok(), "1" | "6"), "{released:?}");
        site.ended(&polling.sid).await;
        polling.is_gone().await;
    }
}

async fn p4_a_websocket_lost_after_its_probe_ends_a_held_get(setting: Setting) {
    let site = Site::calm(setting).await;
    let polling = Client::new(&site, RAW).handshake().await;
    let socket = polling.probed().await;
    let held = polling.start_poll("");
    socket.die();
    let reply = held.reply().await;
    assert!(reply.status == 400 || reply.body == "1", "{reply:?}");
    polling.is_gone().await;
}

async fn p4_a_websocket_that_never_upgrades_ends_the_connection(setting: Setting) {
    let site = short_of_time(setting).await;
    let polling = Client::new(&site, RAW).handshake().await;
    let mut socket = polling.probed().await;
    assert_eq!(socket.closed().await.0, [""; 0]);
    polling.is_gone().await;
}

async fn p4_a_failed_probe_leaves_room_for_another(setting: Setting) {
    let site = Site::calm(setting).await;
    let polling = Client::new(&site, RAW).handshake().await;
    let mut failed = polling.probe().await;
    failed.send("2wrong").await;
    failed.closed().await;
    let mut socket = polling.upgrade().await;
    socket.send("4hello").await;
    assert_eq!(socket.next().await.unwrap(), "4hello");
}

/// Its client would stop to poll, and wait.
async fn p4_a_websocket_is_not_told_that_it_may_before_it_is_certain(setting: Setting) {
    let site = Site::calm(setting).await;
    let polling = Client::new(&site, RAW).handshake().await;
    let mut socket = polling.probe().await;
    // Let in: it has been asked after already.
    socket.round_trip().await;
    site.set_down(true);
    socket.send("2probe").await;
    assert_eq!(socket.closed().await.0, [""; 0]);
    site.set_down(false);
    goes_on(&polling).await;
}

/// What happens to the connection is for its ping timeout then: nobody else knows of it.
async fn p4_an_upgrade_that_cannot_be_finished_closes_the_websocket(setting: Setting) {
    let site = Site::calm(setting).await;
    let polling = Client::new(&site, RAW).handshake().await;
    polling.say("4kept").await;
    let mut socket = polling.probed().await;
    site.set_down(true);
    socket.send("5").await;
    assert_eq!(socket.closed().await.0, [""; 0]);
    site.set_down(false);
}

async fn p4_a_client_that_closes_while_probing_is_gone(setting: Setting) {
    let site = Site::calm(setting).await;
    let polling = Client::new(&site, RAW).handshake().await;
    let mut socket = polling.probed().await;
    polling.say("1").await;
    socket.send("5").await;
    assert_eq!(socket.closed().await.0, [""; 0]);
    polling.poll("").await;
    polling.is_gone().await;
}

async fn p4_a_connection_that_expires_while_probing_is_gone(setting: Setting) {
    let site = Site::still(setting).await;
    let polling = Client::new(&site, RAW).handshake().await;
    let mut socket = polling.probed().await;
    site.clock.advance(500);
    socket.send("5").await;
    assert_eq!(socket.closed().await.0, [""; 0]);
    polling.is_gone().await;
}
