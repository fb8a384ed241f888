//! Arbitrary input: nothing panics, and what was understood is understood the same once written.
//!
//! On stable these run as ordinary tests with a bounded number of random inputs; `cargo bolero
//! test` runs the same targets guided by coverage. Bytes alone rarely look like a packet, so each
//! target also gets well-formed vectors with a few bytes changed.

use bolero::check;
use bytes::Bytes;
use serde_json::Value;
use switchboard::wire::engine::{
    Packet as EnginePacket, Query, Request, payload, route,
    v3::{self, payload::Body},
};
use switchboard::wire::socket::{Decoder, Encoded, Kind, Packet, admit, encode};

use super::golden_v3::rejoined;

const ITERATIONS: usize = 4_000;

/// Which vector, and what to put where.
type Edited = (u8, Vec<(u16, u8)>);

const BODIES: &[&str] = &[
    "4test1\u{1e}4test2\u{1e}4test3",
    "4hello\u{1e}bAQIDBA==",
    "2probe\u{1e}3\u{1e}5\u{1e}6\u{1e}1",
    "0{}\u{1e}b\u{1e}b/+8",
];

/// Of the revision before, as text and as bytes.
const BODIES_V3: &[&str] = &[
    "24:40/public-portal?token=x36:42/public-portal,1[\"guest:start\",{}]",
    "41:451-[\"é🙂\",{\"_placeholder\":true,\"num\":0}]10:b4AQID/w==1:2",
    "6:2probe1:61:11:31:5",
    "\u{0}\u{6}*4hello\u{1}\u{5}*\u{4}abcd",
];

const QUERIES: &[&str] = &[
    "EIO=4&transport=polling&t=p1",
    "EIO=4&transport=polling&t=p2&sid=abc&token=x%20y",
    "EIO=4&transport=websocket&sid=abc",
    "EIO=3&transport=polling&t=p3&b64=1",
];

const SOCKET: &[&str] = &[
    r#"0/custom,{"pid":"P","offset":"e:1-0"}"#,
    "0/random",
    "1/custom,",
    r#"2/public-portal,12["guest:message",{"message":"hi","n":[1,null,true]}]"#,
    r#"3/custom,7[{"ok":true}]"#,
    r#"4/random,{"message":"Invalid namespace","data":{"a":1}}"#,
    r#"52-/a?b,1["m",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]"#,
    r#"61-7[{"f":[{"_placeholder":true,"num":0}]}]"#,
];

#[test]
fn engine_text() {
    check!()
        .with_iterations(ITERATIONS)
        .for_each(|bytes: &[u8]| engine_bytes(bytes));
}

#[test]
fn engine_edited() {
    check!()
        .with_type::<Edited>()
        .with_iterations(ITERATIONS)
        .for_each(|edited| engine_bytes(&apply(BODIES, edited)));
}

fn engine_bytes(bytes: &[u8]) {
    if let Ok(packet) = EnginePacket::decode_text(&String::from_utf8_lossy(bytes)) {
        assert_eq!(EnginePacket::decode_text(&packet.encode_text()), Ok(packet));
    }
    if let Ok(packets) = payload::decode(bytes, 16) {
        assert!((1..=16).contains(&packets.len()));
        let texts: Vec<_> = packets.iter().map(EnginePacket::encode_text).collect();
        let body = payload::join(texts.iter().map(String::as_str));
        assert_eq!(payload::decode(body.as_bytes(), 16), Ok(packets));
    }
}

#[test]
fn engine_v3_text() {
    check!()
        .with_iterations(ITERATIONS)
        .for_each(|bytes: &[u8]| engine_v3_bytes(bytes));
}

#[test]
fn engine_v3_edited() {
    check!()
        .with_type::<Edited>()
        .with_iterations(ITERATIONS)
        .for_each(|edited| {
            let mut bytes = apply(BODIES_V3, edited);
            engine_v3_bytes(&bytes);
            // A text cannot hold what ends a length in a body of bytes.
            bytes
                .iter_mut()
                .filter(|it| **it == b'*')
                .for_each(|it| *it = 255);
            engine_v3_bytes(&bytes);
        });
}

fn engine_v3_bytes(bytes: &[u8]) {
    for is_binary in [false, true] {
        let Ok(packets) = v3::payload::decode(bytes, is_binary, 16) else {
            continue;
        };
        assert!((1..=16).contains(&packets.len()));
        for takes_bytes in [false, true] {
            let again = match rejoined(&packets, takes_bytes) {
                Body::Text(text) => v3::payload::decode(text.as_bytes(), false, 16),
                Body::Bytes(bytes) => v3::payload::decode(&bytes, true, 16),
            };
            assert_eq!(again.as_ref(), Ok(&packets));
        }
    }
}

