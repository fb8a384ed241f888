//! A setting that makes no sense stops the start, with one sentence that names it.

use super::server::{run, switchboard};
use crate::support::{folder::Folder, signer};

const LONG_SECRET: &str = "0123456789abcdef0123456789abcdef";

/// The environment, and how the sentence begins.
const WRONG: &[(&[(&str, &str)], &str)] = &[
    (
        &[("CORS_ORIGIN", "foo")],
        "switchboard: CORS_ORIGIN must list origins as ",
    ),
    (
        &[("CORS_ORIGIN", "https://a.example,*")],
        "switchboard: CORS_ORIGIN must list origins as ",
    ),
    (
        &[("FRONTEND_URL", "foo")],
        "switchboard: CORS_ORIGIN must list origins as ",
    ),
    (
        &[("JWT_SECRET", "short")],
        "switchboard: JWT_SECRET: a secret is shorter than 32 bytes",
    ),
    (
        &[("JWT_SECRET", "")],
        "switchboard: JWT_SECRET: no secret is given",
    ),
    (
        &[("SIGNING_KEY", "short")],
        "switchboard: SIGNING_KEY: a secret is shorter than 32 bytes",
    ),
    (
        &[
            ("JWT_SECRET", LONG_SECRET),
            ("JWT_SECRET_FILE", "/dev/null"),
        ],
        "switchboard: JWT_SECRET is set and so is JWT_SECRET_FILE; set one of them",
    ),
    (
        &[("SIGNING_KEY_FILE", "/does/not/exist")],
        "switchboard: SIGNING_KEY_FILE: cannot read /does/not/exist: ",
    ),
    (
        &[("JWT_PUBLIC_KEY", "short")],
        "switchboard: JWT_PUBLIC_KEY: no public key is given",
    ),
    (
        &[("JWT_PUBLIC_KEY", signer::RSA.1)],
        "switchboard: JWT_PUBLIC_KEY: what is given besides public keys is none",
    ),
    (
        &[("JWT_PUBLIC_KEY_FILE", "/does/not/exist")],
        "switchboard: JWT_PUBLIC_KEY_FILE: cannot read /does/not/exist: ",
    ),
    (
        &[("JWKS_URL", "id.example/jwks")],
        "switchboard: JWKS_URL must be https://host/path",
    ),
    (
        &[("JWT_ISSUER", "https://id.example")],
        "switchboard: JWT_ISSUER is about tokens that others sign; ",
    ),
    (
        &[
            ("JWT_PUBLIC_KEY", signer::RSA.2),
            ("JWT_AUDIENCE", "a,guest"),
        ],
        "switchboard: JWT_AUDIENCE: \"guest\" is what tokens of guests and sockets are for",
    ),
    (
        &[("JWT_PUBLIC_KEY", signer::RSA.2), ("JWT_ISSUER", "")],
        "switchboard: JWT_ISSUER lists an empty one",
    ),
    (
        &[("MAX_PAYLOAD", "5")],
        "error: invalid value '5' for '--max-payload <MAX_PAYLOAD>': must be",
    ),
    (
        &[("CHAT_MAX_PAYLOAD", "100000001")],
        "error: invalid value '100000001' for '--chat-max-payload <CHAT_MAX_PAYLOAD>': must be",
    ),
    (
        &[("MAX_CONNECTIONS", "0")],
        "error: invalid value '0' for '--max-connections",
    ),
    (
        &[("RATE_GUEST", "5")],
        "error: invalid value '5' for '--rate-guest <COUNT/DURATION>': must be ",
    ),
    (
        &[("RATE_OPERATOR", "0/1s")],
        "error: invalid value '0/1s' for '--rate-operator <COUNT/DURATION>': must be ",
    ),
    (
        &[("RATE_HANDSHAKE", "20/0s")],
        "error: invalid value '20/0s' for '--rate-handshake <COUNT/DURATION>': must be ",
    ),
    (
        &[("RATE_SESSION", "")],
        "error: invalid value '' for '--rate-session <COUNT/DURATION>': must be ",
    ),
    (
        &[("TRUSTED_PROXIES", "10.0.0.0/8,proxy")],
        "error: invalid value '10.0.0.0/8,proxy' for '--trusted-proxies <RANGES>': must list ",
    ),
    (
        &[("STRIP_TAGS", "true")],
        "error: invalid value 'true' for '--strip-tags <STRIP_TAGS>': list workspaces ",
    ),
    (
        &[("GUEST_NAMESPACES", "support")],
        "error: invalid value 'support' for '--guest-namespaces <GUEST_NAMESPACES>': a namespace is ",
    ),
    (
        &[("OPERATOR_NAMESPACES", "/team?a")],
        "error: invalid value '/team?a' for '--operator-namespaces <OPERATOR_NAMESPACES>': a namespace is ",
    ),
    (
        &[
            ("GUEST_NAMESPACES", "/support,/team"),
            ("OPERATOR_NAMESPACES", "/team"),
        ],
        "switchboard: GUEST_NAMESPACES and OPERATOR_NAMESPACES both have \"/team\"",
    ),
    (
        &[("PING_INTERVAL", "soon")],
        "error: invalid value 'soon' for '--ping-interval",
    ),
    (
        &[("PING_INTERVAL", "0s")],
        "switchboard: PING_INTERVAL must be longer than 0s",
    ),
    (
        &[("CONNECT_TIMEOUT", "0s")],
        "switchboard: CONNECT_TIMEOUT must be longer than 0s",
    ),
    (
        &[("JOIN_TIMEOUT", "0s")],
        "switchboard: JOIN_TIMEOUT must be longer than 0s",
    ),
    (
        &[("LISTEN", "here")],
        "error: invalid value 'here' for '--listen <ADDRESS:PORT>': ",
    ),
    (
        &[("LOG_FORMAT", "xml")],
        "error: invalid value 'xml' for '--log-format <LOG_FORMAT>'",
    ),
    (&[("LOG", "switchboard=loud")], "switchboard: LOG: "),
    (
        &[("DATA_DIR", "/dev/null/data")],
        "switchboard: DATA_DIR: cannot write /dev/null/data/",
    ),
];

#[tokio::test]
async fn a_bad_setting_is_one_sentence() {
    for (environment, beginning) in WRONG {
        let folder = Folder::fresh();
        let data = folder.path().join("data");
        let mut command = switchboard();
        command
            .env("DATA_DIR", &data)
            .args(["--listen=127.0.0.1:0", "--metrics-listen=127.0.0.1:0"]);
        if environment.iter().any(|(name, _)| *name == "LISTEN") {
            command = switchboard();
        }
        let output = run(command.envs(environment.iter().copied())).await;
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(
            matches!(output.status.code(), Some(1 | 2)),
            "{environment:?}: {said}"
        );
        assert!(said.starts_with(beginning), "{environment:?}: {said}");
        // Those of clap tell of --help in another paragraph.
        let sentence = said.split("\n\n").next().unwrap().trim_end();
        assert!(sentence.lines().count() <= 2, "{environment:?}: {said}");
        assert!(!said.contains(LONG_SECRET), "a secret is printed");
        assert!(
            !data.join("switchboard.db").exists(),
            "{environment:?}: checked too late"
        );
    }
}

#[tokio::test]
async fn a_secret_is_no_flag() {
    for flag in ["--jwt-secret", "--signing-key", "--jwt-secret-file"] {
        let output = run(switchboard().args([flag, LONG_SECRET])).await;
        assert_eq!(output.status.code(), Some(2));
    }
}
