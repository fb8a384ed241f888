//! `switchboard workspace`, `operator` and `migrate`, as a person or a script uses them.

use std::process::Stdio;

use serde_json::json;
use tokio::io::AsyncWriteExt as _;

use super::house::{House, add, login};
use crate::{
    process::server::{run, switchboard},
    support::{folder::Folder, schema::Schema},
};

#[tokio::test(flavor = "multi_thread")]
async fn staff_is_managed_while_the_embedded_relay_runs() {
    let house = House::start().await;
    let data = house.folder.path();
    let call = async |args: &[&str]| {
        let output = run(switchboard().args(args).arg("--data-dir").arg(data)).await;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (
            output.status.success(),
            text(&output.stdout),
            text(&output.stderr),
        )
    };
    let (done, ..) = call(&["workspace", "add", "shop", "--name", "The shop"]).await;
    assert!(done);
    let (done, _, says) = call(&["workspace", "add", "shop"]).await;
    assert!(
        !done && says.contains("there is a workspace shop"),
        "{says}"
    );
    let (_, listed, _) = call(&["workspace", "list"]).await;
    assert!(
        listed
            .lines()
            .any(|line| line.starts_with("shop") && line.contains("The shop")),
        "{listed}"
    );
    let (done, _, says) = call(&[
        "operator",
        "add",
        "ada",
        "--name",
        "Ada",
        "--workspace",
        "nowhere",
    ])
    .await;
    assert!(
        !done && says.contains("switchboard workspace add nowhere"),
        "{says}"
    );
    let password = add(data, "ada", "supervisor", "shop").await;
    assert_eq!(password.len(), 20);
    let (_, listed, _) = call(&["operator", "list", "--workspace", "shop"]).await;
    assert!(
        listed.contains("supervisor") && listed.contains("enabled") && !listed.contains(&password),
        "{listed}"
    );
    let credentials = json!({ "workspace": "shop", "operator": "ada", "password": password });
    house
        .nobody()
        .post("/login", credentials.clone())
        .await
        .granted();
    assert!(
        call(&["operator", "disable", "ada", "--workspace", "shop"])
            .await
            .0
    );
    house
        .nobody()
        .post("/login", credentials.clone())
        .await
        .refused(401, "unauthorized");
    let (_, listed, _) = call(&["operator", "list", "--workspace", "shop"]).await;
    assert!(listed.contains("disabled"), "{listed}");
    assert!(
        call(&["operator", "enable", "ada", "--workspace", "shop"])
            .await
            .0
    );
    house.nobody().post("/login", credentials).await.granted();
    let (done, _, says) = call(&["operator", "disable", "nobody"]).await;
    assert!(
        !done && says.contains("there is no operator nobody in default"),
        "{says}"
    );
    let (done, says, _) = call(&["migrate"]).await;
    assert!(!done || says.contains("up to date"), "{says}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_may_come_from_standard_input() {
    let house = House::start().await;
    let mut command = switchboard();
    command.args([
        "operator",
        "add",
        "ada",
        "--name",
        "Ada",
        "--password-stdin",
        "--data-dir",
    ]);
    command
        .arg(house.folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    input
        .write_all(b"chosen by myself\nand more\n")
        .await
        .unwrap();
    drop(input);
    let output = child.wait_with_output().await.unwrap();
    assert!(
        output.status.success() && output.stdout.is_empty(),
        "{output:?}"
    );
    login(&house.nobody(), "ada", "chosen by myself").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_schema_is_made_by_a_command_before_any_pod_starts() {
    let schema = Schema::fresh().await;
    let mut command = switchboard();
    command.arg("migrate").env("DATABASE_URL", schema.url());
    command.env("REDIS_URL", "redis://127.0.0.1:1");
    let said = run(&mut command).await;
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    assert!(
        said.lines().count() >= 3 && said.contains("applied V0001"),
        "{said}"
    );
    let again = run(&mut command).await;
    assert!(String::from_utf8_lossy(&again.stdout).contains("up to date"));
    let folder = Folder::fresh();
    let mut command = switchboard();
    command.arg("migrate").arg("--data-dir").arg(folder.path());
    let said = run(&mut command).await;
    assert!(String::from_utf8_lossy(&said.stdout).contains("applied V0001"));
}
