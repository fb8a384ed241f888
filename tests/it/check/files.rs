//! Where files go: a folder, a bucket or the database, and where their addresses lead.

use tokio::process::Command;

use super::{Checked, House, pod};
use crate::{
    process::server::switchboard,
    support::{
        bucket::{Bucket, SilentBucket},
        folder::Folder,
    },
};

/// Of a relay that runs alone.
fn check(folder: &Folder) -> Command {
    let mut command = switchboard();
    command
        .arg("check")
        .env("DATA_DIR", folder.path())
        .env("MAX_CONNECTIONS", "50");
    command
}

#[tokio::test]
async fn a_folder_of_files_is_looked_at_and_not_made() {
    let folder = Folder::fresh();
    let place = folder.path().join("apart");
    let found = Checked::by(check(&folder).env("FILES", &place)).await;
    assert_eq!(found.code, 0, "{}", found.said);
    found.is("files", "ok", &["/apart", "will be made"]);
    assert!(!place.exists(), "it has made something");
    std::fs::create_dir(&place).unwrap();
    let found = Checked::by(check(&folder).env("FILES", &place)).await;
    found.is("files", "ok", &["/apart", "can be read and written"]);
    assert_eq!(std::fs::read_dir(&place).unwrap().count(), 0);
    let found = Checked::by(check(&folder).env("FILES", "/dev/null/apart")).await;
    assert_eq!(found.code, 1, "{}", found.said);
    found.is(
        "files",
        "fail",
        &["/dev/null: ", "name another place in FILES"],
    );
    // Whether pods share it, none of them can see; nobody answers here otherwise.
    let mut shared = pod("redis://127.0.0.1:1", "postgres://127.0.0.1:1/chat");
    let found = Checked::by(shared.env("FILES", &place)).await;
    found.is("files", "note", &["can be read", "same folder on all pods"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_is_asked_and_its_keys_are_not_told() {
    let mut bucket = Bucket::start().await;
    let folder = Folder::fresh();
    let by = async |settings: &[(&str, &str)]| {
        let mut command = check(&folder);
        command.envs(bucket.settings());
        command.envs(settings.iter().copied());
        Checked::by(&mut command).await
    };
    let found = by(&[]).await;
    assert_eq!(found.code, 0, "{}", found.said);
    found.is("files", "ok", &["s3://chat/files", "can be read"]);
    let found = by(&[("FILES", "s3://nowhere")]).await;
    assert_eq!(found.code, 1, "{}", found.said);
    found.is(
        "files",
        "fail",
        &["s3://nowhere", "no such bucket", "FILES"],
    );
    let found = by(&[("AWS_ACCESS_KEY_ID", "open-sesame")]).await;
    found.is("files", "warn", &["does not let", "AWS_ACCESS_KEY_ID"]);
    assert!(!found.said.contains("open-sesame"), "{}", found.said);
    bucket.stop().await;
    let mut command = check(&folder);
    let found = Checked::by(command.envs(bucket.settings())).await;
    assert_eq!(found.code, 1, "{}", found.said);
    found.is("files", "fail", &["no answer: ", "AWS_ENDPOINT"]);
    let silent = SilentBucket::start();
    let mut command = check(&folder);
    let found = Checked::by(command.envs(silent.settings())).await;
    found.is("files", "fail", &["no answer within 5 s", "AWS_ENDPOINT"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_table_of_files_and_its_rights_are_told() {
    let house = House::good().await;
    let client = house.schema.client().await;
    let change = async |sql: &str| client.batch_execute(sql).await.unwrap();
    change("REVOKE INSERT ON files FROM switchboard_runtime").await;
    let found = Checked::by(&mut house.pod()).await;
    assert_eq!(found.code, 1, "{}", found.said);
    let words = ["switchboard_runtime lacks INSERT on files", "sql/README.md"];
    found.is("files", "fail", &words);
    change("DROP TABLE files").await;
    let found = Checked::by(&mut house.pod()).await;
    found.is("files", "fail", &["table of files is missing"]);
    let away = pod(house.redis.url(), "postgres://127.0.0.1:1/chat");
    let found = Checked::by(&mut { away }).await;
    found.is("files", "note", &["mend Postgres first"]);
}

#[tokio::test]
async fn pages_of_others_need_a_public_url() {
    let folder = Folder::fresh();
    let with = |origins: &str| {
        let mut command = check(&folder);
        command.env("CORS_ORIGIN", origins);
        command
    };
    for origins in ["*", "https://www.example.org"] {
        let found = Checked::by(&mut with(origins)).await;
        assert_eq!(found.code, 0, "{}", found.said);
        let words = ["PUBLIC_URL is not set", "https://chat.example.com"];
        found.is("public-url", "warn", &words);
    }
    let mut set = with("https://www.example.org");
    let found = Checked::by(set.env("PUBLIC_URL", "https://chat.example.org/")).await;
    found.is("public-url", "ok", &["begin with https://chat.example.org"]);
    let found = Checked::by(&mut check(&folder)).await;
    found.is("public-url", "ok", &["own site"]);
}
