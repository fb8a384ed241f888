//! Whatever is written is read back as the same thing.

use bytes::Bytes;
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use switchboard::wire::engine::payload::{self, PayloadError};
use switchboard::wire::engine::{
    Message, Packet as EnginePacket, Query,
    v3::payload::{Body, decode},
};
use switchboard::wire::socket::{
    Ack, Decoder, Encoded, Event, EventName, Kind, MAX_ATTACHMENTS, Packet, encode,
};

use super::golden_v3::rejoined;

proptest! {
    #[test]
    fn engine_packet(packet in engine_packet_of("(?s).{0,40}")) {
        prop_assert_eq!(EnginePacket::decode_text(&packet.encode_text()), Ok(packet));
    }

    #[test]
    fn polling_payload(packets in vec(engine_packet_of("[^\u{1e}]{0,40}"), 1..9)) {
        let texts: Vec<_> = packets.iter().map(EnginePacket::encode_text).collect();
        let body = payload::join(texts.iter().map(String::as_str));
        let one_less = payload::decode(body.as_bytes(), packets.len() - 1);
        prop_assert_eq!(one_less, Err(PayloadError::TooManyPackets));
        prop_assert_eq!(payload::decode(body.as_bytes(), packets.len()), Ok(packets));
    }

    /// As text whatever it is, and as bytes if it holds any.
    #[test]
    fn polling_payload_of_v3(packets in vec(engine_packet_of("(?s).{0,40}"), 1..9), takes_bytes: bool) {
        let (body, is_binary) = match rejoined(&packets, takes_bytes) {
            Body::Text(text) => (text.into_bytes(), false),
            Body::Bytes(bytes) => (bytes, true),
        };
        let has_bytes = |packet: &EnginePacket| matches!(packet, EnginePacket::Message(Message::Binary(_)));
        prop_assert_eq!(is_binary, takes_bytes && packets.iter().any(has_bytes));
        let one_less = decode(&body, is_binary, packets.len() - 1);
        prop_assert_eq!(one_less, Err(PayloadError::TooManyPackets));
        prop_assert_eq!(decode(&body, is_binary, packets.len()), Ok(packets));
    }

    #[test]
    fn query_params(params in vec((name(), "(?s).{0,20}"), 0..Query::MAX_PARAMS)) {
        let raw = form_urlencoded::Serializer::new(String::new()).extend_pairs(&params).finish();
        let query = Query::parse(&raw);
        prop_assert_eq!(query, Query { params, ..Query::default() });
    }

    /// Saved and loaded after any one of its messages, the decoder goes on as if it had not been;
    /// and nothing comes out before the last message.
    #[test]
    fn socket_packet_split_anywhere(packet in socket_packet()) {
        let Encoded { text, attachments } = encode::packet(&packet);
        let Ok(EnginePacket::Message(Message::Text(text))) = EnginePacket::decode_text(&text) else {
            panic!("a packet is a text message");
        };
        for cut in 0..=attachments.len() {
            let mut decoder = Decoder::default();
            let mut out = decoder.text(&text).expect("header");
            for (index, attachment) in attachments.iter().enumerate() {
                prop_assert_eq!(&out, &None);
                if index == cut {
                    decoder = reload(&decoder);
                }
                out = decoder.binary(attachment.clone(), usize::MAX).expect("attachment");
            }
            prop_assert_eq!(out.as_ref(), Some(&packet));
            prop_assert_eq!(reload(&decoder), Decoder::default());
        }
    }

    #[test]
    fn event_of_anything(
        nsp in namespace(),
        id in option::of(any::<u64>()),
        name in name(),
        payload in option::of(json_value()),
        offset in option::of("[a-z0-9:-]{1,20}"),
    ) {
        let text = encode::event(&nsp, id, &name, payload.as_ref(), offset.as_deref());
        let text = text.expect("encodes");
        let args = payload.into_iter().chain(offset.map(Value::from)).collect();
        let event = Event { name: EventName::Text(name), args, id, attachments: Vec::new(), replaced: false };
        let packet = Packet { nsp, kind: Kind::Event(event) };
        let general = encode::packet(&packet).text;
        prop_assert_eq!(&general, &text);
        let stripped = text.strip_prefix('4').expect("a message");
        prop_assert_eq!(Decoder::default().text(stripped), Ok(Some(packet)));
    }
}

fn reload(decoder: &Decoder) -> Decoder {
    let saved = serde_json::to_string(decoder).expect("saves");
    serde_json::from_str(&saved).expect("loads")
}

fn engine_packet_of(text: &'static str) -> impl Strategy<Value = EnginePacket> {
    prop_oneof![
        text.prop_map(EnginePacket::Open),
        Just(EnginePacket::Close),
        text.prop_map(EnginePacket::Ping),
        text.prop_map(EnginePacket::Pong),
        text.prop_map(|text| EnginePacket::Message(Message::Text(text))),
        bytes().prop_map(|bytes| EnginePacket::Message(Message::Binary(bytes))),
        Just(EnginePacket::Upgrade),
        Just(EnginePacket::Noop),
    ]
}

fn socket_packet() -> impl Strategy<Value = Packet> {
    let kind = prop_oneof![
        option::of(object(json_value())).prop_map(Kind::Connect),
        Just(Kind::Disconnect),
        event().prop_map(Kind::Event),
        ack().prop_map(Kind::Ack),
        ("(?s).{0,20}", option::of(json_value()))
            .prop_map(|(message, data)| Kind::ConnectError { message, data }),
    ];
    (namespace(), kind).prop_map(|(nsp, kind)| Packet { nsp, kind })
}

fn event() -> impl Strategy<Value = Event> {
    let name = prop_oneof![
        name().prop_map(EventName::Text),
        any::<i64>().prop_map(|number| EventName::Number(number.into())),
    ];
    (name, args(), option::of(any::<u64>())).prop_map(|(name, (args, attachments), id)| Event {
        name,
        args,
        id,
        attachments,
        replaced: false,
    })
}

fn ack() -> impl Strategy<Value = Ack> {
    (any::<u64>(), args()).prop_map(|(id, (args, attachments))| Ack {
        id,
        args,
        attachments,
    })
}

/// Arguments with their attachments, each referred to from some depth.
fn args() -> impl Strategy<Value = (Vec<Value>, Vec<Bytes>)> {
    (vec(json_value(), 0..4), vec(bytes(), 0..=MAX_ATTACHMENTS)).prop_map(
        |(mut args, attachments)| {
            args.extend((0..attachments.len()).map(|num| {
                let placeholder = json!({ "_placeholder": true, "num": num });
                if num % 2 == 0 {
                    placeholder
                } else {
                    json!([{ "file": placeholder }])
                }
            }));
            (args, attachments)
        },
    )
}

fn bytes() -> impl Strategy<Value = Bytes> {
    vec(any::<u8>(), 0..20).prop_map(Bytes::from)
}

fn namespace() -> impl Strategy<Value = String> {
    prop_oneof![Just("/".to_owned()), "(?s)/[^,?]{0,40}"]
}

/// Neither a reserved event nor a reserved parameter, for none of those starts like this.
fn name() -> impl Strategy<Value = String> {
    "(?s)x.{0,12}"
}

/// No fractions: `serde_json` reads them to the last digit only with a feature of its own.
fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        "(?s).{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            object(inner).prop_map(Value::Object),
        ]
    })
}

fn object(values: impl Strategy<Value = Value>) -> impl Strategy<Value = Map<String, Value>> {
    btree_map("[a-z]{0,6}", values, 0..4).prop_map(|fields| fields.into_iter().collect())
}
