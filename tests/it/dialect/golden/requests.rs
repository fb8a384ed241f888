//! What clients send, as it is written in the fixture, and what it is understood as.

use std::collections::BTreeSet;

use serde_json::json;
use switchboard::dialect::{Dialect, decode, native_events};

use super::{BOTH, check, fixture};

#[test]
fn every_request_is_understood() {
    let requests = fixture("requests.json");
    let mut seen = BTreeSet::new();
    let cases = requests.into_iter().map(|(name, request)| {
        let (event, side) = name.split_once(" <- ").expect("a side");
        let side = side.split(',').next().expect("a side");
        let (_, audience) = BOTH
            .into_iter()
            .find(|(known, _)| *known == side)
            .expect("a side");
        let payload = &request["payload"];
        let means = match decode(Dialect::Native, audience, event, Some(payload)) {
            Ok(command) => format!("{command:?}"),
            Err(reject) => format!("{:?}: {reject}", reject.field),
        };
        seen.insert((side.to_owned(), event.to_owned()));
        (name, json!({ "payload": payload, "means": means }))
    });
    check("requests.json", cases.collect());
    for (side, audience) in BOTH {
        for event in native_events(audience).asked {
            assert!(
                seen.contains(&(side.to_owned(), event.to_owned())),
                "{event} <- {side}"
            );
        }
    }
}
