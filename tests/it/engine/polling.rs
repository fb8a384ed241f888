use super::{
    client::{Client, RAW, RS, SOCKETS},
    site::{Setting, Site},
};

in_three_settings! {
    what_is_sent_as_one_payload_comes_back_as_one,
    p4_a_parked_get_is_woken_by_a_post,
    p4_what_waits_comes_with_the_next_get_in_order,
    p2_p4_a_conversation_loses_and_repeats_nothing,
    p4_a_client_that_closes_ends_its_parked_get_in_peace,
    p4_a_farewell_that_overtakes_a_get_ends_it_in_peace_once,
    a_get_long_after_the_farewell_is_refused,
    p4_a_close_drops_what_follows_it,
    p4_a_farewell_and_a_get_at_once_both_end_in_peace,
    p1_p4_what_is_said_before_a_farewell_is_done,
    p4_a_get_whose_client_hung_up_may_be_sent_again,
    p4_a_hung_up_client_that_stays_away_is_dead,
    p2_p4_what_comes_while_nobody_listens_is_kept,
    a_post_cut_half_way_does_nothing,
    p4_after_the_end_everything_is_refused,
}

async fn what_is_sent_as_one_payload_comes_back_as_one(setting: Setting) {
    let site = Site::calm(setting).await;
    let polling = Client::new(&site, RAW).handshake().await;
    for payload in [
        format!("4test1{RS}4test2{RS}4test3"),
        format!("4hello{RS}bAQIDBA=="),
        "4".to_owned(),
        "4\u{20ac}\u{1f600}\r\n\0 +%2B".to_owned(),
    ] {
        polling.say(payload.clone()).await;
        assert_eq!(polling.poll("").await.ok(), payload);
    }
}

async fn p4_a_parked_get_is_woken_by_a_post(setting: Setting) {
    let site = Site::calm(setting).await;
    let polling = Client::new(&site, RAW).handshake().await;
    for text in ["4a", "4b", "4c"] {
        let parked = polling.park("").await;
        polling.say(text).await;
        assert_eq!(parked.reply().await.ok(), text);
    }
}

async fn p4_what_waits_comes_with_the_next_get_in_order(setting: Setting) {
    let site = Site::calm(setting).await;
    let polling = Client::new(&site, RAW).handshake().await;
    for text in ["4a", "4b", "4c"] {
        polling.say(text).await;
    }
    assert_eq!(polling.packets().await, ["4a", "4b", "4c"]);
    polling.say("4d").await;
    assert_eq!(polling.packets().await, ["4d"]);
}

async fn p2_p4_a_conversation_loses_and_repeats_nothing(setting: Setting) {
    const MESSAGES: usize = 300;
    let site = Site::calm(setting).await;
    let polling = Client::new(&site, RAW).handshake().await;
    let sender = polling.clone();
    let sending = tokio::spawn(async move {
        for number in 0..MESSAGES {
            sender.say(format!("4{number}")).await;
        }
    });
    let mut heard = Vec::new();
    while heard.len() < MESSAGES {
        heard.extend(polling.packets().await);
    }
    sending.await.unwrap();
    let sent: Vec<_> = (0..MESSAGES).map(|number| format!("4{number}")).collect();
    assert_eq!(heard, sent);
}

async fn p4_a_client_that_closes_ends_its_parked_get_in_peace(setting: Setting) {
    let site = Site::calm(setting).await;
    let polling = Client::new(&site, RAW).handshake().await;
    let parked = polling.park("").await;
    polling.say("1").await;
    assert_eq!(parked.reply().await.ok(), "6");
    polling.is_gone().await;
}

/// Both were sent at once, on two connections.
async fn p4_a_farewell_that_overtakes_a_get_ends_it_in_peace_once(setting: Setting) {
    let site = Site::still(setting).await;
    let polling = Client::new(&site, RAW).handshake().await;
    polling.say("1").await;
    site.clock.advance(100);
    assert_eq!(polling.poll("").await.ok(), "6");
    polling.is_gone().await;
}

async fn a_get_long_after_the_farewell_is_refused(setting: Setting) {
    let site = Site::still(setting).await;
    let polling = Client::new(&site, RAW).handshake().await;
    polling.say("1").await;
    site.clock.advance(101);
    polling.is_gone().await;
}

