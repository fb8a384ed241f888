//! Events that do not exist, or are not this side's, and payloads that are no objects.

use serde_json::json;

use super::{
    house::MARK,
    offender::{
        Case,
        Expect::{Granted, Refused},
        Offender, SIDES, Side,
    },
    try_all,
};

/// One event of each side that changes nothing.
fn history(offender: &Offender) -> (&'static str, serde_json::Value) {
    match offender.side {
        Side::Guest => ("guest:history", json!({})),
        Side::Operator => ("staff:history", json!({ "sessionId": offender.session })),
    }
}

fn cases(offender: &Offender) -> Vec<Case> {
    let mut cases = unknown(offender);
    cases.extend(others(offender));
    cases.extend(payloads(offender));
    cases
}

fn unknown(offender: &Offender) -> Vec<Case> {
    let (known, _) = history(offender);
    let shouted = known.to_uppercase();
    let spaced = format!("{known} ");
    let with_nul = format!("{known}\0");
    let long = MARK.repeat(1_500);
    let unknown = [
        "",
        " ",
        "nonsense",
        MARK,
        "__proto__",
        "constructor",
        "toString",
        "message",
        "ready",
        "connection",
        "error",
        "guest:",
        ":",
        "guest:typo",
        "*",
        "\u{feff}",
        &shouted,
        &spaced,
        &with_nul,
        &long,
    ];
    let mut cases = Vec::new();
    for name in unknown {
        let shown: String = name.chars().take(20).collect();
        let args = json!([name, { "message": MARK }]).to_string();
        cases.push(Case::event(
            format!("unknown {shown:?}"),
            args,
            Refused("invalid", None),
        ));
    }
    for name in ["0", "5", "-1", "1.5", "1e300", "18446744073709551615"] {
        cases.push(Case::event(
            format!("number {name}"),
            format!("[{name},{{}}]"),
            Refused("invalid", None),
        ));
    }
    cases
}

fn others(offender: &Offender) -> Vec<Case> {
    let (known, _) = history(offender);
    let mut cases = Vec::new();
    let others = [
        "staff:message",
        "staff:sessions",
        "staff:history",
        "guest:message",
        "guest:start",
    ];
    for name in others.iter().filter(|name| name[..5] != known[..5]) {
        let args = json!([name, { "sessionId": offender.session, "message": MARK }]);
        cases.push(Case::event(
            format!("other side's {name}"),
            args.to_string(),
            Refused("forbidden", None),
        ));
    }
    cases
}

fn payloads(offender: &Offender) -> Vec<Case> {
    let (known, valid) = history(offender);
    let mut cases = Vec::new();
    for payload in [
        json!(5),
        json!(MARK),
        json!([]),
        json!([MARK]),
        json!(true),
        json!(0.5),
    ] {
        let name = format!("payload {payload}");
        let args = json!([known, payload, valid]).to_string();
        cases.push(Case::event(name, args, Refused("invalid", Some("payload"))));
    }
    // What is beside the payload is passed over, and so are fields that nobody knows.
    cases.push(Case::event(
        "more arguments",
        json!([known, valid, 5, [MARK], null]).to_string(),
        Granted,
    ));
    let mut more = valid;
    more["unknown"] = json!({ "a": [MARK, null, 1.5] });
    cases.push(Case::event(
        "unknown field",
        json!([known, more]).to_string(),
        Granted,
    ));
    cases
}

#[tokio::test(flavor = "multi_thread")]
async fn p8_an_event_that_is_none_is_refused() {
    for side in SIDES {
        try_all(side, cases).await;
    }
}
