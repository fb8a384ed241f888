//! What a POST may hold, and how much.

use reqwest::Method;

use super::{
    client::{Client, RAW, RS, SOCKETS},
    site::{Setting, Site},
};

in_three_settings! {
    p4_a_malformed_payload_ends_the_connection,
    p4_a_packet_that_no_client_sends_ends_the_connection,
    nothing_of_a_malformed_payload_is_applied,
    p8_a_body_that_is_too_large_is_refused_and_does_no_harm,
    p8_a_much_too_large_body_is_refused_and_does_no_harm,
    p2_p4_thousands_of_packets_come_back_in_order,
    p8_one_packet_too_many_ends_the_connection,
    p8_answers_that_nobody_fetches_end_the_connection,
    p2_a_large_answer_is_given_in_pieces,
    base64_may_come_without_padding,
    any_content_type_is_taken,
}

async fn refused(setting: Setting, bodies: &[&[u8]]) {
    let site = Site::calm(setting).await;
    let client = Client::new(&site, RAW);
    for body in bodies {
        let shown = String::from_utf8_lossy(body);
        let polling = client.handshake().await;
        let parked = polling.park("").await;
        let reply = polling.post("", *body).await;
        assert_eq!(
            reply.refused(),
            (400, 3, "Bad request".to_owned()),
            "{shown}"
        );
        assert_eq!(parked.reply().await.ok(), "1", "{shown}");
        polling.is_gone().await;
        // The same with nobody listening.
        let polling = client.handshake().await;
        assert_eq!(polling.post("", *body).await.refused().0, 400, "{shown}");
        assert_eq!(polling.poll("").await.refused().0, 400, "{shown}");
    }
}

async fn p4_a_malformed_payload_ends_the_connection(setting: Setting) {
    let bodies: [&[u8]; 9] = [
        b"abc",
        b"",
        b"4\xff\xfe",
        b"\x04\x01\x02",
        b"4a\x1e",
        b"\x1e4a",
        b"b!!!!",
        b"bAQIDBB==",
        b"7x",
    ];
    refused(setting, &bodies).await;
}

async fn p4_a_packet_that_no_client_sends_ends_the_connection(setting: Setting) {
    refused(setting, &[b"0{}", b"2", b"2probe", b"5", b"6", b"4a\x1e6"]).await;
}

async fn nothing_of_a_malformed_payload_is_applied(setting: Setting) {
    let site = Site::calm(setting).await;
    let polling = Client::new(&site, RAW).handshake().await;
    let parked = polling.park("").await;
    assert_eq!(polling.post("", format!("4a{RS}x")).await.status, 400);
    assert_eq!(parked.reply().await.ok(), "1");
}

async fn p8_a_body_that_is_too_large_is_refused_and_does_no_harm(setting: Setting) {
    let site = Site::calm(setting).await;
    let polling = Client::new(&site, RAW).handshake().await;
    let fits = vec![b'4'; 1_000_000];
    polling.say(fits.clone()).await;
    assert_eq!(polling.poll("").await.ok().as_bytes(), fits);
    let parked = polling.park("").await;
    assert_eq!(polling.post("", vec![b'4'; 1_000_001]).await.status, 413);
    polling.say("4goes on").await;
    assert_eq!(parked.reply().await.ok(), "4goes on");
}

/// Refused before it is sent: its client sees the answer, or a connection that was cut.
async fn p8_a_much_too_large_body_is_refused_and_does_no_harm(setting: Setting) {
    let site = Site::calm(setting).await;
    let polling = Client::new(&site, RAW).handshake().await;
    for _ in 0..3 {
        let (body, query) = (vec![b'4'; 16_000_000], polling.query(""));
        let reply = polling
            .client
            .try_request(Method::POST, &query, body, &[])
            .await;
        assert!(reply.map_or(true, |reply| reply.status == 413));
    }
    polling.is_alive().await;
}

async fn p2_p4_thousands_of_packets_come_back_in_order(setting: Setting) {
    const PACKETS: usize = 4096;
    let site = Site::calm(setting).await;
    let polling = Client::new(&site, RAW).handshake().await;
    let sent: Vec<_> = (0..PACKETS).map(|number| format!("4{number}")).collect();
    polling.say(sent.join(&RS.to_string())).await;
    let mut heard = Vec::new();
    while heard.len() < PACKETS {
        heard.extend(polling.packets().await);
    }
    assert_eq!(heard, sent);
    polling.is_alive().await;
}

async fn p8_one_packet_too_many_ends_the_connection(setting: Setting) {
    let payload = vec!["4"; 4097].join(&RS.to_string());
    refused(setting, &[payload.as_bytes()]).await;
}

async fn p8_answers_that_nobody_fetches_end_the_connection(setting: Setting) {
    let site = Site::calm(setting).await;
    let polling = Client::new(&site, RAW).handshake().await;
    let payload = vec!["4"; 256].join(&RS.to_string());
    for _ in 0..4 {
        polling.say(payload.clone()).await;
    }
    assert_eq!(polling.post("", payload).await.refused().0, 400);
    polling.is_gone().await;
}

async fn p2_a_large_answer_is_given_in_pieces(setting: Setting) {
    const PACKETS: usize = 30;
    let site = Site::calm(setting).await;
    let polling = Client::new(&site, RAW).handshake().await;
    let packet = |number: usize| format!("4{number}{}", "x".repeat(100_000));
    for number in 0..PACKETS {
        polling.say(packet(number)).await;
    }
    let (mut heard, mut gets) = (Vec::new(), 0);
    while heard.len() < PACKETS {
        heard.extend(polling.packets().await);
        gets += 1;
    }
    assert!(
        heard
            .iter()
            .enumerate()
            .all(|(number, heard)| *heard == packet(number))
    );
    assert!(gets > 3, "{gets} answers");
}

async fn base64_may_come_without_padding(setting: Setting) {
    let site = Site::calm(setting).await;
    let polling = Client::new(&site, RAW).handshake().await;
    polling.say(format!("bAQIDBA{RS}b{RS}b+/+/")).await;
    assert_eq!(polling.packets().await, ["bAQIDBA==", "b", "b+/+/"]);
}

/// The type is not looked at, for proxies change it; what it holds is.
async fn any_content_type_is_taken(setting: Setting) {
    let site = Site::calm(setting).await;
    let polling = Client::new(&site, SOCKETS).handshake().await;
    polling.join("/").await;
    for kind in [
        "text/plain;charset=UTF-8",
        "application/octet-stream",
        "text/html",
    ] {
        let headers = [("content-type", kind)];
        let (client, query) = (&polling.client, polling.query(""));
        let post = client
            .request_with(Method::POST, &query, r#"42["message",1]"#, &headers)
            .await;
        assert_eq!(post.ok(), "ok", "{kind}");
        assert_eq!(polling.packets().await, [r#"42["message-back",1]"#]);
    }
}
