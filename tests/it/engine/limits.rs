//! TCP connections.

use switchboard::model::Clock;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use super::{
    client::RAW,
    echo,
    site::{LONG, Setting, Site, calm},
};

in_three_settings! {
    p8_one_connection_too_many_is_refused_at_once,
    p8_a_full_server_answers_a_client_that_speaks_at_once,
    p8_a_connection_that_ends_makes_room,
}

const CONNECTIONS: usize = 4;

async fn tight(setting: Setting) -> Site {
    let mut settings = calm(echo::settings());
    settings.max_connections = CONNECTIONS;
    Site::with(setting, Clock::System, settings).await.0
}

/// One that is in service: it has had an answer.
async fn connected(site: &Site) -> TcpStream {
    let mut stream = TcpStream::connect(site.next_address()).await.unwrap();
    works(&mut stream).await;
    stream
}

async fn works(stream: &mut TcpStream) {
    let request = format!("GET {RAW} HTTP/1.1\r\nhost: x\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = [0; 1024];
    let read = timeout(LONG, stream.read(&mut answer))
        .await
        .unwrap()
        .unwrap();
    assert!(answer[..read].starts_with(b"HTTP/1.1 400"));
}

async fn full(site: &Site) -> Vec<TcpStream> {
    let mut streams = Vec::new();
    for _ in 0..CONNECTIONS * site.addresses.len() {
        streams.push(connected(site).await);
    }
    streams
}

async fn p8_one_connection_too_many_is_refused_at_once(setting: Setting) {
    let site = tight(setting).await;
    let mut streams = full(&site).await;
    for _ in 0..3 {
        let mut refused = TcpStream::connect(site.next_address()).await.unwrap();
        let mut answer = String::new();
        timeout(LONG, refused.read_to_string(&mut answer))
            .await
            .unwrap()
            .unwrap();
        assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
        assert!(answer.to_lowercase().contains("retry-after: "), "{answer}");
        assert!(
            answer.to_lowercase().contains("connection: close"),
            "{answer}"
        );
    }
    for stream in &mut streams {
        works(stream).await;
    }
}

/// Its request, which nobody reads, must not cost it the answer.
async fn p8_a_full_server_answers_a_client_that_speaks_at_once(setting: Setting) {
    let site = tight(setting).await;
    let _streams = full(&site).await;
    for _ in 0..20 {
        let answer = ask(&site).await;
        assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    }
}

async fn p8_a_connection_that_ends_makes_room(setting: Setting) {
    let site = tight(setting).await;
    let mut streams = full(&site).await;
    streams.clear();
    super::site::eventually("there is room", async || {
        ask(&site).await.starts_with("HTTP/1.1 200 ")
    })
    .await;
}

/// The head of the answer.
async fn ask(site: &Site) -> String {
    let mut stream = TcpStream::connect(site.next_address()).await.unwrap();
    let request = format!("GET {RAW}?EIO=4&transport=polling HTTP/1.1\r\nhost: x\r\n\r\n");
    // May be refused before it is said.
    let _ = stream.write_all(request.as_bytes()).await;
    let mut answer = vec![0; 1024];
    let read = timeout(LONG, stream.read(&mut answer))
        .await
        .unwrap()
        .unwrap();
    String::from_utf8(answer[..read].to_vec()).unwrap()
}
