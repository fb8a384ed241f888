//! What a suite reports of itself against what the rows say of it.

use std::collections::BTreeSet;

use super::rows::{Rows, Shown};

/// `ran`: the names of the tests that ran and passed, one JSON text a line (`tests/e2e/support/ran.mjs`). A suite of
/// front ends has no test without a row.
pub fn assert_as_listed(suite: &str, ran: &str) {
    let ran: BTreeSet<String> = ran
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let rows = Rows::read();
    let listed: BTreeSet<String> = rows
        .checks()
        .filter_map(|(_, check)| match &check.shown {
            Shown::Test(test) if test.suite() == suite => Some(test.name().to_owned()),
            _ => None,
        })
        .collect();
    let missing: Vec<&String> = listed.difference(&ran).collect();
    assert!(missing.is_empty(), "{suite} did not run {missing:#?}");
    if suite.starts_with("seeds/") {
        let unlisted: Vec<&String> = ran.difference(&listed).collect();
        assert!(unlisted.is_empty(), "no row names {unlisted:#?} of {suite}");
    }
}
