//! Operators whose tokens somebody else signs.

use serde_json::json;

use super::{
    server::{Server, run, switchboard},
    talk::Person,
};
use crate::{
    auth::source::Published,
    support::{
        folder::Folder,
        signer::{self, Signer, claims, claims_with},
    },
};

const SECRET: &str = "a secret that has more than 32 bytes";

#[tokio::test(flavor = "multi_thread")]
async fn p5_operators_come_with_tokens_of_an_identity_provider() {
    let folder = Folder::fresh();
    let (rsa, ed) = (Signer::new(signer::RSA), Signer::new(signer::ED25519));
    let source = Published::start(json!({ "keys": [ed.jwk(Some("e"))] })).await;
    let file = folder.path().join("rsa.pub.pem");
    std::fs::write(&file, rsa.pem).unwrap();
    let mut command = switchboard();
    command
        .args(["--listen=127.0.0.1:0", "--metrics-listen=127.0.0.1:0"])
        .env("DATA_DIR", folder.path().join("data"))
        .env("JWT_PUBLIC_KEY_FILE", &file)
        .env("JWKS_URL", source.url())
        .env("JWT_ISSUER", "https://id.test")
        .env("JWT_AUDIENCE", "switchboard");
    let server = Server::spawn(command).await;

    let ours = claims_with(&json!({ "iss": "https://id.test", "aud": "switchboard" }));
    let later = Signer::new(signer::P256);
    source.publish(json!({ "keys": [ed.jwk(Some("e")), later.jwk(Some("l"))] }));
    for token in [
        rsa.sign(Some("any"), &ours),
        ed.sign(Some("e"), &ours),
        ed.sign(None, &ours),
    ] {
        let mut operator = Person::operator(server.address, &token).await;
        operator.granted("staff:sessions", json!({})).await;
    }
    for (token, reason) in [
        (rsa.sign(None, &claims()), "claims"),
        (
            Signer::new(signer::OTHER_RSA).sign(None, &ours),
            "signature",
        ),
        (ed.sign(Some("made up"), &ours), "unknown_key"),
        (String::new(), "missing"),
    ] {
        let refusal = Person::join(server.address, "/", &json!({ "token": token })).await;
        let refusal = refusal.err().unwrap();
        assert_eq!(refusal["data"]["code"], "unauthorized", "{reason}");
        let counted = format!("switchboard_auth_failures_total{{reason=\"{reason}\"}} 1");
        server.measured_with(&counted).await;
    }
    server
        .measured_with("switchboard_jwks_fetches_total{outcome=\"fetched\"} ")
        .await;
}

/// `switchboard token` has nothing to sign with there.
#[tokio::test]
async fn where_others_sign_no_secret_is_needed() {
    let cluster = [
        ("REDIS_URL", "redis://127.0.0.1:1"),
        ("DATABASE_URL", "postgres://nobody@127.0.0.1:1/none"),
        ("SIGNING_KEY", SECRET),
    ];
    let token = ["token", "--operator", "7", "--name", "Ada"];
    let others = "switchboard: JWT_SECRET is not set: operators' tokens are made by whoever has ";
    for (name, value, sentence) in [
        ("JWT_PUBLIC_KEY", signer::P256.2, others),
        ("JWKS_URL", "http://127.0.0.1:1/jwks", others),
        (
            "LOG",
            "info",
            "switchboard: JWT_SECRET is not set: with REDIS_URL",
        ),
    ] {
        let mut command = switchboard();
        command.args(token).envs(cluster).env(name, value);
        let output = run(&mut command).await;
        assert!(!output.status.success() && output.stdout.is_empty());
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.starts_with(sentence), "{said}");
        assert_eq!(said.trim_end().lines().count(), 1, "{said}");
        let mut command = switchboard();
        command.args(token).envs(cluster).env(name, value);
        let output = run(command.env("JWT_SECRET", SECRET)).await;
        assert!(output.status.success(), "{output:?}");
    }
}
