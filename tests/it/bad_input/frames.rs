//! What only frames of a WebSocket and bytes of a body can say: pieces, and what is not UTF-8.

use futures_util::SinkExt;
use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio_tungstenite::tungstenite::{
    Message,
    protocol::frame::{
        Frame, FrameHeader,
        coding::{CloseCode, Control, Data, OpCode},
    },
};

use super::{
    client::{End, Piece, WAYS, Way},
    house::{FINE, House, MARK, MAX_PAYLOAD},
    offender::{Offender, Side},
};

const PARSE_ERROR: &str =
    "switchboard_connections_closed_total{reason=\"parse error\",transport=\"websocket\"}";

fn frame(bytes: impl Into<Vec<u8>>, code: OpCode, last: bool) -> Message {
    Message::Frame(Frame::message(bytes.into(), code, last))
}

/// The bytes as one text message in frames of this size.
fn in_frames(bytes: &[u8], size: usize) -> Vec<Message> {
    let last = bytes.len().div_ceil(size) - 1;
    let parts = bytes.chunks(size).enumerate().map(|(index, part)| {
        let data = if index == 0 {
            Data::Text
        } else {
            Data::Continue
        };
        frame(part, OpCode::Data(data), index == last)
    });
    parts.collect()
}

async fn send(offender: &mut Offender, frames: Vec<Message>) {
    for frame in frames {
        // It may be closed before the last.
        let _ = offender.client.stream().send(frame).await;
    }
}

/// A message of this text, as the packet that says it.
fn packet(offender: &mut Offender, text: &str) -> (u64, String) {
    let (event, payload) = offender.message(text);
    let (number, piece) = offender
        .client
        .request(&json!([event, payload]).to_string());
    match piece {
        Piece::Text(packet) => (number, packet),
        Piece::Binary(_) => unreachable!(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn p8_a_message_in_many_frames_is_one_message() {
    let mut house = House::open().await;
    let mut offender = Offender::come(&house, Way::WebSocket, Side::Guest).await;
    // Each character of several bytes is cut by some frame.
    let line = format!("{FINE}é👋{}", "ü".repeat(300));
    for size in [1, 2, 3, 125, 126, 4_096] {
        let (number, packet) = packet(&mut offender, &line);
        send(&mut offender, in_frames(packet.as_bytes(), size)).await;
        let answer = offender.client.answer(number).await.unwrap();
        assert_eq!(answer["ok"], true, "{size}: {answer}");
        offender.has_said(&line);
        offender.is_whole("in frames").await;
    }
    // Frames of nothing, and a ping between two, change nothing.
    let (number, packet) = packet(&mut offender, &line);
    let mut frames = in_frames(packet.as_bytes(), 100);
    for _ in 0..1_000 {
        frames.insert(1, frame([], OpCode::Data(Data::Continue), false));
    }
    frames.insert(500, Message::Ping("?".into()));
    send(&mut offender, frames).await;
    assert_eq!(offender.client.answer(number).await.unwrap()["ok"], true);
    offender.has_said(&line);
    house.goes_on().await;
    offender.goes_on().await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p8_many_small_frames_are_together_too_large() {
    let mut house = House::open().await;
    let mut offender = Offender::come(&house, Way::WebSocket, Side::Guest).await;
    let before = house.rows();
    for size in [100, MAX_PAYLOAD / 2, MAX_PAYLOAD] {
        let packet = format!("42/public-portal,[\"{MARK}{}", "x".repeat(MAX_PAYLOAD));
        send(&mut offender, in_frames(packet.as_bytes(), size)).await;
        assert_eq!(
            offender.client.end().await,
            End::Closed(Some(CloseCode::Size)),
            "{size}"
        );
        house.count(
            "switchboard_connections_closed_total{reason=\"payload\",transport=\"websocket\"}",
        );
        offender.come_back(&house).await;
        house.goes_on().await;
    }
    assert_eq!(house.rows(), before);
    offender.goes_on().await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p8_what_is_not_utf_8_ends_its_connection_alone() {
    const BAD: [&[u8]; 6] = [
        b"\xff",
        b"\xc3",
        b"\xe2\x82",
        b"\xed\xa0\xbd",
        b"\xc0\x80",
        b"\xf5\x80\x80\x80",
    ];
    let mut house = House::open().await;
    for way in WAYS {
        let mut offender = Offender::come(&house, way, Side::Guest).await;
        for bad in BAD {
            let (_, packet) = packet(&mut offender, MARK);
            let (head, tail) = packet.split_once(MARK).unwrap();
            let bytes = [head.as_bytes(), MARK.as_bytes(), bad, tail.as_bytes()].concat();
            let before = house.rows();
            let end = match way {
                Way::Polling => offender.client.send_bytes(bytes).await.unwrap_err(),
                Way::WebSocket => {
                    send(&mut offender, in_frames(&bytes, 100)).await;
                    offender.client.end().await
                }
            };
            if way == Way::WebSocket {
                assert_eq!(end, End::Closed(Some(CloseCode::Invalid)), "{bad:?}");
                house.count(PARSE_ERROR);
                offender.come_back(&house).await;
            } else {
                offender.has_ended(&mut house, end, "not UTF-8").await;
            }
            house.goes_on().await;
            assert_eq!(house.rows(), before);
        }
        offender.goes_on().await;
    }
    house.close().await;
}

/// Frames that RFC 6455 does not know, or not in this place.
fn broken() -> Vec<(&'static str, Vec<u8>)> {
    let text = OpCode::Data(Data::Text);
    let bytes = |frame: Frame| {
        let mut bytes = Vec::new();
        frame.format(&mut bytes).unwrap();
        bytes
    };
    let masked = |code: OpCode, last: bool, payload: &[u8]| {
        let header = FrameHeader {
            is_final: last,
            opcode: code,
            mask: Some([1, 2, 3, 4]),
            ..FrameHeader::default()
        };
        Frame::from_payload(header, payload.to_vec().into())
    };
    let mut reserved = masked(text, true, MARK.as_bytes());
    reserved.header_mut().rsv1 = true;
    let unmasked = Frame::message(MARK.as_bytes().to_vec(), text, true);
    let twice = [masked(text, false, b"4"), masked(text, true, b"4")]
        .map(bytes)
        .concat();
    vec![
        ("a reserved bit", bytes(reserved)),
        ("no mask", bytes(unmasked)),
        (
            "continues nothing",
            bytes(masked(OpCode::Data(Data::Continue), true, b"x")),
        ),
        (
            "a reserved kind",
            bytes(masked(OpCode::Data(Data::Reserved(5)), true, b"x")),
        ),
        (
            "a reserved control",
            bytes(masked(OpCode::Control(Control::Reserved(12)), true, b"x")),
        ),
        (
            "a ping in pieces",
            bytes(masked(OpCode::Control(Control::Ping), false, b"x")),
        ),
        (
            "a long ping",
            bytes(masked(OpCode::Control(Control::Ping), true, &[0; 126])),
        ),
        ("one begun in another", twice),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn p8_a_broken_frame_ends_its_connection_alone() {
    let mut house = House::open().await;
    let mut offender = Offender::come(&house, Way::WebSocket, Side::Guest).await;
    for (name, bytes) in broken() {
        offender
            .client
            .stream()
            .get_mut()
            .write_all(&bytes)
            .await
            .unwrap();
        let end = offender.client.end().await;
        offender.has_ended(&mut house, end, name).await;
        house.goes_on().await;
        offender.is_whole(name).await;
    }
    offender.goes_on().await;
    house.close().await;
}
