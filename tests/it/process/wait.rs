//! A pod that comes before its backends, loses them, or has others than it needs.

use tokio::{
    process::Command,
    time::{sleep, timeout},
};

use super::server::{LONG, LOOK, Server, page, run, switchboard, try_page};
use crate::support::{
    folder::Folder,
    servers::{Postgres, Redis},
};

/// A pod on servers that nobody else uses.
fn pod(redis: &Redis, postgres: &Postgres) -> Command {
    let mut command = switchboard();
    command
        .args([
            "--listen=127.0.0.1:0",
            "--metrics-listen=127.0.0.1:0",
            "--drain-timeout=0s",
        ])
        .env("REDIS_URL", redis.url())
        .env("DATABASE_URL", postgres.url())
        .env("JWT_SECRET", "what the operators' tokens are signed with")
        .env(
            "SIGNING_KEY",
            "what guests' tokens and pids are signed with",
        );
    command
}

async fn until(server: &Server, path: &str, expected: u16) {
    let look = async {
        // Whoever connects in the very moment in which the waiting ends may be turned away.
        let is_expected = |(status, _): &(u16, String)| *status == expected;
        while !try_page(server.address, path)
            .await
            .as_ref()
            .is_ok_and(is_expected)
        {
            sleep(LOOK).await;
        }
    };
    let waited = timeout(LONG, look).await;
    assert!(waited.is_ok(), "{path} is not {expected}");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_waits_until_both_are_there() {
    let (mut redis, mut postgres) = (Redis::start(&[]).await, Postgres::start().await);
    redis.kill().await;
    postgres.kill().await;
    let server =
        Server::spawn_until("waiting for Redis and Postgres", pod(&redis, &postgres)).await;
    let unready = (503, "starting".to_owned());
    assert_eq!(server.page("/livez").await, (200, "ok".into()));
    let beside = page(server.metrics, "/livez").await;
    assert_eq!(beside, (200, "ok".into()), "where the orchestrator asks");
    for path in [
        "/readyz",
        "/startupz",
        "/socket.io/?EIO=4&transport=polling",
        "/try",
    ] {
        assert_eq!(server.page(path).await, unready, "{path}");
    }
    redis.restart().await;
    let waiting = |line: &str| line.contains("waiting for Postgres");
    server.err().wait(waiting).await;
    assert_eq!(server.page("/readyz").await, unready, "one of two");
    postgres.restart().await;
    until(&server, "/readyz", 200).await;
    until(&server, "/socket.io/?EIO=4&transport=polling", 200).await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_ends_at_once_while_it_waits() {
    let (mut redis, postgres) = (Redis::start(&[]).await, Postgres::start().await);
    redis.kill().await;
    let server =
        Server::spawn_until("waiting for Redis and Postgres", pod(&redis, &postgres)).await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p11_it_is_ready_without_postgres_and_not_without_redis() {
    let (mut redis, mut postgres) = (Redis::start(&[]).await, Postgres::start().await);
    let mut command = pod(&redis, &postgres);
    let server = Server::spawn({
        command.env("REDIS_HOLD", "1s");
        command
    })
    .await;
    until(&server, "/readyz", 200).await;
    postgres.kill().await;
    server.measured_with("switchboard_history_up 0").await;
    let ready = server.page("/readyz").await.0;
    assert_eq!(ready, 200, "the chat goes on, and no pod would be left");
    postgres.restart().await;
    server.measured_with("switchboard_history_up 1").await;
    redis.kill().await;
    until(&server, "/readyz", 503).await;
    assert_eq!(
        server.page("/livez").await.0,
        200,
        "a restart would mend nothing"
    );
    redis.restart().await;
    until(&server, "/readyz", 200).await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_pass_is_one_sentence() {
    let (redis, postgres) = (
        Redis::start(&["--requirepass", "right"]).await,
        Postgres::start().await,
    );
    let address = redis.url().trim_start_matches("redis://").to_owned();
    let wrong_password = format!("redis://:wrong@{address}");
    // Of two that cannot pass, the first to be found out is told.
    let right_password = format!("redis://:right@{address}");
    let folder = Folder::fresh();
    let data = folder.path().join("data");
    let cases = [
        (
            "Redis refuses the user or password",
            "REDIS_URL",
            Some(wrong_password.as_str()),
        ),
        (
            "REDIS_URL is not a URL of Redis",
            "REDIS_URL",
            Some("http://secret@host"),
        ),
        (
            "DATABASE_URL is no Postgres URL",
            "DATABASE_URL",
            Some("http://secret@host"),
        ),
        ("JWT_SECRET is not set", "JWT_SECRET", None),
        ("SIGNING_KEY is not set", "SIGNING_KEY", None),
        (
            "REDIS_URL is set, but DATABASE_URL is not",
            "DATABASE_URL",
            None,
        ),
        (
            "DATABASE_URL is set, but REDIS_URL is not",
            "REDIS_URL",
            None,
        ),
    ];
    for (sentence, name, value) in cases {
        let mut command = pod(&redis, &postgres);
        command
            .env("DATA_DIR", &data)
            .env("REDIS_URL", &right_password);
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
        let output = run(&mut command).await;
        let said = String::from_utf8(output.stderr).unwrap();
        let last = said.lines().last().unwrap_or_default();
        assert!(
            last.starts_with(&format!("switchboard: {sentence}")),
            "{said}"
        );
        assert_eq!(output.status.code(), Some(1));
        assert!(
            !said.contains("secret@") && !said.contains("wrong"),
            "{said}"
        );
        assert!(!data.exists(), "a pod keeps nothing beside it");
    }
}

#[tokio::test]
async fn accepted_needs_a_cluster() {
    let folder = Folder::fresh();
    let mut command = switchboard();
    let output = run(command
        .env("ACK", "accepted")
        .arg("--data-dir")
        .arg(folder.path()))
    .await;
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.starts_with("switchboard: ACK=accepted needs REDIS_URL"),
        "{said}"
    );
}
