//! A Redis or a Postgres of this run, held by `.ci/private`: it goes with this process, however that dies.

use std::{path::Path, process::Stdio};

use anyhow::{Context, bail};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines},
    net::TcpStream,
    process::{Child, ChildStdin, ChildStdout, Command},
    time::{Duration, timeout},
};

pub struct Private {
    child: Child,
    orders: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
    pub url: String,
}

/// For whatever is asked of a server; only one that is stuck takes so long.
const LONG: Duration = Duration::from_secs(90);

impl Private {
    pub async fn start(root: &Path, arguments: &[&str]) -> anyhow::Result<Self> {
        let mut child = Command::new(root.join(".ci/private"))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(false)
            .spawn()
            .context(".ci/private cannot be started")?;
        let orders = child.stdin.take().context("no input")?;
        let answers = BufReader::new(child.stdout.take().context("no output")?).lines();
        let mut private = Self {
            child,
            orders,
            answers,
            url: String::new(),
        };
        let ready = private.answer().await?;
        let url = ready.split(' ').nth(2).context("not a URL")?;
        private.url = url.to_owned();
        Ok(private)
    }

    /// `kill`, `start`, `pause` or `resume`; carried out when this returns.
    pub async fn order(&mut self, order: &str) -> anyhow::Result<()> {
        self.orders
            .write_all(format!("{order}\n").as_bytes())
            .await?;
        self.answer().await.map(drop)
    }

    /// Ends it, and waits until its folder is gone.
    pub async fn end(self) -> anyhow::Result<()> {
        let Self {
            mut child, orders, ..
        } = self;
        drop(orders);
        timeout(LONG, child.wait()).await??;
        Ok(())
    }

    async fn answer(&mut self) -> anyhow::Result<String> {
        match timeout(LONG, self.answers.next_line()).await?? {
            Some(line) => Ok(line),
            None => bail!(".ci/private has ended"),
        }
    }
}

/// Says something to a Redis, as one would by telnet; fails with what it refuses.
pub async fn redis(url: &str, command: &str) -> anyhow::Result<()> {
    let address = url.strip_prefix("redis://").context("not a Redis")?;
    let mut socket = TcpStream::connect(address).await?;
    socket
        .write_all(format!("{command}\r\n").as_bytes())
        .await?;
    let mut answer = [0; 128];
    let read = timeout(LONG, socket.read(&mut answer)).await??;
    let answer = String::from_utf8_lossy(&answer[..read]);
    if answer.starts_with('+') || answer.starts_with(':') {
        Ok(())
    } else {
        bail!("{command}: {answer:?}")
    }
}
