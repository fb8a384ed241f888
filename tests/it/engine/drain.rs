//! A server that ends in order.

use std::time::Duration;

use switchboard::{model::Clock, server::Server};
use tokio::{
    io::AsyncWriteExt,
    net::TcpStream,
    time::{Instant, timeout},
};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use super::{
    client::{Client, RAW, SOCKETS},
    echo,
    gated::Gated,
    site::{LONG, Servers, Setting, Site, calm},
};

in_three_settings! {
    p4_a_parked_get_is_sent_elsewhere,
    websockets_are_closed_as_a_restart,
    websockets_are_closed_over_the_time_given,
    p1_a_post_at_work_is_answered_first,
    p4_a_probing_websocket_is_closed_and_its_connection_ended,
    p4_a_websocket_that_has_not_probed_is_closed_and_does_no_harm,
    p8_a_client_that_will_not_leave_is_left,
}

async fn calm_site(setting: Setting) -> (Site, Servers) {
    Site::with(setting, Clock::System, calm(echo::settings())).await
}

/// Ends all servers at once, each within its time and a little more.
async fn drain(servers: Servers) {
    let drains: Vec<_> = servers
        .into_iter()
        .map(|server| tokio::spawn(server.drain()))
        .collect();
    for drain in drains {
        timeout(LONG, drain).await.unwrap().unwrap();
    }
}

/// The one that the last request went to. The next ones go to the others.
fn leaving(site: &mut Site, started: &mut Servers) -> Server<Gated> {
    let last = site.last();
    site.addresses.remove(last);
    started.remove(last)
}

/// For its client nothing has happened: the next poll finds the connection elsewhere.
async fn p4_a_parked_get_is_sent_elsewhere(setting: Setting) {
    let (mut site, mut started) = calm_site(setting).await;
    let polling = Client::new(&site, RAW).handshake().await;
    let parked = polling.park("").await;
    let server = leaving(&mut site, &mut started);
    let begun = Instant::now();
    server.drain().await;
    assert!(
        begun.elapsed() < Duration::from_secs(1),
        "{:?}",
        begun.elapsed()
    );
    let reply = parked.reply().await;
    assert_eq!(reply.ok(), "6");
    assert_eq!(reply.header("connection"), "close");
    if !site.addresses.is_empty() {
        polling.on(&site).is_alive().await;
    }
}

async fn websockets_are_closed_as_a_restart(setting: Setting) {
    let (site, started) = calm_site(setting).await;
    let mut sockets = Vec::new();
    for path in [RAW, SOCKETS, RAW, SOCKETS] {
        sockets.push(Client::new(&site, path).websocket().await);
    }
    sockets.push(Client::new(&site, RAW).handshake().await.upgrade().await);
    let upgraded = sockets.last_mut().unwrap();
    upgraded.send("4hello").await;
    assert_eq!(upgraded.next().await.unwrap(), "4hello");
    let draining = tokio::spawn(drain(started));
    for mut socket in sockets {
        assert_eq!(socket.closed().await, (vec![], Some(CloseCode::Restart)));
    }
    draining.await.unwrap();
}

async fn websockets_are_closed_over_the_time_given(setting: Setting) {
    const SOCKETS: usize = 20;
    const TIME: Duration = Duration::from_millis(600);
    let mut settings = calm(echo::settings());
    settings.drain = TIME;
    let (site, started) = Site::with(setting, Clock::System, settings).await;
    let mut sockets = Vec::new();
    for _ in 0..SOCKETS {
        sockets.push(Client::new(&site, RAW).websocket().await);
    }
    let begun = Instant::now();
    let draining = tokio::spawn(drain(started));
    let mut closed = Vec::new();
    let closing = sockets.into_iter().map(|mut socket| {
        tokio::spawn(async move {
            assert_eq!(socket.closed().await.1, Some(CloseCode::Restart));
            begun.elapsed()
        })
    });
    for socket in closing.collect::<Vec<_>>() {
        closed.push(socket.await.unwrap());
    }
    draining.await.unwrap();
    closed.sort();
    // Twenty draws from the whole: that the outer ones are closer than a fifth is one in a billion.
    assert!(closed[SOCKETS - 1] - closed[0] > TIME / 5, "{closed:?}");
    assert!(
        begun.elapsed() < TIME + Duration::from_secs(1),
        "{:?}",
        begun.elapsed()
    );
}

async fn p1_a_post_at_work_is_answered_first(setting: Setting) {
    let (site, started) = calm_site(setting).await;
    let polling = Client::new(&site, SOCKETS).handshake().await;
    polling.join("/").await;
    let post = polling.start_post("t", r#"42["message","gated"]"#);
    site.at_the_gate(1).await;
    let drains: Vec<_> = started
        .into_iter()
        .map(|server| tokio::spawn(server.drain()))
        .collect();
    // Refused at the listener, or served with a word of farewell: it has begun to drain.
    site.gate.permits.add_permits(1);
    assert_eq!(post.reply().await.ok(), "ok");
    for drain in drains {
        timeout(Duration::from_secs(1), drain)
            .await
            .unwrap()
            .unwrap();
    }
}

/// Its client has stopped polling, and only this server could have freed it.
async fn p4_a_probing_websocket_is_closed_and_its_connection_ended(setting: Setting) {
    let (mut site, mut started) = calm_site(setting).await;
    let polling = Client::new(&site, RAW).handshake().await;
    let mut socket = polling.probed().await;
    let begun = Instant::now();
    leaving(&mut site, &mut started).drain().await;
    assert_eq!(socket.closed().await.0, [""; 0]);
    assert!(
        begun.elapsed() < Duration::from_secs(1),
        "{:?}",
        begun.elapsed()
    );
    site.ended(&polling.sid).await;
    if !site.addresses.is_empty() {
        polling.on(&site).is_gone().await;
    }
}

async fn p4_a_websocket_that_has_not_probed_is_closed_and_does_no_harm(setting: Setting) {
    let (mut site, mut started) = calm_site(setting).await;
    let polling = Client::new(&site, RAW).handshake().await;
    let mut socket = polling.probe().await;
    let begun = Instant::now();
    leaving(&mut site, &mut started).drain().await;
    assert_eq!(socket.closed().await.0, [""; 0]);
    assert!(
        begun.elapsed() < Duration::from_secs(1),
        "{:?}",
        begun.elapsed()
    );
    if !site.addresses.is_empty() {
        polling.on(&site).is_alive().await;
    }
}

/// Half a request: there is no telling whether the rest will ever come.
async fn p8_a_client_that_will_not_leave_is_left(setting: Setting) {
    let (site, started) = calm_site(setting).await;
    let mut stuck = Vec::new();
    for _ in 0..setting.servers() {
        let mut stream = TcpStream::connect(site.next_address()).await.unwrap();
        stream
            .write_all(b"POST /engine.io/ HTTP/1.1\r\nhost:")
            .await
            .unwrap();
        stuck.push(stream);
    }
    let begun = Instant::now();
    drain(started).await;
    assert!(
        begun.elapsed() < Duration::from_secs(3),
        "{:?}",
        begun.elapsed()
    );
}
