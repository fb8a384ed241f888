//! Bodies and WebSocket messages at the limit and over it, and ten thousand of anything in them.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use super::{
    client::{End, Piece, WAYS, Way},
    house::{FINE, House, MARK, MAX_PAYLOAD},
    offender::{Offender, SIDES, Side, refusal},
};
use crate::process::server::LONG;

const TOO_LARGE: &str =
    "switchboard_connections_closed_total{reason=\"payload\",transport=\"websocket\"}";
const REFUSED: &str = "switchboard_limit_total{limit=\"payload\"}";

/// A message whose packet is of this many bytes.
fn padded(offender: &mut Offender, text: &str, bytes: usize) -> (u64, Piece) {
    let (event, mut payload) = offender.message(text);
    payload["pad"] = "".into();
    let (number, piece) = offender
        .client
        .request(&json!([event, payload]).to_string());
    let Piece::Text(packet) = piece else {
        unreachable!()
    };
    let pad = format!("\"pad\":\"{}\"", "x".repeat(bytes - packet.len()));
    let packet = packet.replacen("\"pad\":\"\"", &pad, 1);
    assert_eq!(packet.len(), bytes);
    (number, Piece::Text(packet))
}

async fn at_the_limit(house: &mut House, offender: &mut Offender) {
    let line = format!("{FINE}and padded");
    let (number, piece) = padded(offender, &line, MAX_PAYLOAD);
    offender.client.send(&[piece]).await.unwrap();
    assert_eq!(offender.client.answer(number).await.unwrap()["ok"], true);
    offender.has_said(&line);
    offender.goes_on().await;
    house.goes_on().await;
}

/// The first byte over the limit, and many more. What is much too large may be cut off while it is
/// sent: then nothing is heard of the answer.
async fn over_the_limit(house: &mut House, offender: &mut Offender) {
    let before = house.rows();
    for bytes in [MAX_PAYLOAD + 1, MAX_PAYLOAD * 2, MAX_PAYLOAD * 200] {
        let (number, piece) = padded(offender, MARK, bytes);
        let sent = async {
            offender.client.send(&[piece]).await?;
            offender.client.answer(number).await
        };
        let (sent, ()) = tokio::join!(timeout(LONG, sent), house.goes_on());
        let end = sent.unwrap().unwrap_err();
        match offender.way {
            Way::Polling => assert!(
                end == End::Status(413) || end == End::Cut && bytes > MAX_PAYLOAD * 2,
                "{end:?}"
            ),
            Way::WebSocket => {
                assert_eq!(end, End::Closed(Some(CloseCode::Size)), "{bytes}");
                offender.come_back(house).await;
            }
        }
        house.count(if offender.way == Way::Polling {
            REFUSED
        } else {
            TOO_LARGE
        });
        assert_eq!(house.rows(), before);
    }
    offender.goes_on().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p8_a_payload_at_its_limit_is_taken_and_over_it_refused() {
    let mut house = House::open().await;
    for way in WAYS {
        for side in SIDES {
            let mut offender = Offender::come(&house, way, side).await;
            at_the_limit(&mut house, &mut offender).await;
            over_the_limit(&mut house, &mut offender).await;
        }
    }
    house.close().await;
}

/// Attachments count with the packet that they belong to.
#[tokio::test(flavor = "multi_thread")]
async fn p8_attachments_over_the_limit_end_the_connection() {
    let mut house = House::open().await;
    let packet = "452-{p}1[\"guest:history\",{\"_placeholder\":true,\"num\":0},{\"_placeholder\":true,\"num\":1}]";
    for way in WAYS {
        let mut offender = Offender::come(&house, way, Side::Guest).await;
        let before = house.rows();
        let header = packet.replace("{p}", &offender.client.place());
        // Each fits, by polling in a POST of its own.
        let mut ended = offender.client.send(&[Piece::Text(header)]).await;
        for _ in 0..2 {
            let bytes = Piece::Binary(vec![0; MAX_PAYLOAD / 2]);
            ended = match ended {
                Ok(()) => offender.client.send(&[bytes]).await,
                ended => ended,
            };
        }
        let end = match ended {
            Ok(()) => offender.client.end().await,
            Err(end) => end,
        };
        offender.has_ended(&mut house, end, "attachments").await;
        offender.goes_on().await;
        house.goes_on().await;
        assert_eq!(house.rows(), (before.0 + 1, before.1));
    }
    house.close().await;
}

/// What is in order before the fault is whole: by WebSocket answered, by polling with the end of
/// the connection for an answer, after which its client asks again with the same id.
#[tokio::test(flavor = "multi_thread")]
async fn p3_a_message_before_a_fault_is_stored_once_and_whole() {
    let mut house = House::open().await;
    for way in WAYS {
        let mut offender = Offender::come(&house, way, Side::Guest).await;
        let line = format!("{FINE}before the fault");
        let (event, payload) = offender.message(&line);
        let args = json!([event, payload]).to_string();
        let (number, first) = offender.client.request(&args);
        let pieces = [first, format!("42/public-portal,[\"{MARK}").as_str().into()];
        let end = match offender.client.send(&pieces).await {
            Ok(()) => {
                assert_eq!(offender.client.answer(number).await.unwrap()["ok"], true);
                offender.client.end().await
            }
            Err(end) => end,
        };
        offender.has_ended(&mut house, end, "a fault").await;
        let again = offender.client.granted(event, &payload).await;
        assert_eq!(again["duplicate"], true, "{again}");
        offender.has_said(&line);
        offender.is_whole("once").await;
        house.goes_on().await;
    }
    house.close().await;
}

/// Ten thousand keys are within the limit of a payload as it is by default.
#[tokio::test(flavor = "multi_thread")]
async fn p8_ten_thousand_of_anything_are_answered() {
    let mut house = House::with("info", &[("MAX_PAYLOAD", "1000000")]).await;
    let keys: Value = (0..10_000)
        .map(|key| (format!("{MARK}{key}"), json!(key)))
        .collect();
    let deep = format!(
        "[\"guest:history\",{}{}]",
        "[".repeat(10_000),
        "]".repeat(10_000)
    );
    for way in WAYS {
        let mut offender = Offender::come(&house, way, Side::Guest).await;
        offender.client.granted("guest:history", &keys).await;
        let start = json!({ "metadata": keys });
        let answer = offender.client.ask("guest:start", &start).await.unwrap();
        assert_eq!(refusal(&answer), ("invalid", Some("metadata")), "{answer}");
        let list = Value::from(vec![MARK; 10_000]);
        let answer = offender
            .client
            .ask("guest:message", &json!({ "message": list }))
            .await
            .unwrap();
        assert_eq!(refusal(&answer), ("invalid", Some("message")), "{answer}");
        let asked = timeout(Duration::from_secs(5), offender.client.ask_text(&deep))
            .await
            .unwrap();
        offender
            .has_ended(&mut house, asked.unwrap_err(), "nesting")
            .await;
        offender.goes_on().await;
        house.goes_on().await;
    }
    house.close().await;
}
