//! Bytes that mean nothing, one connection after the other.

use std::sync::Mutex;

use futures_util::{SinkExt, StreamExt};
use proptest::{prelude::*, test_runner::TestRunner};
use tokio::{runtime::Runtime, time::timeout};
use tokio_tungstenite::tungstenite::Message;

use super::{
    client::{Client, Piece, Way},
    garbage::config,
    house::{GUESTS, House},
};
use crate::process::server::LONG;

/// Connections, each with some packets.
const CONNECTIONS: u32 = 120;

/// From anything at all to what is nearly a packet.
fn packet() -> impl Strategy<Value = Piece> {
    let nearly = "[0-9b]?[0-7]?([0-9]{1,3}-)?(/public-portal,|/[a-z]{0,3},)?[0-9]{0,21}[\\[{\"]?[\\PC\\\\]{0,20}[\\]}]?";
    prop_oneof![
        3 => nearly.prop_map(Piece::Text),
        1 => any::<String>().prop_map(Piece::Text),
        1 => prop::collection::vec(any::<u8>(), 0..40).prop_map(Piece::Binary),
        1 => Just(Piece::from("42/public-portal,1[\"guest:history\",{}]")),
    ]
}

/// Once the server has read it all: a connection that lives says so, another one is closed.
async fn is_read(client: &mut Client) {
    let stream = client.stream();
    let _ = stream.send(Message::Ping("read?".into())).await;
    let until = async {
        while let Some(Ok(message)) = stream.next().await {
            if matches!(message, Message::Pong(_) | Message::Close(_)) {
                return;
            }
        }
    };
    timeout(LONG, until).await.unwrap();
}

#[test]
fn p8_noise_ends_at_most_its_own_connection() {
    let runtime = Runtime::new().unwrap();
    let house = Mutex::new(runtime.block_on(House::open()));
    let before = house.lock().unwrap().rows();
    let packets = (
        any::<bool>(),
        any::<bool>(),
        prop::collection::vec(packet(), 1..8),
    );
    let tried = TestRunner::new(config(CONNECTIONS)).run(&packets, |(joins, polls, packets)| {
        let mut house = house.lock().unwrap_or_else(|broken| broken.into_inner());
        runtime.block_on(async {
            let way = if polls { Way::Polling } else { Way::WebSocket };
            let mut client = if joins {
                let nobody = serde_json::json!({});
                Client::join(house.server.address, way, GUESTS, &nobody).await
            } else {
                Client::open(house.server.address, way, GUESTS).await
            };
            let _ = client.send(&packets).await;
            if way == Way::WebSocket {
                is_read(&mut client).await;
            }
            house.goes_on().await;
        });
        Ok(())
    });
    tried.unwrap();
    let house = house.into_inner().unwrap();
    // Nothing of it was a start.
    assert_eq!(house.rows(), before);
    runtime.block_on(house.close());
}
