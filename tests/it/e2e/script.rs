//! A file of `tests/e2e`, run by Node's test runner.

use std::{net::SocketAddr, path::Path, process::Stdio};

use switchboard::{config::Secrets, model::WorkspaceId, server::auth::Identity};
use tokio::process::Command;

use super::seen::Seen;
use crate::support::{folder::Folder, lengths, token::token};

pub struct Script {
    command: Command,
    folder: Folder,
}

impl Script {
    pub fn new(file: &str, transports: &str, servers: &[SocketAddr], secrets: &Secrets) -> Self {
        let package = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
        assert!(
            package.join("node_modules/socket.io-client").exists(),
            "run `make test`, or `npm ci` in tests/, first"
        );
        let hour = 3600;
        let alice = token(secrets, "7", "Alice", "default", hour);
        let bob = token(secrets, "8", "Bob", "default", hour);
        let identity_secret = |workspace: &str| {
            Identity::secret(&secrets.signing, &WorkspaceId::new(workspace)).unwrap()
        };
        let folder = Folder::fresh();
        let mut command = Command::new("node");
        command
            .args(["--test", &format!("e2e/{file}.test.mjs")])
            .current_dir(&package)
            .env("BACKENDS", list(servers))
            .env("TRANSPORTS", transports)
            .env("OPERATOR_TOKENS", format!("{alice},{bob}"))
            .env("OTHER_TOKEN", token(secrets, "9", "Mallory", "other", hour))
            .env("BAD_TOKEN", format!("{alice}x"))
            .env(
                "EXPIRED_TOKEN",
                token(secrets, "7", "Alice", "default", -60),
            )
            .env("IDENTITY_SECRET", identity_secret("default"))
            .env("OTHER_IDENTITY_SECRET", identity_secret("other"))
            .env("ASLEEP_MS", lengths::asleep().as_millis().to_string())
            .env("SEEN", folder.path().join("seen.json"))
            .stdin(Stdio::null())
            .kill_on_drop(true);
        Self { command, folder }
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
        let seen = std::fs::read(self.folder.path().join("seen.json")).unwrap();
        serde_json::from_slice(&seen).unwrap()
    }
}

pub fn list<T: ToString>(items: &[T]) -> String {
    let texts: Vec<String> = items.iter().map(ToString::to_string).collect();
    texts.join(",")
}
