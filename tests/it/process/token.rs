//! `switchboard token`.

use serde_json::json;

use super::{
    server::{Server, run, switchboard},
    talk::{Person, last_line},
};
use crate::support::folder::Folder;

const SECRET: &str = "a secret that has more than 32 bytes";
const OLDER: &str = "an older one that has more than 32 bytes";
const ADA: [&str; 5] = ["token", "--operator", "7", "--name", "Ada"];

#[tokio::test(flavor = "multi_thread")]
async fn a_printed_token_works() {
    let folder = Folder::fresh();
    // Before the first start as well: then it makes the secret.
    let output = run(switchboard().args(ADA).env("DATA_DIR", folder.path())).await;
    assert!(output.status.success(), "{output:?}");
    let token = last_line(&output.stdout);
    assert_eq!(token.split('.').count(), 3, "{token}");
    let server = Server::start(folder.path()).await;
    works(&server, &token).await;
    let cut = &token[..token.len() - 3];
    let refusal = Person::join(server.address, "/", &json!({ "token": cut })).await;
    assert_eq!(refusal.err().unwrap()["data"]["code"], "unauthorized");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_by_a_given_secret_works_while_the_secret_is_listed() {
    let folder = Folder::fresh();
    let file = folder.path().join("secrets");
    std::fs::write(&file, format!("{SECRET}\n{OLDER}\n")).unwrap();
    let data = folder.path().join("data");
    let mut command = switchboard();
    command.args(["--listen=127.0.0.1:0", "--metrics-listen=127.0.0.1:0"]);
    let server = Server::spawn({
        command.env("DATA_DIR", &data).env("JWT_SECRET_FILE", &file);
        command
    })
    .await;
    assert!(!data.join("jwt-secret").exists());
    for secret in [SECRET, OLDER] {
        let elsewhere = folder.path().join("elsewhere");
        let mut command = switchboard();
        command
            .args(ADA)
            .env("DATA_DIR", elsewhere)
            .env("JWT_SECRET", secret);
        works(&server, &last_line(&run(&mut command).await.stdout)).await;
    }
}

#[tokio::test]
async fn a_token_is_of_somebody() {
    for nobody in [
        ["--operator", "", "--name", "Ada"],
        ["--operator", "7", "--name", ""],
    ] {
        let output = run(switchboard().arg("token").args(nobody)).await;
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        assert!(output.stdout.is_empty());
    }
}

async fn works(server: &Server, token: &str) {
    let mut operator = Person::operator(server.address, token).await;
    operator.granted("staff:sessions", json!({})).await;
}
