//! The same request twice, or two at a time.

use super::{
    client::{Client, RAW, RS, SOCKETS},
    site::{Setting, Site},
};

in_three_settings! {
    p4_a_parked_get_sent_again_moves,
    p2_p4_an_answered_get_sent_again_gets_the_same,
    p2_p4_a_noop_sent_again_loses_nothing,
    p4_a_second_get_ends_the_connection,
    p4_a_second_get_without_a_name_ends_the_connection,
    p3_p4_a_post_sent_again_is_applied_once,
    p3_p4_a_post_sent_many_times_at_once_is_applied_once,
    p3_p4_a_post_sent_again_while_it_runs_waits_and_is_applied_once,
    p3_p4_a_post_whose_client_hung_up_is_applied_once,
    p4_posts_without_a_name_are_each_their_own,
    p4_a_second_post_while_one_runs_ends_the_connection,
}

const GATED: &str = r#"42["message","gated"]"#;
const BACK: &str = r#"42["message-back","gated"]"#;

async fn p4_a_parked_get_sent_again_moves(setting: Setting) {
    let site = Site::calm(setting).await;
    let polling = Client::new(&site, RAW).handshake().await;
    let mut first = polling.park("t").await;
    for _ in 0..3 {
        let second = polling.start_poll("t");
        assert_eq!(first.reply().await.ok(), "6");
        first = second;
    }
    polling.say("4data").await;
    assert_eq!(first.reply().await.ok(), "4data");
    polling.is_alive().await;
}

async fn p2_p4_an_answered_get_sent_again_gets_the_same(setting: Setting) {
    let site = Site::calm(setting).await;
    let polling = Client::new(&site, RAW).handshake().await;
    polling.say(format!("4a{RS}bAQID")).await;
    polling.say("4b").await;
    let batch = polling.poll("1").await;
    polling.say("4c").await;
    for _ in 0..3 {
        assert_eq!(polling.poll("1").await.ok(), batch.ok());
    }
    assert_eq!(polling.poll("2").await.ok(), "4c");
    assert_eq!(polling.poll("2").await.ok(), "4c");
    polling.is_alive().await;
}

async fn p2_p4_a_noop_sent_again_loses_nothing(setting: Setting) {
    let site = Site::calm(setting).await;
    let polling = Client::new(&site, RAW).handshake().await;
    let first = polling.park("1").await;
    let second = polling.start_poll("1");
    assert_eq!(first.reply().await.ok(), "6");
    polling.say("4a").await;
    assert_eq!(second.reply().await.ok(), "4a");
    assert_eq!(polling.poll("1").await.ok(), "4a");
    polling.say("4b").await;
    assert_eq!(polling.poll("2").await.ok(), "4b");
}

async fn p4_a_second_get_ends_the_connection(setting: Setting) {
    let site = Site::calm(setting).await;
    for (one, other) in [("", "burst"), ("a", "b"), ("a", "")] {
        let polling = Client::new(&site, RAW).handshake().await;
        let parked = polling.park(one).await;
        assert_eq!(polling.poll(other).await.refused().0, 400);
        assert_eq!(parked.reply().await.ok(), "1");
        polling.is_gone().await;
    }
}

async fn p4_a_second_get_without_a_name_ends_the_connection(setting: Setting) {
    let site = Site::calm(setting).await;
    let polling = Client::new(&site, RAW).handshake().await;
    let parked = polling.park("").await;
    assert_eq!(polling.poll("").await.refused().0, 400);
    assert_eq!(parked.reply().await.ok(), "1");
    polling.is_gone().await;
}

async fn p3_p4_a_post_sent_again_is_applied_once(setting: Setting) {
    let site = Site::calm(setting).await;
    let polling = Client::new(&site, RAW).handshake().await;
    for text in ["4a", "4b"] {
        for _ in 0..3 {
            assert_eq!(polling.post(text, text).await.ok(), "ok");
        }
    }
    assert_eq!(polling.packets().await, ["4a", "4b"]);
    assert_eq!(polling.post("4b", "4b").await.ok(), "ok");
    polling.is_alive().await;
}

async fn p3_p4_a_post_sent_many_times_at_once_is_applied_once(setting: Setting) {
    let site = Site::calm(setting).await;
    let polling = Client::new(&site, RAW).handshake().await;
    for round in ["a", "b", "c"] {
        let posts: Vec<_> = (0..8).map(|_| polling.start_post(round, "4once")).collect();
        for post in posts {
            assert_eq!(post.reply().await.ok(), "ok");
        }
        assert_eq!(polling.packets().await, ["4once"]);
    }
}

async fn p3_p4_a_post_sent_again_while_it_runs_waits_and_is_applied_once(setting: Setting) {
    let site = Site::calm(setting).await;
    let polling = Client::new(&site, SOCKETS).handshake().await;
    polling.join("/").await;
    let first = polling.start_post("t", GATED);
    let second = polling.start_post("t", GATED);
    let parked = polling.park("").await;
    site.at_the_gate(1).await;
    assert!(
        !first.is_over() && !second.is_over(),
        "ok was said before the work was done"
    );
    site.gate.permits.add_permits(2);
    assert_eq!(first.reply().await.ok(), "ok");
    assert_eq!(second.reply().await.ok(), "ok");
    assert_eq!(parked.reply().await.ok(), BACK);
    polling.say(r#"42["message",1]"#).await;
    assert_eq!(polling.packets().await, [r#"42["message-back",1]"#]);
    assert_eq!(site.gate.permits.available_permits(), 1);
}

async fn p3_p4_a_post_whose_client_hung_up_is_applied_once(setting: Setting) {
    let site = Site::calm(setting).await;
    let polling = Client::new(&site, SOCKETS).handshake().await;
    polling.join("/").await;
    let lost = polling.start_post("t", GATED);
    site.at_the_gate(1).await;
    lost.hang_up();
    let again = polling.start_post("t", GATED);
    site.gate.permits.add_permits(2);
    assert_eq!(again.reply().await.ok(), "ok");
    polling.say(r#"42["message",1]"#).await;
    assert_eq!(polling.packets().await, [BACK, r#"42["message-back",1]"#]);
}

async fn p4_posts_without_a_name_are_each_their_own(setting: Setting) {
    let site = Site::calm(setting).await;
    let polling = Client::new(&site, RAW).handshake().await;
    for _ in 0..3 {
        polling.say("4same").await;
    }
    assert_eq!(polling.packets().await, ["4same"; 3]);
}

async fn p4_a_second_post_while_one_runs_ends_the_connection(setting: Setting) {
    let site = Site::calm(setting).await;
    for (one, other) in [("a", "b"), ("", ""), ("", "b")] {
        let polling = Client::new(&site, SOCKETS).handshake().await;
        polling.join("/").await;
        let parked = polling.park("").await;
        let first = polling.start_post(one, GATED);
        site.at_the_gate(1).await;
        assert_eq!(polling.post(other, GATED).await.refused().0, 400);
        assert_eq!(parked.reply().await.ok(), "1");
        site.gate.permits.add_permits(1);
        // Its work was done; that nobody is there to hear of it is another matter.
        first.reply().await;
        polling.is_gone().await;
    }
}
