//! The OpenAPI document says nothing that is not so, and leaves nothing out.

use std::{path::Path, process::Output};

use serde_json::{Value, json};
use tokio::{process::Command, time::timeout};

use super::{
    client::Client,
    house::{House, add, login},
};
use crate::process::{
    server::LONG,
    talk::{Person, message},
};

/// What is made up for each operation, and from which number: the same in every run.
const CASES: &str = "25";
const SEED: &str = "7";

/// Generated requests, good and bad ones, are answered as the document says: no server errors, no other statuses,
/// shapes or types, nothing accepted that it forbids nor refused that it allows, and nothing without a token.
#[tokio::test(flavor = "multi_thread")]
async fn generated_requests_are_answered_as_the_document_says() {
    let limits = [
        "--rate-login",
        "0",
        "--rate-login-network",
        "0",
        "--rate-upload",
        "0",
    ];
    let house = House::start_with(&limits).await;
    let password = add(house.folder.path(), "root", "admin", "default").await;
    let token = login(&house.nobody(), "root", &password).await;
    let mut guest = Person::guest(house.server.address).await;
    let started = guest
        .granted("guest:start", json!({ "name": "Marie" }))
        .await;
    for text in ["one", "two"] {
        guest.granted("guest:message", message(text, text)).await;
    }
    let session = started["sessionId"].as_str().unwrap();
    let settings = format!(
        "[parameters]\nsessionId = \"{session}\"\nclientId = \"{session}\"\n[generation]\nallow-x00 = false\n"
    );
    let file = house.folder.path().join("schemathesis.toml");
    std::fs::write(&file, settings).unwrap();
    let runs: [&[&str]; 3] = [
        &["--exclude-path-regex", "/(end|attachments)$"],
        // No schema says which bytes are a picture.
        &[
            "--include-path-regex",
            "/attachments$",
            "--exclude-checks",
            "positive_data_acceptance",
        ],
        // Last the one after which all others are refused.
        &["--include-path-regex", "/end$"],
    ];
    for which in runs {
        let output = check(&house, &file, &token, which).await;
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{said}");
    }
    // It has been at real ones.
    let admin = Client::with_token(house.server.address, &token);
    let one = admin.get(&format!("/sessions/{session}")).await.granted();
    assert_eq!(one["session"]["status"], "ended");
    // The guest's connection may have ended meanwhile: nobody answers its pings.
    let messages = format!("/sessions/{session}/messages");
    let history = admin.get(&messages).await.granted();
    let said = history["messages"].as_array().unwrap().len();
    assert!(said > 2, "nothing was said");
    let log = house.server.stop().await.join("\n");
    assert!(!log.contains(&token) && !log.contains(&password));
}

async fn check(house: &House, settings: &Path, token: &str, which: &[&str]) -> Output {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rest/.venv/bin/schemathesis");
    assert!(
        program.exists(),
        "schemathesis is not here: run .ci/pip tests/rest"
    );
    let address = house.server.address;
    let mut command = Command::new(program);
    command
        .current_dir(house.folder.path())
        .arg("--config-file")
        .arg(settings)
        .arg("run")
        .arg(format!("http://{address}/api/v1/openapi.json"))
        .args(["-H", &format!("Authorization: Bearer {token}")])
        .args(["--checks", "all", "--max-examples", CASES, "--seed", SEED])
        .arg("--continue-on-failure")
        .args(which)
        .kill_on_drop(true);
    timeout(LONG * 9, command.output()).await.unwrap().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_that_is_served_is_in_it_and_says_who_may() {
    let house = House::start().await;
    let (status, text) = house.server.page("/api/v1/openapi.json").await;
    assert_eq!(status, 200);
    let document: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
    // Only a login and a visitor need no token.
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let open = operation["security"][0] == json!({});
            let is_visitors = ["/api/widget/", "/api/conversations/"];
            let is_visitors = is_visitors.iter().any(|prefix| path.starts_with(prefix));
            assert_eq!(
                open,
                ["/api/v1/login", "/api/v1/compat/join"].contains(&path.as_str())
                    || is_visitors
                    || path.starts_with("/api/v1/files/"),
                "{method} {path}"
            );
            assert!(
                operation["summary"].is_string(),
                "{method} {path} says what it does"
            );
            assert!(
                operation["responses"]["default"].is_object(),
                "{method} {path}"
            );
        }
    }
    references(&document, &document);
}

/// All that is referred to is there.
fn references(document: &Value, part: &Value) {
    if let Some(to) = part["$ref"].as_str() {
        let pointer = to.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{to} is nowhere");
    }
    let parts: Box<dyn Iterator<Item = &Value>> = match part {
        Value::Object(fields) => Box::new(fields.values()),
        Value::Array(items) => Box::new(items.iter()),
        _ => return,
    };
    parts.for_each(|part| references(document, part));
}
