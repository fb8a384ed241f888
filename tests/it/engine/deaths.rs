//! A pod that is killed in the middle of a request. What it had begun is in Redis; the same request, sent
//! again by whoever is in between, meets another pod, or the next one.

use tokio_tungstenite::tungstenite::Error;

use super::{
    client::{Client, RAW, RS, SOCKETS},
    site::{Setting, Site},
};

on_redis! {
    p3_p4_a_post_whose_pod_dies_is_finished_by_its_repetition,
    p3_p4_a_post_that_its_dead_pod_had_done_is_not_done_again,
    p4_another_post_waits_until_the_dead_pod_has_lost_its_claim,
    p2_p4_a_parked_get_whose_pod_dies_is_taken_over_by_its_repetition,
    p2_p4_an_answer_that_was_lost_with_its_pod_is_given_again,
    p4_a_pod_that_dies_while_a_websocket_probes_leaves_the_connection,
    p4_a_pod_that_dies_with_its_websocket_leaves_no_connection,
    p4_a_pod_that_dies_with_half_a_binary_event_leaves_it_to_the_next,
}

const GATED: &str = r#"42["message","gated"]"#;
const BACK: &str = r#"42["message-back","gated"]"#;
/// Until a pod that works on a POST is believed to be dead.
const POST_LEASE_MS: u64 = 10_000;
/// Until a probing WebSocket is.
const UPGRADE_MS: u64 = 10_000;

