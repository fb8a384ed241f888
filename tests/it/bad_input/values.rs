//! JSON that is allowed and is too much: keys, nesting, numbers, names that mean something elsewhere.

use serde_json::{Value, json};

use super::{
    client::{Client, WAYS},
    house::{GUESTS, House, MARK},
    offender::{
        Case,
        Expect::{self, Ends, Granted, Refused},
        Offender, SIDES, Side, refusal,
    },
    try_all,
};

/// A request for history with this in its payload, as it is written.
fn history(offender: &Offender, fields: &str) -> String {
    match offender.side {
        Side::Guest => format!("[\"guest:history\",{{{fields}}}]"),
        Side::Operator => {
            let session = &offender.session;
            format!("[\"staff:history\",{{\"sessionId\":\"{session}\",{fields}}}]")
        }
    }
}

fn nested(depth: usize) -> String {
    format!("\"x\":{}{}", "[".repeat(depth), "]".repeat(depth))
}

fn keys(count: usize) -> String {
    let keys: Vec<_> = (0..count).map(|key| format!("\"{key}\":0")).collect();
    keys.join(",")
}

fn cases(offender: &Offender) -> Vec<Case> {
    let (limit, before) = (
        Refused("invalid", Some("limit")),
        Refused("invalid", Some("beforeSeq")),
    );
    let rows: &[(&str, String, Expect)] = &[
        // The array of the event and its payload are the first two levels of 127.
        ("nested as deep as may be", nested(125), Granted),
        ("nested too deep", nested(126), Ends),
        ("nested much too deep", nested(9_000), Ends),
        (
            "nested in objects",
            format!("\"x\":{}1{}", "{\"a\":".repeat(126), "}".repeat(126)),
            Ends,
        ),
        (
            "nested and never closed",
            format!("\"x\":{}", "[".repeat(19_000)),
            Ends,
        ),
        ("many keys", keys(1_500), Granted),
        ("1e400", "\"limit\":1e400".into(), Ends),
        ("-1e400 where nobody looks", "\"x\":-1e400".into(), Ends),
        ("1e-400", "\"x\":1e-400".into(), Granted),
        ("many digits", format!("\"x\":{}", "9".repeat(300)), Granted),
        ("-0", "\"limit\":-0".into(), limit.clone()),
        ("-0 as a position", "\"beforeSeq\":-0".into(), Granted),
        ("2^53 - 1", "\"beforeSeq\":9007199254740991".into(), Granted),
        (
            "2^53",
            "\"beforeSeq\":9007199254740992".into(),
            before.clone(),
        ),
        (
            "2^53 + 1",
            "\"beforeSeq\":9007199254740993".into(),
            before.clone(),
        ),
        ("2^64", "\"beforeSeq\":18446744073709551616".into(), before),
        (
            "a whole number as a fraction",
            "\"limit\":1e1".into(),
            Granted,
        ),
        ("leading zero", "\"limit\":05".into(), Ends),
        (
            "a key twice, the last is right",
            "\"limit\":\"x\",\"limit\":5".into(),
            Granted,
        ),
        (
            "a key twice, the last is wrong",
            "\"limit\":5,\"limit\":\"x\"".into(),
            limit.clone(),
        ),
        (
            "__proto__",
            "\"__proto__\":{\"limit\":\"x\"},\"constructor\":{}".into(),
            Granted,
        ),
        (
            "a field written in escapes",
            "\"\\u006cimit\":\"x\"".into(),
            limit,
        ),
    ];
    let cases = rows.iter().map(|(name, fields, expect)| {
        Case::event(*name, history(offender, fields), expect.clone())
    });
    cases.chain(ids(offender)).collect()
}

/// Of sessions, as nobody has been told them.
fn ids(offender: &Offender) -> Vec<Case> {
    let mut cases = Vec::new();
    let session = &offender.session;
    let more = [
        ("a session of another spelling", session.to_uppercase()),
        ("a path", format!("../{session}")),
        ("a pattern", "*".to_owned()),
        ("a session and more", format!("{session}'--")),
    ];
    if offender.side == Side::Operator {
        for (name, id) in more {
            for event in [
                "staff:history",
                "staff:connect_to_session",
                "staff:end_session",
            ] {
                let args = json!([event, { "sessionId": id }]).to_string();
                cases.push(Case::event(
                    name,
                    args,
                    Refused("not_found", Some("sessionId")),
                ));
            }
        }
    }
    cases
}

#[tokio::test(flavor = "multi_thread")]
async fn p8_json_that_is_too_much_is_refused() {
    for side in SIDES {
        try_all(side, cases).await;
    }
}

/// What a guest says of itself is all stored or nothing, and a refused one is nobody yet.
#[tokio::test(flavor = "multi_thread")]
async fn p8_a_start_that_is_refused_leaves_nothing() {
    let mut house = House::open().await;
    let parsed = |fields: &str| serde_json::from_str::<Value>(&format!("{{{fields}}}")).unwrap();
    let nul = json!({ "name": "Fine", "email": format!("{MARK}\0") });
    let refused = [
        (
            "metadata",
            json!({ "name": MARK, "metadata": { "a": MARK.repeat(900) } }),
            "invalid",
        ),
        (
            "metadata",
            json!({ "name": MARK, "metadata": parsed(&keys(1_500)) }),
            "invalid",
        ),
        ("email", nul, "invalid"),
        (
            "token",
            json!({ "name": MARK, "token": format!("{MARK}.{MARK}.{MARK}") }),
            "unauthorized",
        ),
        ("token", json!({ "token": "e30.e30." }), "unauthorized"),
        ("workspace", json!({ "workspace": MARK }), "not_found"),
        (
            "workspace",
            json!({ "workspace": "default/../other" }),
            "not_found",
        ),
    ];
    let odd = json!({
        "__proto__": { "a": 1 }, "constructor": null, "n": 1e300, "z": -0.0, "big": u64::MAX,
        "deep": (0..60).fold(json!(1), |inner, _| json!([inner])), "keys": parsed(&keys(600)),
    });
    for way in WAYS {
        let mut guest = Client::join(house.server.address, way, GUESTS, &json!({})).await;
        let before = house.rows();
        for (field, payload, code) in &refused {
            let answer = guest.ask("guest:start", payload).await.unwrap();
            assert_eq!(refusal(&answer).0, *code, "{answer}");
            assert!(
                refusal(&answer).1.is_none_or(|named| named == *field),
                "{answer}"
            );
            let unbound = guest
                .ask("guest:message", &json!({ "message": MARK }))
                .await
                .unwrap();
            assert_eq!(unbound["ok"], false, "{unbound}");
            house.goes_on().await;
            assert_eq!(house.rows(), before, "{field}");
        }
        guest
            .granted("guest:start", &json!({ "metadata": odd }))
            .await;
        house.goes_on().await;
        assert_eq!(house.rows(), (before.0, before.1 + 1));
        assert_eq!(house.newest_metadata(), odd);
    }
    house.close().await;
}
