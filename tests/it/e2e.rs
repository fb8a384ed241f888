//! The official JavaScript client against two server objects that share one hub, through a proxy
//! that sends every request of a client to the other server than the one before.

use std::{path::Path, process::Stdio};

use tokio::process::Command;

use crate::support::relay::Relays;

#[tokio::test(flavor = "multi_thread")]
async fn conversation_over_websocket() {
    run("conversation", "websocket").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn conversation_over_polling() {
    run("conversation", "polling").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn conversation_over_polling_then_websocket() {
    run("conversation", "default").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn recovery_over_websocket() {
    run("recovery", "websocket").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn recovery_over_polling() {
    run("recovery", "polling").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn recovery_over_polling_then_websocket() {
    run("recovery", "default").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn upgrade_through_the_proxy() {
    run("upgrade", "default").await;
}

/// Runs one file of `tests/e2e` with Node's test runner; its report is this test's failure text.
async fn run(file: &str, transports: &str) {
    let relays = Relays::start(2).await;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    assert!(
        folder.join("node_modules/socket.io-client").exists(),
        "run `make test`, or `npm ci` in tests/, first"
    );
    let addresses: Vec<String> = relays.addresses().iter().map(ToString::to_string).collect();
    let hour = 3600;
    let operators = [
        relays.token("7", "Alice", "default", hour),
        relays.token("8", "Bob", "default", hour),
    ];
    let output = Command::new("node")
        .args(["--test", &format!("e2e/{file}.test.mjs")])
        .current_dir(&folder)
        .env("BACKENDS", addresses.join(","))
        .env("TRANSPORTS", transports)
        .env("OPERATOR_TOKENS", operators.join(","))
        .env("OTHER_TOKEN", relays.token("9", "Mallory", "other", hour))
        .env("BAD_TOKEN", format!("{}x", operators[0]))
        .env("EXPIRED_TOKEN", relays.token("7", "Alice", "default", -60))
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .unwrap();
    let report = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{report}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    relays.stop().await;
}