async fn p3_p4_a_post_whose_pod_dies_is_finished_by_its_repetition(setting: Setting) {
    let (mut site, mut lives) = Site::mortal(setting).await;
    let polling = Client::new(&site, SOCKETS).handshake().await;
    polling.join("/").await;
    let query = polling.query("t");
    let lost = tokio::spawn({
        let client = polling.client.clone();
        async move {
            let post = reqwest::Method::POST;
            client.try_request(post, &query, GATED, &[]).await
        }
    });
    site.at_the_gate(1).await;
    site.kill_last(&mut lives).await;
    assert!(lost.await.unwrap().is_err(), "nobody is there to answer");
    let polling = polling.on(&site);
    let again = polling.start_post("t", GATED);
    // It comes to the gate once the claim of the dead one has run out.
    site.clock.advance(POST_LEASE_MS);
    site.gate.permits.add_permits(2);
    assert_eq!(again.reply().await.ok(), "ok");
    assert_eq!(polling.post("t", GATED).await.ok(), "ok");
    polling.say(r#"42["message",1]"#).await;
    assert_eq!(polling.packets().await, [BACK, r#"42["message-back",1]"#]);
}

/// Its answer was on its way, and did not arrive.
async fn p3_p4_a_post_that_its_dead_pod_had_done_is_not_done_again(setting: Setting) {
    let (mut site, mut lives) = Site::mortal(setting).await;
    let polling = Client::new(&site, RAW).handshake().await;
    assert_eq!(polling.post("t", "4once").await.ok(), "ok");
    site.kill_last(&mut lives).await;
    let polling = polling.on(&site);
    for _ in 0..3 {
        assert_eq!(polling.post("t", "4once").await.ok(), "ok");
    }
    assert_eq!(polling.packets().await, ["4once"]);
    polling.is_alive().await;
}

/// Before that, it would be one too many at the same time.
async fn p4_another_post_waits_until_the_dead_pod_has_lost_its_claim(setting: Setting) {
    let (mut site, mut lives) = Site::mortal(setting).await;
    for waits in [false, true] {
        let polling = Client::new(&site, SOCKETS).handshake().await;
        polling.join("/").await;
        let lost = polling.start_post("a", GATED);
        site.at_the_gate(1).await;
        site.kill_last(&mut lives).await;
        lost.hang_up();
        site.gate.forget();
        let polling = polling.on(&site);
        if waits {
            site.clock.advance(POST_LEASE_MS);
            polling.say(r#"42["message",1]"#).await;
            assert_eq!(polling.packets().await, [r#"42["message-back",1]"#]);
        } else {
            assert_eq!(polling.post("b", "41").await.refused().0, 400);
            polling.is_gone().await;
        }
        if setting == Setting::ThreePods {
            lives.push(site.live().await);
        }
    }
}

async fn p2_p4_a_parked_get_whose_pod_dies_is_taken_over_by_its_repetition(setting: Setting) {
    let (mut site, mut lives) = Site::mortal(setting).await;
    let polling = Client::new(&site, RAW).handshake().await;
    let lost = polling.park("t").await;
    site.kill_last(&mut lives).await;
    lost.hang_up();
    let polling = polling.on(&site);
    let again = polling.start_poll("t");
    polling.say(format!("4a{RS}4b")).await;
    let heard = again.reply().await;
    assert_eq!(heard.ok(), format!("4a{RS}4b"));
    assert_eq!(polling.poll("t").await.ok(), heard.ok());
    polling.is_alive().await;
}

async fn p2_p4_an_answer_that_was_lost_with_its_pod_is_given_again(setting: Setting) {
    let (mut site, mut lives) = Site::mortal(setting).await;
    let polling = Client::new(&site, RAW).handshake().await;
    polling.say(format!("4a{RS}bAQID")).await;
    let lost = polling.poll("t").await;
    site.kill_last(&mut lives).await;
    let polling = polling.on(&site);
    polling.say("4b").await;
    assert_eq!(polling.poll("t").await.ok(), lost.ok());
    assert_eq!(polling.poll("u").await.ok(), "4b");
}

/// Its client has lost the WebSocket as well. Whoever polls meanwhile is held off, and goes on once the
/// claim has run out: nothing that was said is lost.
async fn p4_a_pod_that_dies_while_a_websocket_probes_leaves_the_connection(setting: Setting) {
    let (mut site, mut lives) = Site::mortal(setting).await;
    let polling = Client::new(&site, RAW).handshake().await;
    polling.say("4before").await;
    let mut socket = polling.probed().await;
    site.kill_last(&mut lives).await;
    assert_eq!(socket.closed().await, (vec![], None));
    let polling = polling.on(&site);
    assert_eq!(polling.poll("").await.ok(), "6");
    polling.say("4during").await;
    site.clock.advance(UPGRADE_MS);
    assert_eq!(polling.packets().await, ["4before", "4during"]);
    let mut socket = polling.upgrade().await;
    socket.send("4hello").await;
    assert_eq!(socket.next().await.unwrap(), "4hello");
}

async fn p4_a_pod_that_dies_with_its_websocket_leaves_no_connection(setting: Setting) {
    let (mut site, mut lives) = Site::mortal(setting).await;
    let polling = Client::new(&site, RAW).handshake().await;
    let mut socket = polling.upgrade().await;
    socket.send("4hello").await;
    assert_eq!(socket.next().await.unwrap(), "4hello");
    site.kill_last(&mut lives).await;
    assert_eq!(socket.closed().await, (vec![], None));
    let polling = polling.on(&site);
    polling.is_gone().await;
    // Let in and shown out, as ever.
    match polling.client.connect(&polling.upgrade_query()).await {
        Ok(mut late) => assert_eq!(late.closed().await.0, [""; 0]),
        Err(error) => assert!(matches!(error, Error::Io(_)), "{error}"),
    }
}

async fn p4_a_pod_that_dies_with_half_a_binary_event_leaves_it_to_the_next(setting: Setting) {
    let (mut site, mut lives) = Site::mortal(setting).await;
    let polling = Client::new(&site, SOCKETS).handshake().await;
    polling.join("/").await;
    polling
        .say(r#"451-["message",{"_placeholder":true,"num":0}]"#)
        .await;
    site.kill_last(&mut lives).await;
    let polling = polling.on(&site);
    polling.say("bAQID").await;
    let back = r#"451-["message-back",{"_placeholder":true,"num":0}]"#;
    assert_eq!(polling.packets().await, [back, "bAQID"]);
}
