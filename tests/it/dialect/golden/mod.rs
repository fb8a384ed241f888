//! Every event and acknowledgement, against `tests/fixtures`, a folder per vocabulary. What was written instead is
//! left in cargo's folder for tests: copy it over a shape that was changed on purpose.

mod asides;
mod entries;
mod fronts;
mod notices;
mod rejects;
mod replies;
mod requests;
mod widget;

use std::{collections::BTreeMap, path::PathBuf};

use serde_json::{Value, json};
use switchboard::dialect::{Audience, Outgoing};

pub const BOTH: [(&str, Audience); 2] =
    [("guest", Audience::Guest), ("operator", Audience::Operator)];

fn check(file: &str, cases: Vec<(String, Value)>) {
    check_in("native", file, cases);
}

fn check_in(folder: &str, file: &str, cases: Vec<(String, Value)>) {
    let count = cases.len();
    let actual: BTreeMap<_, _> = cases.into_iter().collect();
    assert_eq!(actual.len(), count, "two cases of {file} have one name");
    let text = serde_json::to_string_pretty(&actual).expect("JSON") + "\n";
    let written = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{folder}.{file}"));
    std::fs::write(&written, text).expect("a file");
    let expected = fixture_in(folder, file);
    assert_eq!(
        actual.keys().collect::<Vec<_>>(),
        expected.keys().collect::<Vec<_>>(),
        "{file}"
    );
    for (case, value) in actual {
        assert_eq!(Some(&value), expected.get(&case), "{file}: {case}");
    }
}

pub fn fixture(file: &str) -> BTreeMap<String, Value> {
    fixture_in("native", file)
}

fn fixture_in(folder: &str, file: &str) -> BTreeMap<String, Value> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(folder);
    let text = std::fs::read_to_string(folder.join(file)).expect("a golden file");
    serde_json::from_str(&text).expect("JSON")
}

/// Events in the order in which they are told.
fn shown(told: impl IntoIterator<Item = Outgoing>) -> Value {
    let told = told.into_iter();
    told.map(|outgoing| json!([outgoing.event, outgoing.payload]))
        .collect()
}

fn side(audience: Audience) -> &'static str {
    let side = BOTH.iter().find(|(_, known)| *known == audience);
    side.expect("a side").0
}
