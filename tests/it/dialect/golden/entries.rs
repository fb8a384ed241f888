use serde_json::Value;
use switchboard::dialect::{Dialect, encode_entry};

use super::{super::samples::entries, BOTH, check, shown};

#[test]
fn each_side_is_told_what_it_is_to_know() {
    let cases = entries().into_iter().flat_map(|(name, entry)| {
        BOTH.map(|(side, audience)| {
            let told = encode_entry(Dialect::Native, audience, &entry);
            (format!("{name} -> {side}"), shown(told))
        })
    });
    check("entries.json", cases.collect());
}

/// What is internal, or of another, is in nothing that a guest is told.
#[test]
fn p6_a_guest_is_not_told_what_staff_sees() {
    let [(_, guest), _] = BOTH;
    for (name, entry) in entries() {
        let told = shown(encode_entry(Dialect::Native, guest, &entry));
        let text = told.to_string();
        let secrets = [
            "unread",
            "@example.test",
            "metadata",
            "/prices",
            "secret",
            "receipts",
            "transfer",
            "verified",
            "externalId",
            "customer-7",
        ];
        for secret in secrets {
            assert!(!text.contains(secret), "{name}: {text}");
        }
    }
}

/// A string at the end of an event would be taken for an offset.
#[test]
fn payloads_are_objects() {
    for (name, entry) in entries() {
        for (side, audience) in BOTH {
            for told in encode_entry(Dialect::Native, audience, &entry) {
                assert!(told.payload.is_object(), "{name} -> {side}: {told:?}");
            }
        }
    }
}

/// An entry lacks its session only if another release wrote it.
#[test]
fn an_entry_that_lacks_something_tells_nothing() {
    for (name, mut entry) in entries() {
        entry.session = None;
        entry.after = None;
        for (side, audience) in BOTH {
            let told: Value = shown(encode_entry(Dialect::Native, audience, &entry));
            let whole = ["message", "operator", "picture", "file"];
            let whole = whole.iter().any(|whole| name.starts_with(whole));
            assert!(
                whole || told == Value::Array(vec![]),
                "{name} -> {side}: {told}"
            );
        }
    }
}
