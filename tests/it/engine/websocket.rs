use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use switchboard::model::Clock;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    time::{Instant, timeout},
};
use tokio_tungstenite::{
    client_async,
    tungstenite::{Message, protocol::frame::coding::CloseCode},
};

use super::{
    client::{Client, RAW, SOCKETS},
    echo,
    site::{LONG, Setting, Site, calm, eventually},
};

in_three_settings! {
    messages_come_back_in_order,
    p2_a_long_conversation_comes_back_in_order,
    a_close_closes,
    a_malformed_frame_closes,
    p8_a_message_that_is_too_large_closes_with_1009,
    p8_a_reader_that_takes_nothing_is_closed_and_costs_little,
    p8_a_slow_reader_that_takes_something_is_kept,
    p4_a_connection_by_websocket_takes_no_polling,
}

async fn messages_come_back_in_order(setting: Setting) {
    let site = Site::calm(setting).await;
    let mut socket = Client::new(&site, RAW).websocket().await;
    socket.send("4hello").await;
    socket.send_binary(&[1, 2, 3, 4]).await;
    socket.send("4").await;
    socket.send("bAQID").await;
    for expected in ["4hello", "b01020304", "4", "b010203"] {
        assert_eq!(socket.next().await.unwrap(), expected);
    }
}

async fn p2_a_long_conversation_comes_back_in_order(setting: Setting) {
    const MESSAGES: usize = 3000;
    let site = Site::calm(setting).await;
    let (mut sink, mut stream) = Client::new(&site, RAW).websocket().await.stream.split();
    let sending = tokio::spawn(async move {
        for number in 0..MESSAGES {
            sink.feed(Message::text(format!("4{number}")))
                .await
                .unwrap();
        }
        sink.flush().await.unwrap();
    });
    for number in 0..MESSAGES {
        let heard = timeout(LONG, stream.next())
            .await
            .unwrap()
            .unwrap()
            .unwrap();
        assert_eq!(heard.to_text().unwrap(), format!("4{number}"));
    }
    sending.await.unwrap();
}

async fn a_close_closes(setting: Setting) {
    let site = Site::calm(setting).await;
    for path in [RAW, SOCKETS] {
        let mut socket = Client::new(&site, path).websocket().await;
        socket.send("1").await;
        assert_eq!(socket.closed().await, (vec![], Some(CloseCode::Normal)));
    }
}

async fn a_malformed_frame_closes(setting: Setting) {
    let site = Site::calm(setting).await;
    for text in ["abc", "", "0{}", "2", "2probe", "b!!!", "9"] {
        let mut socket = Client::new(&site, RAW).websocket().await;
        socket.send(text).await;
        assert_eq!(
            socket.closed().await,
            (vec![], Some(CloseCode::Protocol)),
            "{text}"
        );
    }
}

async fn p8_a_message_that_is_too_large_closes_with_1009(setting: Setting) {
    let site = Site::calm(setting).await;
    let mut socket = Client::new(&site, RAW).websocket().await;
    let fits = "4".repeat(1_000_000);
    socket.send(&fits).await;
    assert_eq!(socket.next().await.unwrap(), fits);
    // Said by the header of the frame: no use to wait for the rest.
    socket.try_send(&"4".repeat(1_000_001)).await;
    assert_eq!(socket.closed().await.1, Some(CloseCode::Size));
}

async fn slow(setting: Setting, timeout: Duration) -> (Site, super::site::Servers) {
    let mut settings = calm(echo::settings());
    settings.slow_timeout = timeout;
    Site::with(setting, Clock::System, settings).await
}

/// A connection that takes little before it is read.
async fn small(site: &Site, receive_bytes: u32) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(receive_bytes).unwrap();
    socket.connect(site.next_address()).await.unwrap()
}

async fn p8_a_reader_that_takes_nothing_is_closed_and_costs_little(setting: Setting) {
    const OFFERED: usize = 100;
    const MEGABYTES_TAKEN: usize = 32;
    let (site, servers) = slow(setting, Duration::from_millis(300)).await;
    let stream = small(&site, 8 * 1024).await;
    let url = format!("ws://site{RAW}?EIO=4&transport=websocket");
    let (mut socket, _) = client_async(url, stream).await.unwrap();
    let message = Message::text("4".repeat(1_000_000));
    let started = Instant::now();
    let mut taken = 0;
    for _ in 0..OFFERED {
        if timeout(LONG, socket.send(message.clone()))
            .await
            .unwrap()
            .is_err()
        {
            break;
        }
        taken += 1;
    }
    assert!(
        taken < MEGABYTES_TAKEN,
        "{taken} MB were taken of one that takes nothing"
    );
    assert!(
        started.elapsed() >= Duration::from_millis(300),
        "{:?}",
        started.elapsed()
    );
    eventually("it is counted as slow", async || {
        let counted = servers.iter().map(|server| {
            server
                .pod()
                .metrics
                .slow_consumers
                .with_label_values(&["closed"])
                .get()
        });
        counted.sum::<u64>() == 1
    })
    .await;
}

/// Slowness is to take nothing for a time, not to take long for much.
async fn p8_a_slow_reader_that_takes_something_is_kept(setting: Setting) {
    const MESSAGES: usize = 8;
    const SIZE: usize = 1_000_000;
    let (site, _servers) = slow(setting, Duration::from_millis(600)).await;
    let mut stream = small(&site, 64 * 1024).await;
    let head = "GET /engine.io/?EIO=4&transport=websocket HTTP/1.1\r\nhost: x\r\n\
        connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
        sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let (mut reading, mut writing) = stream.into_split();
    let writer = tokio::spawn(async move {
        // Masked with zeros, which change nothing.
        let mut frame = vec![0x81, 0xff];
        frame.extend_from_slice(&(SIZE as u64).to_be_bytes());
        frame.extend_from_slice(&[0; 4]);
        frame.extend_from_slice(&vec![b'4'; SIZE]);
        for _ in 0..MESSAGES {
            if writing.write_all(&frame).await.is_err() {
                return;
            }
        }
        // Open until the reader has all.
        std::future::pending::<()>().await;
    });
    // Below 1 MB/s: a message takes longer than the limit, what the kernel buffers does not.
    let mut buffer = vec![0; 20_000];
    let (started, mut heard) = (Instant::now(), 0);
    while started.elapsed() < Duration::from_millis(2500) {
        let read = timeout(LONG, reading.read(&mut buffer))
            .await
            .unwrap()
            .unwrap_or(0);
        assert!(
            read > 0,
            "closed after {heard} bytes and {:?}",
            started.elapsed()
        );
        heard += read;
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    assert!(heard > SIZE, "{heard} bytes: too little to tell");
    writer.abort();
}

async fn p4_a_connection_by_websocket_takes_no_polling(setting: Setting) {
    let site = Site::calm(setting).await;
    let client = Client::new(&site, RAW);
    let mut socket = client.connect("EIO=4&transport=websocket").await.unwrap();
    let open = socket.next().await.unwrap();
    let open: serde_json::Value = serde_json::from_str(&open[1..]).unwrap();
    let query = format!(
        "EIO=4&transport=polling&sid={}",
        open["sid"].as_str().unwrap()
    );
    assert_eq!(client.get(&query).await.refused().0, 400);
    assert_eq!(
        client
            .request(reqwest::Method::POST, &query, "1")
            .await
            .refused()
            .0,
        400
    );
    socket.send("4hello").await;
    assert_eq!(socket.next().await.unwrap(), "4hello");
}
