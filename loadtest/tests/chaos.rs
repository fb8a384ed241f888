//! Faults on a relay of three pods, and whether the run would notice what it is there to notice.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{
    path::Path,
    process::{Command, Output},
};

use serde_json::Value;

/// Of the regressions, the one that is run each time; `make test-long` runs all of them.
const SEED: &str = "7";

#[test]
fn p1_p2_p11_a_minute_of_faults_loses_nothing() {
    let output = chaos("minute", &["--seed", SEED, "--minutes", "1"]);
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    let all = &report(&output)["lines"][0];
    assert!(all["faults"].as_u64() > Some(15), "{all}");
    assert!(all["recovered"].as_u64() > Some(5), "{all}");
    assert!(all["acknowledged"].as_u64() > Some(300), "{all}");
}

/// The bugs are in the streams of clients, so all of it is shown to work: clients, journal, oracle, verdict.
#[test]
fn p1_p2_p11_one_bug_of_each_kind_is_seen_and_named() {
    let bugs = "drop,duplicate,reorder,leak,false-ack";
    let planted = ["--seed", SEED, "--minutes", "0.25", "--plant", bugs];
    let output = chaos("planted", &planted);
    assert_eq!(output.status.code(), Some(1), "{}", told(&output));
    let report = report(&output);
    assert_eq!(report["troubles"], Value::Array(vec![]), "{report}");
    for breach in ["lost", "duplicated", "reordered", "leaked", "false acks"] {
        assert_eq!(report["lines"][0][breach], 1, "{breach}: {}", told(&output));
    }
    assert_eq!(report["lines"][0]["differing"], 0, "{}", told(&output));
}

#[test]
fn p1_p2_p11_what_once_lost_something_does_not_any_more() {
    if long() {
        let output = chaos("regressions", &["--regressions"]);
        assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    }
}

/// Its journal and logs stay until the next time.
fn chaos(name: &str, arguments: &[&str]) -> Output {
    let loadtest = Path::new(env!("CARGO_BIN_EXE_loadtest"));
    // Of the same build, as the whole workspace is.
    let switchboard = loadtest.with_file_name("switchboard");
    assert!(switchboard.exists(), "run `cargo test --workspace`");
    Command::new(loadtest)
        .args(["chaos", "--json", "--switchboard"])
        .arg(switchboard)
        .arg("--folder")
        .arg(Path::new(env!("CARGO_TARGET_TMPDIR")).join(name))
        .args(arguments)
        .env_remove("SEED")
        .env_remove("ACK")
        .output()
        .unwrap()
}

/// One line.
fn report(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap()
}

fn told(output: &Output) -> String {
    let [out, err] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
    format!("{out}\n{err}")
}

#[expect(
    clippy::disallowed_methods,
    reason = "only whoever runs the tests knows how long they may take"
)]
fn long() -> bool {
    std::env::var("TEST_LONG").is_ok_and(|set| !set.is_empty())
}
