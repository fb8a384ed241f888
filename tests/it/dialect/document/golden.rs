//! What is written is what the document tells of, to the last field.

use std::collections::BTreeSet;

use serde_json::json;
use switchboard::dialect::Audience;

use super::{
    super::golden::{BOTH as SIDES, fixture},
    Document, check, events,
};

#[test]
fn what_is_told_is_in_the_document() {
    let document = Document::new();
    let mut seen: BTreeSet<_> = SIDES.map(|(side, _)| (side, "ready".to_owned())).into();
    for (_, audience) in SIDES {
        let ready = document.closed(document.told(audience, "ready"));
        check(&ready, &json!({"epoch": "0123456789abcdef"}), "ready");
    }
    for (name, refusal) in fixture("rejects.json") {
        for (side, audience) in SIDES {
            let error = document.closed(document.told(audience, "error"));
            let mut told = refusal["error"].clone();
            told["event"] = "guest:message".into();
            check(&error, &told, &name);
            seen.insert((side, "error".to_owned()));
        }
    }
    for file in ["entries.json", "asides.json", "notices.json"] {
        for (name, told) in fixture(file) {
            let (_, side) = name.rsplit_once(" -> ").expect("a side");
            let (side, audience) = of(side);
            for told in told.as_array().expect("events") {
                let (event, payload) = (told[0].as_str().expect("a name"), &told[1]);
                let schema = document.told(audience, event);
                check(&document.open(schema), payload, &name);
                check(&document.closed(schema), payload, &name);
                seen.insert((side, event.to_owned()));
            }
        }
    }
    let named = |(audience, told): (Audience, Vec<&'static str>)| {
        let (side, _) = SIDES[usize::from(audience == Audience::Operator)];
        told.into_iter().map(move |event| (side, event.to_owned()))
    };
    let all: BTreeSet<_> = events()
        .into_iter()
        .map(|(audience, events)| (audience, events.told))
        .flat_map(named)
        .collect();
    assert_eq!(seen, all, "events that are told, and that the table names");
}

#[test]
fn what_is_acknowledged_is_in_the_document() {
    let document = Document::new();
    let mut seen = BTreeSet::new();
    for (name, ack) in fixture("replies.json") {
        let (asked, side) = name.rsplit_once(" -> ").expect("a side");
        let (event, _) = asked.split_once(' ').expect("a case");
        let (side, audience) = of(side);
        let schema = document.ack(audience, event);
        check(&document.open(schema), &ack, &name);
        check(&document.closed(schema), &ack, &name);
        seen.insert((side, event.to_owned()));
    }
    let refusals = fixture("rejects.json");
    for (side, audience) in SIDES {
        let events = switchboard::dialect::native_events(audience);
        for event in events.asked {
            assert!(seen.contains(&(side, event.to_owned())), "{event}");
            let ack = document.closed(document.ack(audience, event));
            for (name, refusal) in &refusals {
                check(&ack, refusal, name);
            }
            assert!(!ack.is_valid(&json!({"ok": false, "error": {"code": "bad", "message": "x"}})));
        }
    }
}

fn of(side: &str) -> (&'static str, Audience) {
    let known = SIDES.into_iter().find(|(known, _)| *known == side);
    known.expect("a side")
}
