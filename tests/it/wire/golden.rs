//! Vectors of the protocol, read from `tests/fixtures/wire`.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};
use switchboard::wire::engine::{
    Open, Packet as EnginePacket, Query, Request, RequestError, encode_open, payload, route,
};
use switchboard::wire::socket::{Decoder, Encoded, encode, parse};

use super::describe;

#[derive(Deserialize)]
struct Vector {
    #[serde(alias = "body")]
    text: String,
    /// Absent if the text is refused.
    #[serde(alias = "packets", default)]
    packet: Value,
    error: Option<String>,
    /// What is written for the packet, where that is not the text itself.
    written: Option<String>,
    #[serde(default)]
    frames: Vec<Vec<u8>>,
}

fn vectors(json: &str) -> Vec<Vector> {
    serde_json::from_str(json).expect("fixture")
}

#[test]
fn engine_packets() {
    for vector in vectors(include_str!("../../fixtures/wire/engine_packets.json")) {
        let text = &vector.text;
        match EnginePacket::decode_text(text) {
            Ok(packet) => {
                assert_eq!(describe::engine(&packet), vector.packet, "{text}");
                assert_eq!(
                    &packet.encode_text(),
                    vector.written.as_ref().unwrap_or(text)
                );
            }
            Err(error) => assert_eq!(Some(format!("{error:?}")), vector.error, "{text}"),
        }
    }
}

#[test]
fn payloads() {
    for vector in vectors(include_str!("../../fixtures/wire/payloads.json")) {
        let body = &vector.text;
        match payload::decode(body.as_bytes(), 8) {
            Ok(packets) => {
                let described: Vec<_> = packets.iter().map(describe::engine).collect();
                assert_eq!(Value::from(described), vector.packet, "{body}");
                let texts: Vec<_> = packets.iter().map(EnginePacket::encode_text).collect();
                assert_eq!(&payload::join(texts.iter().map(String::as_str)), body);
            }
            Err(error) => assert_eq!(Some(format!("{error:?}")), vector.error, "{body}"),
        }
    }
}

#[test]
fn socket_packets() {
    for vector in vectors(include_str!("../../fixtures/wire/socket_packets.json")) {
        let text = &vector.text;
        match parse(text) {
            Ok(parsed) => {
                assert_eq!(describe::socket(&parsed.packet), vector.packet, "{text}");
                assert_eq!(parsed.missing, 0, "{text}");
                let written = vector.written.as_ref().unwrap_or(text);
                let encoded = Encoded {
                    text: format!("4{written}"),
                    attachments: Vec::new(),
                };
                assert_eq!(encode::packet(&parsed.packet), encoded);
            }
            Err(error) => assert_eq!(Some(format!("{error:?}")), vector.error, "{text}"),
        }
    }
}

#[test]
fn binary_packets() {
    for vector in vectors(include_str!("../../fixtures/wire/binary.json")) {
        let attachments: Vec<_> = vector.frames.into_iter().map(Bytes::from).collect();
        let mut decoder = Decoder::default();
        let mut last = decoder.text(&vector.text).expect("header");
        for attachment in &attachments {
            assert_eq!(last, None);
            assert!(!decoder.is_idle());
            last = decoder
                .binary(attachment.clone(), 1_000)
                .expect("attachment");
        }
        assert!(decoder.is_idle());
        let packet = last.expect("complete");
        assert_eq!(describe::socket(&packet), vector.packet);
        let encoded = Encoded {
            text: format!("4{}", vector.text),
            attachments,
        };
        assert_eq!(encode::packet(&packet), encoded);
    }
}

#[test]
fn json_nests_no_deeper_than_the_stack_allows() {
    let nested = |depth| format!("2[\"m\",{}1{}]", "[".repeat(depth), "]".repeat(depth));
    assert!(parse(&nested(120)).is_ok());
    assert!(parse(&nested(128)).is_err());
    assert!(parse(&nested(200_000)).is_err());
    assert!(parse(&format!("0{}", "{\"a\":".repeat(200_000))).is_err());
}

