//! A file of `tests/e2e` or `tests/seeds`, run by Node's test runner.

use std::{net::SocketAddr, path::Path, process::Stdio};

use switchboard::{config::Secrets, model::WorkspaceId, server::auth::Identity};
use tokio::process::Command;

use super::seen::Seen;
use crate::{
    seeds::ran,
    support::{folder::Folder, lengths, token::token},
};

/// Operators of whom each is in one test alone, as many as the longest file takes.
const FRESH: usize = 150;

pub struct Script {
    suite: String,
    command: Command,
    folder: Folder,
}

impl Script {
    /// `suite` is the path of its file in `tests`, without its ending.
    pub fn new(suite: &str, transports: &str, servers: &[SocketAddr], secrets: &Secrets) -> Self {
        let package = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
        assert!(
            package.join("node_modules/socket.io-client").exists(),
            "run `make test`, or `npm ci` in tests/, first"
        );
        let hour = 3600;
        let alice = token(secrets, "7", "Alice", "default", hour);
        let bob = token(secrets, "8", "Bob", "default", hour);
        let fresh: Vec<String> = (100..100 + FRESH)
            .map(|id| {
                let name = format!("Operator {id}");
                token(secrets, &id.to_string(), &name, "default", hour)
            })
            .collect();
        let identity_secret = |workspace: &str| {
            Identity::secret(&secrets.signing, &WorkspaceId::new(workspace)).unwrap()
        };
        let folder = Folder::fresh();
        let mut command = Command::new("node");
        command
            .arg("--test")
            .args(["--test-reporter=spec", "--test-reporter-destination=stdout"])
            .arg("--test-reporter=./e2e/support/ran.mjs")
            .arg(format!(
                "--test-reporter-destination={}",
                folder.path().join("ran").display()
            ))
            .arg(format!("{suite}.test.mjs"))
            .current_dir(&package)
            .env("BACKENDS", list(servers))
            .env("TRANSPORTS", transports)
            .env("OPERATOR_TOKENS", format!("{alice},{bob}"))
            .env("FRESH_TOKENS", list(&fresh))
            .env(
                "WORD_TOKEN",
                token(secrets, "dora", "Dora", "default", hour),
            )
            .env("NAMELESS_TOKEN", token(secrets, "11", "", "default", hour))
            .env("OTHER_TOKEN", token(secrets, "9", "Mallory", "other", hour))
            .env("BAD_TOKEN", format!("{alice}x"))
            .env(
                "EXPIRED_TOKEN",
                token(secrets, "7", "Alice", "default", -60),
            )
            .env("IDENTITY_SECRET", identity_secret("default"))
            .env("OTHER_IDENTITY_SECRET", identity_secret("other"))
            .env("ASLEEP_MS", lengths::asleep().as_millis().to_string())
            .env("JOINS", lengths::joins().to_string())
            .env("SEEN", folder.path().join("seen.json"))
            .stdin(Stdio::null())
            .kill_on_drop(true);
        Self {
            suite: suite.to_owned(),
            command,
            folder,
        }
    }

    pub fn env(mut self, name: &str, value: impl ToString) -> Self {
        self.command.env(name, value.to_string());
        self
    }

    /// Its report is the text of a failure. Resolves with what each client saw.
    pub async fn run(mut self) -> Vec<Seen> {
        let output = self.command.output().await.unwrap();
        let report = String::from_utf8_lossy(&output.stdout);
        assert!(
            output.status.success(),
            "{report}\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let ran = std::fs::read_to_string(self.folder.path().join("ran")).unwrap();
        ran::assert_as_listed(&self.suite, &ran);
        let seen = std::fs::read(self.folder.path().join("seen.json")).unwrap();
        serde_json::from_slice(&seen).unwrap()
    }
}

pub fn list<T: ToString>(items: &[T]) -> String {
    let texts: Vec<String> = items.iter().map(ToString::to_string).collect();
    texts.join(",")
}
