//! Processes of the real binary, which are killed, stopped and drained.

use std::{fs::File, io::Write, net::SocketAddr, path::PathBuf, process::Stdio, sync::Arc};

use anyhow::{Context, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, ChildStderr, Command},
    sync::oneshot,
    time::{Duration, sleep, timeout},
};

use super::front::Front;

pub struct Pods {
    launch: Launch,
    pods: Vec<Pod>,
    front: Arc<Front>,
    starts: usize,
}

/// What all pods are started with.
#[derive(Clone)]
pub struct Launch {
    pub binary: PathBuf,
    pub environment: Vec<(&'static str, String)>,
    pub logs: PathBuf,
}

struct Pod {
    child: Child,
    address: SocketAddr,
}

/// Longer than anything here takes on a busy machine.
const LONG: Duration = Duration::from_secs(60);
const LOOK: Duration = Duration::from_millis(20);
/// Until whoever hands out requests knows that a pod does not answer, or is not ready any more.
const NOTICED: Duration = Duration::from_millis(500);

impl Pods {
    pub async fn start(launch: Launch, count: usize, front: Arc<Front>) -> anyhow::Result<Self> {
        let mut all = Self {
            launch,
            pods: Vec::new(),
            front,
            starts: 0,
        };
        for index in 0..count {
            let pod = all.launch(index).await?;
            all.pods.push(pod);
        }
        Ok(all)
    }

    pub fn len(&self) -> usize {
        self.pods.len()
    }

    /// Gone without a word, for so long.
    pub async fn kill(&mut self, index: usize, lasts: Duration) -> anyhow::Result<()> {
        self.pods[index].child.kill().await?;
        sleep(lasts.min(NOTICED)).await;
        self.front.set(index, None);
        sleep(lasts.saturating_sub(NOTICED)).await;
        self.pods[index] = self.launch(index).await?;
        Ok(())
    }

    /// It answers nothing, and knows nothing of it.
    pub async fn stop(&mut self, index: usize, lasts: Duration) -> anyhow::Result<()> {
        let address = self.pods[index].address;
        self.signal(index, Signal::STOP)?;
        sleep(lasts.min(NOTICED)).await;
        self.front.set(index, None);
        sleep(lasts.saturating_sub(NOTICED)).await;
        self.signal(index, Signal::CONT)?;
        self.front.set(index, Some(address));
        Ok(())
    }

    /// As in a rolling upgrade: it ends in order, within its time, and another one comes.
    pub async fn drain(&mut self, index: usize) -> anyhow::Result<()> {
        self.signal(index, Signal::TERM)?;
        sleep(NOTICED).await;
        self.front.set(index, None);
        self.ended(index).await?;
        self.pods[index] = self.launch(index).await?;
        Ok(())
    }

    /// All of them, in order.
    pub async fn stop_all(&mut self) -> anyhow::Result<()> {
        for index in 0..self.pods.len() {
            self.signal(index, Signal::TERM)?;
        }
        for index in 0..self.pods.len() {
            self.ended(index).await?;
        }
        Ok(())
    }

    async fn ended(&mut self, index: usize) -> anyhow::Result<()> {
        let ended = timeout(LONG, self.pods[index].child.wait()).await;
        let status = ended.with_context(|| format!("pod {index} does not end"))??;
        ensure!(status.success(), "pod {index} ended with {status}");
        Ok(())
    }

    fn signal(&self, index: usize, signal: Signal) -> anyhow::Result<()> {
        let id = self.pods[index].child.id().context("a pod has ended")?;
        let pid = Pid::from_raw(id.cast_signed()).context("no process")?;
        Ok(kill_process(pid, signal)?)
    }

    async fn launch(&mut self, index: usize) -> anyhow::Result<Pod> {
        self.starts += 1;
        let log = format!("pod-{index}-{}.log", self.starts);
        // It does not outlive this process, however that dies.
        let mut child = Command::new("setpriv")
            .args(["--pdeathsig", "KILL"])
            .arg(&self.launch.binary)
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .envs(self.launch.environment.iter().cloned())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("{} cannot be started", self.launch.binary.display()))?;
        let log = File::create(self.launch.logs.join(log))?;
        let (tell, serving) = oneshot::channel();
        tokio::spawn(copy(child.stderr.take().context("no log")?, log, tell));
        let address = timeout(LONG, serving).await?.context("it has ended")?;
        timeout(LONG, ready(address)).await??;
        self.front.set(index, Some(address));
        Ok(Pod { child, address })
    }
}

/// Its log into a file; tells the address that it serves on.
async fn copy(from: ChildStderr, mut to: File, tell: oneshot::Sender<SocketAddr>) {
    let (mut lines, mut tell) = (BufReader::new(from).lines(), Some(tell));
    while let Ok(Some(line)) = lines.next_line().await {
        // Only for people: a full disk is no failure of the relay.
        let _ = writeln!(to, "{line}");
        if let Some(address) = serving(&line)
            && let Some(tell) = tell.take()
        {
            let _ = tell.send(address);
        }
    }
}

fn serving(line: &str) -> Option<SocketAddr> {
    let fields: Value = serde_json::from_str(line).ok()?;
    let fields = &fields["fields"];
    let said = fields["message"].as_str().filter(|said| *said == "serving");
    said.and(fields["address"].as_str())?.parse().ok()
}

async fn ready(address: SocketAddr) -> anyhow::Result<()> {
    let http = reqwest::Client::builder().no_proxy().build()?;
    loop {
        match http.get(format!("http://{address}/readyz")).send().await {
            Ok(answer) if answer.status().is_success() => return Ok(()),
            Ok(_) => sleep(LOOK).await,
            Err(error) if error.is_connect() => bail!("{address} has gone"),
            Err(_) => sleep(LOOK).await,
        }
    }
}
