//! A relay that runs alone: its folder, and the lock on it.

use std::{collections::BTreeSet, path::Path};

use switchboard::history::sqlite;
use tokio::process::Command;

use super::Checked;
use crate::{
    process::server::{Server, switchboard},
    support::folder::Folder,
};

fn check(data: &Path) -> Command {
    let mut command = switchboard();
    command.args(["check", "--max-connections", "50"]);
    command.env("DATA_DIR", data);
    command
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_is_looked_at_before_during_and_after_a_server() {
    let folder = Folder::fresh();
    // With what a path may hold.
    let data = folder.path().join("da ta%20+#?/x");
    let found = Checked::by(&mut check(&data)).await;
    assert_eq!(found.code, 0, "{}", found.said);
    assert_eq!(found.whole["mode"], "embedded");
    found.is("data-dir", "ok", &["will be made by the first start"]);
    found.is("data-lock", "ok", &["free"]);
    found.is("data-disk", "ok", &["MiB are free"]);
    found.is("database", "ok", &["none yet"]);
    found.is(
        "files",
        "ok",
        &["x/files", "will be made by the first start"],
    );
    found.is("public-url", "ok", &["own site"]);
    let secrets = found.of("secrets");
    let made = |line: &String| line.contains("the first start makes one");
    assert!(
        secrets.len() == 2 && secrets.iter().all(made),
        "{secrets:?}"
    );
    assert!(
        !folder.path().join("da ta%20+#?").exists(),
        "it has made something"
    );

    let server = Server::start(&data).await;
    let found = Checked::by(check(&data).arg("--strict")).await;
    assert_eq!(found.code, 0, "{}", found.said);
    found.is("data-dir", "ok", &["can be written"]);
    found.is("data-lock", "ok", &["held by a server"]);
    found.is("database", "ok", &["all ", " migrations, "]);
    found.is("files", "ok", &["x/files", "can be read and written"]);
    let secrets = found.of("secrets");
    assert!(
        secrets.iter().all(|it| it.contains("is in DATA_DIR")),
        "{secrets:?}"
    );
    assert_eq!(server.page("/readyz").await, (200, "ok".into()));

    server.stop().await;
    let before = files(&data);
    let found = Checked::by(&mut check(&data)).await;
    found.is("data-lock", "ok", &["free"]);
    found.is("database", "ok", &["all ", " migrations, "]);
    assert_eq!(files(&data), before);
    // It holds up nobody.
    Server::start(&data).await.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_was_left_by_a_crash_is_read_with_its_log() {
    let folder = Folder::fresh();
    let server = Server::start(folder.path()).await;
    server.kill().await;
    assert!(folder.path().join("switchboard.db-wal").exists());
    let found = Checked::by(&mut check(folder.path())).await;
    assert_eq!(found.code, 0, "{}", found.said);
    found.is("data-lock", "ok", &["free"]);
    found.is("database", "ok", &["all ", " migrations, "]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_behind_or_broken_is_told() {
    let folder = Folder::fresh();
    Server::start(folder.path()).await.stop().await;
    let file = folder.path().join("switchboard.db");
    let change = |sql: &str| {
        let database = rusqlite::Connection::open(&file).unwrap();
        database.execute_batch(sql).unwrap();
    };
    let names = |kind: &str| {
        let database = rusqlite::Connection::open(&file).unwrap();
        let asked =
            format!("SELECT name FROM sqlite_schema WHERE type = '{kind}' AND sql IS NOT NULL");
        let mut asked = database.prepare(&asked).unwrap();
        let names = asked.query_map([], |row| row.get(0)).unwrap();
        names.map(Result::unwrap).collect::<BTreeSet<String>>()
    };
    let probe = sqlite::probe::probe(folder.path())
        .database
        .unwrap()
        .unwrap();
    assert_eq!(
        probe.indexes.into_iter().collect::<BTreeSet<_>>(),
        names("index")
    );
    // Beside our own: what the full-text index is made of, and who has applied what.
    let beside = |name: &String| {
        name.starts_with("messages_words_")
            || name.starts_with("refinery_")
            || name.starts_with("sqlite_")
    };
    let tables: BTreeSet<_> = names("table")
        .into_iter()
        .filter(|it| !beside(it))
        .collect();
    assert_eq!(probe.tables.into_iter().collect::<BTreeSet<_>>(), tables);

    change("DROP INDEX sessions_open");
    let found = Checked::by(&mut check(folder.path())).await;
    assert_eq!(found.code, 1, "{}", found.said);
    found.is("database", "fail", &["sessions_open", "backup"]);
    change("DELETE FROM refinery_schema_history WHERE version = 5");
    let found = Checked::by(&mut check(folder.path())).await;
    assert_eq!(found.code, 0, "{}", found.said);
    found.is(
        "database",
        "warn",
        &["V0005__indexes", "the next start applies them"],
    );
    change("UPDATE refinery_schema_history SET checksum = '1' WHERE version = 1");
    let found = Checked::by(&mut check(folder.path())).await;
    found.is("database", "fail", &["V0001__initial", "another text"]);
    std::fs::write(&file, "not a database").unwrap();
    let found = Checked::by(&mut check(folder.path())).await;
    found.is("database", "fail", &["cannot be read"]);
}

#[tokio::test]
async fn a_folder_that_cannot_be_is_told() {
    let found = Checked::by(&mut check(Path::new("/dev/null/data"))).await;
    assert_eq!(found.code, 1, "{}", found.said);
    found.is("data-dir", "fail", &["/dev/null: ", "DATA_DIR"]);
    found.is("files", "fail", &["/dev/null: ", "FILES"]);
}

/// Their names, sizes and times.
fn files(folder: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let told = entries.map(|entry| {
        let entry = entry.unwrap();
        let is = entry.metadata().unwrap();
        format!(
            "{:?} {} {:?}",
            entry.file_name(),
            is.len(),
            is.modified().unwrap()
        )
    });
    told.collect()
}
