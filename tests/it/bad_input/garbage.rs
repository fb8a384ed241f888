//! Generated payloads at every event: each is answered, and the connection stays.

use std::sync::Mutex;

use proptest::{prelude::*, test_runner::TestRunner};
use serde_json::{Map, Value, json};
use switchboard::dialect::{Audience, native_events};
use tokio::runtime::Runtime;

use super::{
    client::{WAYS, Way},
    house::House,
    offender::{Offender, SIDES, Side, refusal},
};

/// Requests in the test; a few fail to find what one in hundreds does.
const CASES: u32 = 400;
/// `model::Code`, which is closed.
const CODES: [&str; 11] = [
    "invalid",
    "unauthorized",
    "forbidden",
    "not_found",
    "taken",
    "ended",
    "conflict",
    "too_large",
    "rate_limited",
    "unavailable",
    "pending",
];

/// What has failed is told as it was: a smaller case would find the connection that it broke.
pub fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        max_shrink_iters: 0,
        ..ProptestConfig::default()
    }
}

/// The names that the vocabulary decodes, on whichever side.
fn events() -> Vec<String> {
    let sides = [Audience::Guest, Audience::Operator];
    let mut names: Vec<_> = sides
        .into_iter()
        .flat_map(|side| native_events(side).asked)
        .map(str::to_owned)
        .collect();
    names.sort_unstable();
    names.dedup();
    assert!(names.len() > 15, "{names:?}");
    names
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "[\0a\u{d7ff}\u{fffe}\u{1e}👋]{0,9}".prop_map(Value::from),
        "x{0,1200}".prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 48, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            prop::collection::hash_map(".{0,12}", inner, 0..8)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// What each field may be, so that one of them alone is wrong. `SESSION` stands for the offender's.
fn sample() -> Map<String, Value> {
    let Value::Object(sample) = json!({
        "sessionId": "SESSION", "message": "fine", "type": "text", "clientMessageId": "1", "name": "Ann",
        "email": "ann@example.test", "phone": "1", "page": "/", "metadata": {"a": [1]}, "beforeSeq": 5,
        "limit": 5, "status": "waiting", "mine": true, "search": "a", "cursor": "1:1", "seq": 1,
        "isTyping": true, "messageId": "018bcfe5-6800-7000-8000-000000000001", "emoji": "👍", "on": true,
        "accept": true, "agentId": "8",
    }) else {
        unreachable!()
    };
    sample
}

fn nearly_valid() -> impl Strategy<Value = Value> {
    let names: Vec<_> = sample().keys().cloned().collect();
    (prop::sample::select(names), prop::option::of(any_json())).prop_map(|(name, value)| {
        let mut payload = sample();
        match value {
            Some(value) => payload.insert(name, value),
            None => payload.remove(&name),
        };
        Value::Object(payload)
    })
}

fn request() -> impl Strategy<Value = (String, Value)> {
    let payload = prop_oneof![1 => any_json(), 3 => nearly_valid()];
    (prop::sample::select(events()), payload)
}

/// Asked by its own side and, which is refused, by the other.
async fn ask(house: &House, offenders: &mut [Offender], event: &str, payload: &Value) {
    for offender in offenders {
        let args = json!([event, payload])
            .to_string()
            .replace("\"SESSION\"", &format!("\"{}\"", offender.session));
        let answer = offender.client.ask_text(&args).await;
        let answer = answer.unwrap_or_else(|end| panic!("{end:?} after {args}"));
        if answer["ok"] != true {
            let (code, _) = refusal(&answer);
            assert!(CODES.contains(&code), "{args}: {answer}");
        }
        let over =
            event.contains("end") && answer["ok"] == true || answer["error"]["code"] == "ended";
        if over {
            *offender = Offender::come(house, offender.way, offender.side).await;
        }
    }
}

async fn come(house: &House) -> Vec<Offender> {
    let mut offenders = Vec::new();
    for side in SIDES {
        // The answers of both transports are made by the same code: one each is enough.
        let way = if side == Side::Guest {
            WAYS[0]
        } else {
            Way::Polling
        };
        offenders.push(Offender::come(house, way, side).await);
    }
    offenders
}

#[test]
fn p8_whatever_is_asked_is_answered() {
    let runtime = Runtime::new().unwrap();
    let house = runtime.block_on(House::open());
    let offenders = runtime.block_on(come(&house));
    let all = Mutex::new((house, offenders));
    let tried = TestRunner::new(config(CASES)).run(&request(), |(event, payload)| {
        let mut all = all.lock().unwrap_or_else(|broken| broken.into_inner());
        let (house, offenders) = &mut *all;
        runtime.block_on(ask(house, offenders, &event, &payload));
        if rand::random_ratio(1, 20) {
            runtime.block_on(house.goes_on());
        }
        Ok(())
    });
    tried.unwrap();
    let (house, _) = all.into_inner().unwrap();
    runtime.block_on(async {
        for side in SIDES {
            let mut newcomer = Offender::come(&house, Way::WebSocket, side).await;
            newcomer.goes_on().await;
        }
        house.close().await;
    });
}
