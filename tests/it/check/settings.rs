//! Settings that a start would refuse end it with 2; all else is looked at nevertheless.

use serde_json::json;

use super::{Checked, GOOD_REDIS, migrate, pod};
use crate::{
    auth::source::Published,
    process::server::{run, switchboard},
    support::{
        folder::Folder,
        schema::Schema,
        servers::Redis,
        signer::{self, Signer},
    },
};

#[tokio::test]
async fn every_refusal_of_a_start_is_a_line() {
    let folder = Folder::fresh();
    for (name, value, item, words) in [
        (
            "REDIS_URL",
            "redis://host",
            "settings",
            "DATABASE_URL is not",
        ),
        (
            "DATABASE_URL",
            "postgres://host",
            "settings",
            "REDIS_URL is not",
        ),
        ("CORS_ORIGIN", "foo", "settings", "CORS_ORIGIN must list"),
        (
            "ACK",
            "accepted",
            "settings",
            "ACK=accepted needs REDIS_URL",
        ),
        (
            "PING_INTERVAL",
            "0s",
            "settings",
            "PING_INTERVAL must be longer",
        ),
        ("LOG", "switchboard=loud,nonsense", "settings", "LOG: "),
        (
            "JWT_SECRET",
            "short-secret",
            "secrets",
            "JWT_SECRET: a secret is shorter",
        ),
        (
            "SIGNING_KEY_FILE",
            "/does/not/exist",
            "secrets",
            "SIGNING_KEY_FILE: cannot read",
        ),
        (
            "JWT_ISSUER",
            "https://id.example",
            "secrets",
            "JWT_ISSUER is about",
        ),
    ] {
        let mut command = switchboard();
        command
            .arg("check")
            .env("DATA_DIR", folder.path())
            .env(name, value);
        let found = Checked::by(&mut command).await;
        assert_eq!(
            (found.code, &found.whole["exit"]),
            (2, &2.into()),
            "{name} {}",
            found.said
        );
        let lines = found.of(item);
        let told = |line: &&String| line.starts_with("fail ") && line.contains(words);
        assert_eq!(lines.iter().filter(told).count(), 1, "{name}: {lines:?}");
        assert!(!found.said.contains("short-secret"));
        // To its end.
        assert_eq!(found.of("memory").len(), 1);
        assert_eq!(found.of("backup").len(), 1);
    }
    assert_eq!(
        std::fs::read_dir(folder.path()).unwrap().count(),
        0,
        "a secret is made"
    );
}

#[tokio::test]
async fn what_is_no_setting_at_all_is_refused_as_always() {
    for (flag, words) in [
        (
            "--max-connections=0",
            "invalid value '0' for '--max-connections",
        ),
        ("--no-such-flag", "unexpected argument"),
    ] {
        let output = run(switchboard().args(["check", flag])).await;
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        assert!(
            String::from_utf8_lossy(&output.stderr).contains(words),
            "{output:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_and_backends_are_looked_at_though_a_setting_is_wrong() {
    let redis = Redis::start(&GOOD_REDIS).await;
    let schema = Schema::fresh().await;
    migrate(&schema.url()).await;
    let mut command = pod(redis.url(), &schema.url());
    command.env_remove("JWT_SECRET").env("MAX_TEXT", "90000000");
    let found = Checked::by(&mut command).await;
    assert_eq!(found.code, 2, "{}", found.said);
    found.is("settings", "fail", &["MAX_TEXT is above MAX_PAYLOAD"]);
    let secrets = found.of("secrets");
    assert!(
        secrets[0].starts_with("fail JWT_SECRET is not set"),
        "{secrets:?}"
    );
    assert!(
        secrets[1].starts_with("ok SIGNING_KEY is set"),
        "{secrets:?}"
    );
    found.is("redis", "ok", &[]);
    found.is("postgres-migrations", "ok", &[]);

    let found = Checked::by(&mut pod(
        "http://user:open-sesame@host",
        "mysql://u:open-sesame@host/db",
    ))
    .await;
    assert_eq!(found.code, 2, "{}", found.said);
    found.is("redis", "fail", &["REDIS_URL is not a URL of Redis"]);
    found.is("postgres", "fail", &["DATABASE_URL is no Postgres URL"]);
    assert!(!found.said.contains("open-sesame"), "{}", found.said);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_connect_is_judged() {
    let folder = Folder::fresh();
    let embedded = |origins: Option<&str>| {
        let mut command = switchboard();
        command.arg("check").env("DATA_DIR", folder.path());
        if let Some(origins) = origins {
            command.env("CORS_ORIGIN", origins);
        }
        command
    };
    let found = Checked::by(&mut embedded(None)).await;
    found.is("cors", "ok", &["own origin"]);
    found.is("proxies", "ok", &[]);
    let found = Checked::by(&mut embedded(Some("*"))).await;
    found.is("cors", "warn", &["any page", "set CORS_ORIGIN"]);
    let found = Checked::by(&mut embedded(Some("https://a.example,http://b.example"))).await;
    found.is("cors", "warn", &["serve http://b.example by https"]);
    // Nobody answers there, which is told of in lines of its own.
    let mut unset = pod("redis://127.0.0.1:1", "postgres://127.0.0.1:1/chat");
    unset
        .env_remove("CORS_ORIGIN")
        .env_remove("TRUSTED_PROXIES");
    let found = Checked::by(&mut unset).await;
    found.is("cors", "warn", &["CORS_ORIGIN is not set"]);
    found.is(
        "proxies",
        "warn",
        &["TRUSTED_PROXIES is not set", "share one limit"],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_others_publish_are_fetched() {
    let folder = Folder::fresh();
    let by = async |url: &str| {
        let mut command = switchboard();
        command
            .arg("check")
            .env("DATA_DIR", folder.path())
            .env("JWKS_URL", url);
        Checked::by(&mut command).await
    };
    let key = Signer::new(signer::ED25519).jwk(Some("e"));
    let source = Published::start(json!({ "keys": [key] })).await;
    let found = by(&source.url()).await;
    found.is("jwks", "ok", &["JWKS_URL: 1"]);
    source.publish(json!({ "keys": [] }));
    by(&source.url()).await.is("jwks", "warn", &["no key"]);
    let found = by("http://127.0.0.1:1/jwks").await;
    assert_eq!(found.code, 1, "{}", found.said);
    found.is("jwks", "fail", &["no answer", "let this machine reach it"]);
}
