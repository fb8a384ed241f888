//! Vectors of the revision before, read from `tests/fixtures/wire`; those that are understood are what
//! clients of Socket.IO 2 write.

use serde::Deserialize;
use serde_json::{Value, json};
use switchboard::wire::{
    engine::{
        Message, Open, Packet, Query, Request, RequestError, Transport, route,
        v3::{
            encode_open,
            payload::{Body, Part, decode, join},
        },
    },
    socket::{Kind, parse, v2},
};

use super::describe;

#[derive(Deserialize)]
struct Vector {
    body: Option<String>,
    bytes: Option<Vec<u8>>,
    #[serde(default)]
    packets: Value,
    error: Option<String>,
}

#[test]
fn payloads() {
    let json = include_str!("../../fixtures/wire/v3_payloads.json");
    let vectors: Vec<Vector> = serde_json::from_str(json).expect("fixture");
    for vector in vectors {
        let is_binary = vector.bytes.is_some();
        let written = match (vector.body, vector.bytes) {
            (Some(text), None) => Body::Text(text),
            (None, Some(bytes)) => Body::Bytes(bytes),
            _ => panic!("one of both"),
        };
        let body = match &written {
            Body::Text(text) => text.as_bytes(),
            Body::Bytes(bytes) => bytes,
        };
        match decode(body, is_binary, 8) {
            Ok(packets) => {
                let described: Vec<_> = packets.iter().map(describe::engine).collect();
                assert_eq!(Value::from(described), vector.packets, "{written:?}");
                assert_eq!(rejoined(&packets, is_binary), written);
            }
            Err(error) => assert_eq!(Some(format!("{error:?}")), vector.error, "{written:?}"),
        }
    }
}

pub fn rejoined(packets: &[Packet], takes_bytes: bool) -> Body {
    let texts: Vec<_> = packets.iter().map(Packet::encode_text).collect();
    let parts = packets
        .iter()
        .zip(&texts)
        .map(|(packet, text)| match packet {
            Packet::Message(Message::Binary(bytes)) => Part::Message(bytes),
            _ => Part::Text(text),
        });
    join(&parts.collect::<Vec<_>>(), takes_bytes)
}

#[test]
fn written_by_the_server() {
    let open = Open {
        sid: "lv_VI97HAXpY6yYWAAAC",
        upgrades: &["websocket"],
        ping_interval: 300,
        ping_timeout: 200,
        max_payload: 1_000_000,
    };
    let expected = r#"0{"sid":"lv_VI97HAXpY6yYWAAAC","upgrades":["websocket"],"pingInterval":300,"pingTimeout":200}"#;
    assert_eq!(encode_open(&open), expected);
    assert_eq!(v2::connect("/"), "40");
    assert_eq!(v2::connect("/custom"), "40/custom,");
    assert_eq!(v2::error("/", "say \"please\""), r#"44"say \"please\"""#);
    assert_eq!(v2::error("/random", "no"), r#"44/random,"no""#);
}

/// What is written is what a client reads.
#[test]
fn a_refusal_is_read_back() {
    let text = v2::error("/random", "no");
    let parsed = parse(text.strip_prefix('4').expect("a message")).expect("reads");
    let message = "no".to_owned();
    assert_eq!(parsed.packet.nsp, "/random");
    let kind = Kind::ConnectError {
        message,
        data: None,
    };
    assert_eq!(parsed.packet.kind, kind);
}

/// It counts on a handshake alone, as that of v4 does, and JSONP is refused with a sentence.
#[test]
fn requests_where_the_revision_is_let_in() {
    let routed = |query: &str, is_websocket| {
        route("GET", &Query::parse(query), is_websocket, true)
            .map_err(|refusal| json!([refusal.status(), refusal.code()]))
    };
    for (name, transport, is_websocket) in [
        ("polling", Transport::Polling, false),
        ("websocket", Transport::Websocket, true),
    ] {
        for eio in ["3", "4"] {
            let query = format!("EIO={eio}&transport={name}");
            assert_eq!(
                routed(&query, is_websocket),
                Ok(Request::Handshake { transport })
            );
        }
        for eio in ["", "2", "5", "abc"] {
            let query = format!("EIO={eio}&transport={name}");
            assert_eq!(
                routed(&query, is_websocket),
                Err(json!([400, 5])),
                "{query}"
            );
        }
    }
    for sid in ["", "&sid=abc"] {
        let query = format!("EIO=3&transport=polling&j=0{sid}");
        assert_eq!(routed(&query, false), Err(json!([403, 4])));
        let query = Query::parse(&query);
        let refused = route("GET", &query, false, false);
        assert!(!matches!(refused, Err(RequestError::Forbidden(_))));
        let newer = Query::parse(&format!("EIO=4&transport=polling&j=0{sid}"));
        assert!(route("GET", &newer, false, true).is_ok());
    }
}
