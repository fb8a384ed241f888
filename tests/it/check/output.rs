//! Lines for people, a document for programs.

use std::collections::BTreeSet;

use serde_json::Value;
use tokio::process::Command;

use super::{Checked, House};
use crate::{
    process::server::{run, switchboard},
    support::folder::Folder,
};

const README: &str = include_str!("../../../README.md");

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_that_is_as_it_should_be_has_nothing_to_be_done() {
    let house = House::good().await;
    let found = Checked::by(house.pod().arg("--strict")).await;
    assert_eq!(found.code, 0, "{}", found.said);
    assert_eq!(found.all("warn"), Vec::<String>::new(), "{}", found.said);
    assert_eq!(found.all("fail"), Vec::<String>::new(), "{}", found.said);
    for item in [
        "settings",
        "cors",
        "proxies",
        "public-url",
        "redis",
        "redis-version",
        "redis-eviction",
        "redis-memory",
        "redis-durability",
        "redis-rights",
        "redis-connections",
        "redis-format",
        "redis-clock",
        "postgres",
        "postgres-version",
        "postgres-durability",
        "postgres-migrations",
        "postgres-tables",
        "postgres-indexes",
        "postgres-rights",
        "postgres-connections",
        "files",
        "postgres-clock",
        "open-files",
        "memory",
    ] {
        found.is(item, "ok", &[]);
    }
    for item in [
        "tls",
        "load-balancer",
        "frontend",
        "compression",
        "reconnection",
        "monitoring",
        "queries",
        "load",
        "backup",
    ] {
        found.is(item, "note", &[]);
    }
    let shown: BTreeSet<&str> = found
        .items
        .iter()
        .map(|it| it["item"].as_str().unwrap())
        .collect();
    assert_eq!(sample(), shown, "README shows other items");
    // Both take no more than they are given.
    drop(house.postgres);
}

#[tokio::test]
async fn the_document_has_a_shape() {
    let folder = Folder::fresh();
    let mut command = switchboard();
    command
        .arg("check")
        .env("DATA_DIR", folder.path())
        .env("CORS_ORIGIN", "*");
    let found = Checked::by(&mut command).await;
    let names = |value: &Value| {
        value
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect::<Vec<_>>()
    };
    assert_eq!(
        names(&found.whole),
        ["version", "mode", "exit", "counts", "items"]
    );
    assert_eq!(found.whole["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(found.whole["exit"], found.code);
    for status in ["ok", "note", "warn", "fail"] {
        assert_eq!(
            found.whole["counts"][status],
            found.all(status).len(),
            "{status}"
        );
    }
    for item in &found.items {
        let is_well = item["status"] == "ok";
        let expected: &[&str] = if is_well {
            &["item", "status", "found"]
        } else {
            &["item", "status", "found", "do"]
        };
        assert_eq!(names(item), expected, "{item}");
    }
}

#[tokio::test]
async fn a_person_reads_a_line_per_item_and_colours_on_a_terminal_only() {
    let folder = Folder::fresh();
    let check = |mut command: Command| {
        command
            .env("DATA_DIR", folder.path())
            .env("CORS_ORIGIN", "*")
            .env("PUBLIC_URL", "https://chat.example.org")
            .env("MAX_CONNECTIONS", "50");
        command
    };
    let mut plain = switchboard();
    plain.arg("check");
    let output = run(&mut check(plain)).await;
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(!said.contains('\u{1b}'), "{said}");
    let mut json = switchboard();
    json.arg("check");
    let found = Checked::by(&mut check(json)).await;
    let lines: Vec<&str> = said.lines().take_while(|line| !line.is_empty()).collect();
    assert_eq!(lines.len(), found.items.len(), "{said}");
    for (line, item) in lines.iter().zip(&found.items) {
        let words: Vec<&str> = line.split_whitespace().take(2).collect();
        assert_eq!(
            words,
            [
                item["status"].as_str().unwrap(),
                item["item"].as_str().unwrap()
            ]
        );
        assert_eq!(line.contains(" -> "), item["status"] != "ok", "{line}");
    }
    let last = said.lines().last().unwrap();
    assert!(last.ends_with("1 warn, 0 fail"), "{last}");

    for (name, coloured) in [("TERM", true), ("NO_COLOR", false)] {
        let mut terminal = Command::new("script");
        let command = format!("'{}' check", env!("CARGO_BIN_EXE_switchboard"));
        terminal
            .args(["--quiet", "--return", "--command", &command, "/dev/null"])
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("TERM", "xterm")
            .env(name, "xterm");
        let output = run(&mut check(terminal)).await;
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(said.contains("CORS_ORIGIN"), "{said}");
        assert_eq!(said.contains("\u{1b}["), coloured, "{name}: {said}");
    }
}

/// The items that README shows.
fn sample() -> BTreeSet<&'static str> {
    let (_, rest) = README.split_once("```text check\n").unwrap();
    let lines = rest.split("```").next().unwrap().lines();
    let items = lines.take_while(|line| !line.is_empty());
    items
        .map(|line| line.split_whitespace().nth(1).unwrap())
        .collect()
}