#[test]
fn written_by_the_server() {
    let open = |upgrades| {
        encode_open(&Open {
            sid: "lv_VI97HAXpY6yYWAAAC",
            upgrades,
            ping_interval: 300,
            ping_timeout: 200,
            max_payload: 1_000_000,
        })
    };
    let message = json!({ "message": "hi \"you\"", "seq": 1 });
    let portal = "/public-portal";
    let offset = Some("epoch:1-0");
    let none = None::<&Value>;
    let text = |encoded: Result<String, serde_json::Error>| encoded.expect("encodes");
    let written = json!({
        "open polling": open(&["websocket"]),
        "open websocket": open(&[]),
        "event": text(encode::event(portal, None, "guest:message", Some(&message), offset)),
        "event list": text(encode::event("/", None, "m", Some(&[1, 2]), None)),
        "event alone": text(encode::event(portal, None, "ready", none, None)),
        "event offset only": text(encode::event("/", Some(12), "ready", none, offset)),
        "ack": text(encode::ack(portal, 7, &json!({ "ok": true }))),
        "ack root": text(encode::ack("/", 0, &())),
        "connect": encode::connect("/", "wZX3oN0bSVIhsaknAAAI", None),
        "connect pid": encode::connect("/custom", "S", Some("P")),
        "connect_error": encode::connect_error("/random", "Invalid namespace", None),
        "connect_error data": encode::connect_error("/", "no", Some(&json!({ "code": 401 }))),
        "disconnect": encode::disconnect("/custom"),
        "disconnect root": encode::disconnect("/"),
    });
    let golden: Value =
        serde_json::from_str(include_str!("../../fixtures/wire/written.json")).expect("fixture");
    assert_eq!(written, golden);
}

#[test]
fn refusals() {
    let refusals = [
        RequestError::UnknownTransport,
        RequestError::UnknownSid,
        RequestError::BadHandshakeMethod,
        RequestError::BadRequest,
        RequestError::Forbidden(String::new()),
        RequestError::Forbidden("say \"please\"".to_owned()),
        RequestError::UnsupportedVersion,
    ];
    let described = refusals.map(|refusal| {
        assert_eq!(refusal.to_string(), refusal.message());
        json!({ "status": refusal.status(), "body": refusal.body() })
    });
    let golden: Value =
        serde_json::from_str(include_str!("../../fixtures/wire/errors.json")).expect("fixture");
    assert_eq!(Value::from(described.to_vec()), golden);
}

#[derive(Deserialize)]
struct RequestVector {
    request: String,
    #[serde(default)]
    websocket: bool,
    is: Option<String>,
    error: Option<u8>,
}

#[test]
fn requests() {
    let json = include_str!("../../fixtures/wire/requests.json");
    let vectors: Vec<RequestVector> = serde_json::from_str(json).expect("fixture");
    for vector in vectors {
        let (method, query) = vector.request.split_once(' ').expect("method and query");
        let outcome = route(method, &Query::parse(query), vector.websocket, false);
        let (is, error) = match outcome {
            Ok(request) => (Some(describe_request(request)), None),
            Err(error) => (None, Some(error.code())),
        };
        assert_eq!((is, error), (vector.is, vector.error), "{}", vector.request);
    }
}

fn describe_request(request: Request) -> String {
    let with_t = |verb: &str, sid: String, t: Option<String>| {
        [Some(verb.to_owned()), Some(sid), t]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(" ")
    };
    match request {
        Request::Handshake { transport } => format!("handshake {}", transport.as_str()),
        Request::Poll { sid, t } => with_t("poll", sid, t),
        Request::Post { sid, t } => with_t("post", sid, t),
        Request::Upgrade { sid } => with_t("upgrade", sid, None),
    }
}
