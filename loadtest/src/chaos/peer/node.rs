//! Official clients, several in a process of Node. What they see comes by its standard output, what they
//! are told goes by its input.

use std::{path::Path, process::Stdio};

use anyhow::{Context, ensure};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    process::{Child, ChildStdin, Command},
    task::JoinHandle,
};

use super::{Phase, Transport};
use crate::chaos::record::{Journal, Record, Role};

pub struct Node {
    child: Child,
    input: ChildStdin,
    reading: JoinHandle<anyhow::Result<()>>,
}

/// One client of it.
pub struct Cast {
    pub who: String,
    pub role: Role,
    pub workspace: String,
    pub transport: Transport,
    /// Of an operator.
    pub token: Option<String>,
}

impl Node {
    pub async fn start(
        root: &Path,
        url: &str,
        cast: &[Cast],
        journal: Journal,
    ) -> anyhow::Result<Self> {
        let tests = root.join("tests");
        let installed = tests.join("node_modules/socket.io-client");
        ensure!(installed.exists(), "run `npm ci` in {}", tests.display());
        let mut child = Command::new("node")
            .arg("chaos/clients.mjs")
            .current_dir(tests)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("node cannot be started")?;
        let mut input = child.stdin.take().context("no input")?;
        let mut lines = BufReader::new(child.stdout.take().context("no output")?).lines();
        let reading = tokio::spawn(async move {
            while let Some(line) = lines.next_line().await? {
                let record: Record = serde_json::from_str(&line).with_context(|| line.clone())?;
                journal.add(record);
            }
            Ok(())
        });
        let clients: Vec<Value> = cast.iter().map(Cast::json).collect();
        tell(&mut input, &json!({ "url": url, "clients": clients })).await?;
        Ok(Self {
            child,
            input,
            reading,
        })
    }

    pub async fn kick(&mut self, who: &str) -> anyhow::Result<()> {
        tell(&mut self.input, &json!({ "kick": who })).await
    }

    pub async fn enter(&mut self, phase: Phase) -> anyhow::Result<()> {
        let phase = match phase {
            Phase::Talk => "talk",
            Phase::Stop => "stop",
            Phase::Leave => "leave",
        };
        tell(&mut self.input, &json!({ "phase": phase })).await
    }

    /// Once all its clients have left.
    pub async fn end(mut self) -> anyhow::Result<()> {
        let status = self.child.wait().await?;
        drop(self.input);
        self.reading.await??;
        ensure!(status.success(), "node ended with {status}");
        Ok(())
    }
}

impl Cast {
    fn json(&self) -> Value {
        let transports = match self.transport {
            Transport::WebSocket => Some(["websocket"]),
            Transport::Polling => Some(["polling"]),
            Transport::Both => None,
        };
        json!({
            "who": self.who,
            "role": self.role,
            "workspace": self.workspace,
            "transports": transports,
            "token": self.token,
        })
    }
}

async fn tell(input: &mut ChildStdin, what: &Value) -> anyhow::Result<()> {
    Ok(input.write_all(format!("{what}\n").as_bytes()).await?)
}
