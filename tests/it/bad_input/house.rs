//! A server with a guest and an operator who chat on it, whatever a third person does.

use std::collections::BTreeMap;

use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};

use super::client::{Client, Way};
use crate::{
    process::{
        server::{Server, run, switchboard},
        talk::{last_line, message},
    },
    support::folder::Folder,
};

pub const GUESTS: &str = "/public-portal";
pub const STAFF: &str = "/";
/// In whatever an offender says that is refused, and in nothing else.
pub const MARK: &str = "Quittenmus";
/// What the texts of an offender begin with that are in order.
pub const FINE: &str = "fine ";
/// Longest text and payload here, so that going over them is quick.
pub const MAX_TEXT: usize = 1_000;
pub const MAX_PAYLOAD: usize = 20_000;

pub struct House {
    pub server: Server,
    /// Refusals and ends that must have been counted, by the metric's line.
    pub counted: BTreeMap<String, u64>,
    guest: Client,
    operator: Client,
    session: String,
    said: usize,
    database: Connection,
    folder: Folder,
}

impl House {
    pub async fn open() -> Self {
        Self::with("trace", &[]).await
    }

    /// With what is to be logged, and other settings than elsewhere here.
    pub async fn with(level: &str, settings: &[(&str, &str)]) -> Self {
        let folder = Folder::fresh();
        let mut command = switchboard();
        command
            .args(["--listen=127.0.0.1:0", "--metrics-listen=127.0.0.1:0"])
            .args(["--drain-timeout", "0s", "--data-dir"])
            .arg(folder.path())
            .env("LOG", level)
            .env("MAX_TEXT", MAX_TEXT.to_string())
            .env("MAX_PAYLOAD", MAX_PAYLOAD.to_string());
        // One person asks for more here than a person may.
        for rate in [
            "RATE_GUEST",
            "RATE_OPERATOR",
            "RATE_HANDSHAKE",
            "RATE_SESSION",
        ] {
            command.env(rate, "0");
        }
        command.envs(settings.iter().copied());
        let server = Server::spawn(command).await;
        let token = operator_token(&folder, "7").await;
        let auth = json!({ "token": token });
        let mut operator = Client::join(server.address, Way::WebSocket, STAFF, &auth).await;
        let mut guest = Client::join(server.address, Way::WebSocket, GUESTS, &json!({})).await;
        let started = guest
            .granted("guest:start", &json!({ "name": "Bystander" }))
            .await;
        let session = started["sessionId"].as_str().unwrap().to_owned();
        let taken = json!({ "sessionId": session });
        operator.granted("staff:connect_to_session", &taken).await;
        let file = folder.path().join("switchboard.db");
        let database = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
        let counted = BTreeMap::new();
        Self {
            server,
            counted,
            guest,
            operator,
            session,
            said: 0,
            database,
            folder,
        }
    }

    /// A token of the operator with this id.
    pub async fn token(&self, operator: &str) -> String {
        operator_token(&self.folder, operator).await
    }

    /// Guest and operator say a line each, and hear that of the other and nothing amiss.
    pub async fn goes_on(&mut self) {
        self.said += 1;
        let line = format!("line {}", self.said);
        let mut said = message(&line, &line);
        self.guest.granted("guest:message", &said).await;
        loop {
            let (name, payload) = self.operator.hear().await;
            assert!(!payload.to_string().contains(MARK), "{name}: {payload}");
            if name == "guest:message" && payload["sessionId"] == self.session.as_str() {
                assert_eq!(payload["message"], line.as_str());
                break;
            }
        }
        said["sessionId"] = self.session.clone().into();
        self.operator.granted("staff:message", &said).await;
        loop {
            let (name, payload) = self.guest.hear().await;
            assert_eq!(
                payload.get("sessionId").unwrap_or(&json!(self.session)),
                &self.session
            );
            match name.as_str() {
                "staff:message" => break assert_eq!(payload["message"], line.as_str()),
                "ready"
                | "session:started"
                | "session:agent_joined"
                | "message:status"
                | "session:queue" => {}
                _ => panic!("{name} is nothing for a bystander: {payload}"),
            }
        }
    }

    /// Messages without those of the bystanders, and sessions, as they are stored.
    pub fn rows(&self) -> (i64, i64) {
        let count = |of: &str| -> i64 {
            let query = format!("SELECT count(*) FROM {of}");
            self.database
                .query_row(&query, [], |row| row.get(0))
                .unwrap()
        };
        assert_eq!(count("poison"), 0);
        let others = format!("messages WHERE session <> '{}'", self.session);
        (count(&others), count("sessions"))
    }

    /// Of the session that was started last.
    pub fn newest_metadata(&self) -> Value {
        let query = "SELECT guest_metadata FROM sessions ORDER BY rowid DESC LIMIT 1";
        let text: String = self
            .database
            .query_row(query, [], |row| row.get(0))
            .unwrap();
        serde_json::from_str(&text).unwrap()
    }

    /// Such a line of the metrics is to be one more.
    pub fn count(&mut self, line: &str) {
        *self.counted.entry(line.to_owned()).or_default() += 1;
    }

    /// Everything was counted; nothing of what was refused was stored or logged, and nothing broke.
    pub async fn close(mut self) {
        self.goes_on().await;
        for (line, count) in &self.counted {
            self.server.measured_with(&format!("{line} {count}")).await;
        }
        let history = json!({ "sessionId": self.session, "limit": 200 });
        let history = self.operator.granted("staff:history", &history).await;
        let newest = history["messages"]
            .as_array()
            .unwrap()
            .last()
            .unwrap()
            .clone();
        assert_eq!(newest["message"], format!("line {}", self.said));
        let texts = self.stored();
        assert!(texts.iter().all(|text| !text.contains(MARK)), "{texts:?}");
        let lines = self.server.stop().await;
        for line in &lines {
            assert!(!line.contains(MARK), "the log tells it: {line}");
            assert!(!line.contains("panicked"), "{line}");
            let entry: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"));
            assert_ne!(entry["level"], "ERROR", "{line}");
        }
    }

    fn stored(&self) -> Vec<String> {
        let columns = "SELECT text FROM messages UNION ALL SELECT guest_search FROM sessions \
            UNION ALL SELECT coalesce(guest_metadata, '') FROM sessions";
        let mut query = self.database.prepare(columns).unwrap();
        let rows = query.query_map([], |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    }
}

async fn operator_token(folder: &Folder, operator: &str) -> String {
    let arguments = [
        "token",
        "--operator",
        operator,
        "--name",
        "Olga",
        "--data-dir",
    ];
    let output = run(switchboard().args(arguments).arg(folder.path())).await;
    assert!(output.status.success(), "{output:?}");
    last_line(&output.stdout)
}