async fn p4_a_close_drops_what_follows_it(setting: Setting) {
    let site = Site::calm(setting).await;
    let polling = Client::new(&site, RAW).handshake().await;
    let parked = polling.park("").await;
    polling.say(format!("1{RS}4after")).await;
    assert_eq!(parked.reply().await.ok(), "6");
    polling.is_gone().await;
}

/// Whichever comes first, and on whatever server.
async fn p4_a_farewell_and_a_get_at_once_both_end_in_peace(setting: Setting) {
    let site = Site::still_and_calm(setting).await;
    for _ in 0..10 {
        let polling = Client::new(&site, RAW).handshake().await;
        let (get, post) = (polling.start_poll(""), polling.start_post("", "1"));
        assert_eq!(post.reply().await.ok(), "ok");
        assert_eq!(get.reply().await.ok(), "6");
        polling.is_gone().await;
    }
}

async fn p1_p4_what_is_said_before_a_farewell_is_done(setting: Setting) {
    let site = Site::calm(setting).await;
    let polling = Client::new(&site, SOCKETS).handshake().await;
    polling.join("/").await;
    let post = polling.start_post("", "42[\"message\",\"gated\"]\u{1e}1");
    site.at_the_gate(1).await;
    site.gate.permits.add_permits(1);
    assert_eq!(post.reply().await.ok(), "ok");
    assert_eq!(site.gate.permits.available_permits(), 0);
    polling.poll("").await;
    polling.is_gone().await;
}

async fn p4_a_get_whose_client_hung_up_may_be_sent_again(setting: Setting) {
    let site = Site::still_and_calm(setting).await;
    let polling = Client::new(&site, RAW).handshake().await;
    for (first, again) in [("a", "a"), ("b", "c"), ("", "")] {
        polling.park(first).await.hang_up();
        site.doomed(&polling.sid, 2000).await;
        site.clock.advance(1999);
        let parked = polling.park(again).await;
        site.clock.advance(2000);
        polling.say("4heard").await;
        assert_eq!(parked.reply().await.ok(), "4heard");
    }
}

async fn p4_a_hung_up_client_that_stays_away_is_dead(setting: Setting) {
    let site = Site::still_and_calm(setting).await;
    let polling = Client::new(&site, RAW).handshake().await;
    polling.park("a").await.hang_up();
    site.doomed(&polling.sid, 2000).await;
    site.clock.advance(1999);
    polling.say("4last words").await;
    site.clock.advance(1);
    polling.is_gone().await;
}

async fn p2_p4_what_comes_while_nobody_listens_is_kept(setting: Setting) {
    let site = Site::still_and_calm(setting).await;
    let polling = Client::new(&site, RAW).handshake().await;
    polling.say("4a").await;
    assert_eq!(polling.poll("1").await.ok(), "4a");
    polling.park("2").await.hang_up();
    site.doomed(&polling.sid, 2000).await;
    polling.say("4b").await;
    assert_eq!(polling.poll("3").await.ok(), "4b");
}

async fn a_post_cut_half_way_does_nothing(setting: Setting) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let site = Site::calm(setting).await;
    let polling = Client::new(&site, RAW).handshake().await;
    let mut stream = tokio::net::TcpStream::connect(site.next_address())
        .await
        .unwrap();
    let head = format!(
        "POST {RAW}?{} HTTP/1.1\r\nhost: x\r\n",
        polling.query("cut")
    );
    let request = format!("{head}content-length: 100\r\n\r\n4half of it");
    stream.write_all(request.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut answer = String::new();
    // Either says that the request was bad.
    if stream.read_to_string(&mut answer).await.is_ok() && !answer.is_empty() {
        assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    }
    assert_eq!(polling.post("cut", "4whole").await.ok(), "ok");
    assert_eq!(polling.poll("").await.ok(), "4whole");
}

async fn p4_after_the_end_everything_is_refused(setting: Setting) {
    let site = Site::still(setting).await;
    let polling = Client::new(&site, RAW).handshake().await;
    polling.say("1").await;
    site.clock.advance(101);
    let unknown = (400, 1, "Session ID unknown".to_owned());
    for t in ["", "a", "a"] {
        assert_eq!(polling.poll(t).await.refused(), unknown);
        assert_eq!(polling.post(t, "4x").await.refused(), unknown);
        assert_eq!(polling.post(t, "1").await.refused(), unknown);
    }
    let mut late = polling.probe().await;
    late.closed().await;
    // The tombstone itself ends, and nothing changes.
    site.clock.advance(60_000);
    polling.is_gone().await;
}