#[test]
fn query() {
    check!()
        .with_type::<Edited>()
        .with_iterations(ITERATIONS)
        .for_each(|edited| {
            let bytes = &apply(QUERIES, edited);
            let query = Query::parse(&String::from_utf8_lossy(bytes));
            assert!(query.params.len() <= Query::MAX_PARAMS);
            for method in ["GET", "POST", "DELETE"] {
                for websocket in [false, true] {
                    let sid = match route(method, &query, websocket, true) {
                        Ok(Request::Handshake { .. }) => None,
                        Ok(Request::Poll { sid, .. } | Request::Post { sid, .. }) => Some(sid),
                        Ok(Request::Upgrade { sid }) => Some(sid),
                        Err(_) => continue,
                    };
                    assert_eq!(sid, query.sid);
                    assert!(sid.is_none_or(|sid| (1..=Query::MAX_SID).contains(&sid.len())));
                }
            }
        });
}

/// Messages in any order, with the decoder saved and loaded between all of them.
#[test]
fn decoder_sequences() {
    const LIMIT: usize = 200;
    check!()
        .with_type::<Vec<(bool, Edited)>>()
        .with_iterations(ITERATIONS)
        .for_each(|messages| {
            let mut decoder = Decoder::default();
            for (binary, edited) in messages {
                let bytes = apply(SOCKET, edited);
                let was_idle = decoder.is_idle();
                let outcome = if *binary {
                    decoder.binary(Bytes::from(bytes), LIMIT)
                } else {
                    decoder.text(&String::from_utf8_lossy(&bytes))
                };
                assert!(outcome.is_err() || *binary != was_idle, "out of turn");
                match outcome {
                    Ok(Some(packet)) => understood(packet),
                    Ok(None) => assert!(!decoder.is_idle()),
                    Err(_) => assert!(decoder.is_idle()),
                }
                let saved = serde_json::to_vec(&decoder).expect("saves");
                let loaded: Decoder = serde_json::from_slice(&saved).expect("loads");
                assert_eq!(loaded, decoder);
                decoder = loaded;
            }
        });
}

#[test]
fn socket_text() {
    check!()
        .with_iterations(ITERATIONS)
        .for_each(|bytes: &[u8]| {
            if let Ok(Some(packet)) = Decoder::default().text(&String::from_utf8_lossy(bytes)) {
                understood(packet);
            }
        });
}

#[test]
fn decoder_of_any_saved_state() {
    check!()
        .with_iterations(ITERATIONS)
        .for_each(|bytes: &[u8]| {
            let text = String::from_utf8_lossy(bytes);
            let saved = serde_json::json!({
                "pending": { "text": text, "missing": bytes.len() % 3, "attachments": ["AQID"] },
            });
            let mut decoder: Decoder = serde_json::from_value(saved).expect("loads");
            if let Ok(Some(packet)) = decoder.binary(Bytes::new(), usize::MAX) {
                let _ = encode::packet(&packet);
            }
        });
}

fn understood(packet: Packet) {
    let Encoded { text, attachments } = encode::packet(&packet);
    let mut decoder = Decoder::default();
    let mut again = decoder
        .text(text.strip_prefix('4').expect("a message"))
        .expect("reads back");
    for attachment in attachments {
        again = decoder.binary(attachment, usize::MAX).expect("reads back");
    }
    // A fraction may change in its last digit on being read (see `properties`).
    if !has_fraction(&packet) {
        assert_eq!(again.as_ref(), Some(&packet));
    }
    for joined in [false, true] {
        let _ = admit(packet.clone(), joined);
    }
}

fn has_fraction(packet: &Packet) -> bool {
    fn within(value: &Value) -> bool {
        match value {
            Value::Array(items) => items.iter().any(within),
            Value::Object(fields) => fields.values().any(within),
            _ => value.is_f64(),
        }
    }
    match &packet.kind {
        Kind::Connect(auth) => auth.iter().flat_map(|auth| auth.values()).any(within),
        Kind::Disconnect => false,
        Kind::Event(event) => event.name.as_str().is_none() || event.args.iter().any(within),
        Kind::Ack(ack) => ack.args.iter().any(within),
        Kind::ConnectError { data, .. } => data.iter().any(within),
    }
}

/// Positions count modulo the length, so that most edits hit; at most four are made.
fn apply(vectors: &[&str], (which, edits): &Edited) -> Vec<u8> {
    let vector = vectors
        .iter()
        .cycle()
        .nth((*which).into())
        .expect("a vector");
    let mut bytes = vector.as_bytes().to_vec();
    let len = bytes.len();
    for (position, byte) in edits.iter().take(4) {
        let target = bytes
            .get_mut(usize::from(*position) % len)
            .expect("a position");
        *target = *byte;
    }
    bytes
}
