//! A running `switchboard`, with what it prints.

use std::{
    net::SocketAddr,
    path::Path,
    process::{ExitStatus, Output, Stdio},
    time::Duration,
};

use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, BufReader},
    process::{Child, Command},
    sync::watch,
    time::timeout,
};

/// Longer than anything here takes on a busy machine. Only a test that fails waits so long.
pub const LONG: Duration = Duration::from_secs(20);
/// Between two looks at something that cannot be awaited.
pub const LOOK: Duration = Duration::from_millis(5);

/// Killed when it is dropped.
pub struct Server {
    child: Child,
    out: Lines,
    err: Lines,
    pub address: SocketAddr,
    pub metrics: SocketAddr,
}

/// What a process has printed so far; grows until its end.
#[derive(Clone)]
pub struct Lines(watch::Receiver<Vec<String>>);

/// Tests are faster than people. Those that are about a limit set it.
const NO_LIMITS: [(&str, &str); 4] = [
    ("RATE_GUEST", "0"),
    ("RATE_OPERATOR", "0"),
    ("RATE_HANDSHAKE", "0"),
    ("RATE_SESSION", "0"),
];

/// `switchboard` without the environment of whoever runs the tests.
pub fn switchboard() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_switchboard"));
    command
        .env_clear()
        .envs(NO_LIMITS)
        .stdin(Stdio::null())
        .kill_on_drop(true);
    command
}

/// Runs to its end, which has to come.
pub async fn run(command: &mut Command) -> Output {
    timeout(LONG, command.output()).await.unwrap().unwrap()
}

impl Server {
    pub async fn start(data: &Path) -> Self {
        Self::start_with(data, &[]).await
    }

    /// On free ports, unless the arguments name others.
    pub async fn start_with(data: &Path, arguments: &[&str]) -> Self {
        let mut command = switchboard();
        command.arg("--data-dir").arg(data);
        for port in ["--listen", "--metrics-listen"] {
            if !arguments.contains(&port) {
                command.args([port, "127.0.0.1:0"]);
            }
        }
        command.args(arguments);
        Self::spawn(command).await
    }

    /// Once it serves.
    pub async fn spawn(command: Command) -> Self {
        Self::spawn_until("serving", command).await
    }

    /// Once it says this, with its addresses.
    pub async fn spawn_until(says: &'static str, mut command: Command) -> Self {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let out = Lines::of(child.stdout.take().unwrap());
        let err = Lines::of(child.stderr.take().unwrap());
        let serving = err.wait(|line| line.contains(says)).await;
        let serving: Value = serde_json::from_str(&serving).unwrap();
        let address = |name: &str| serving["fields"][name].as_str().unwrap().parse().unwrap();
        Self {
            address: address("address"),
            metrics: address("metrics"),
            child,
            out,
            err,
        }
    }

    pub fn pid(&self) -> u32 {
        self.child.id().unwrap()
    }

    pub fn out(&self) -> &Lines {
        &self.out
    }

    pub fn err(&self) -> &Lines {
        &self.err
    }

    /// `name` without its `SIG`.
    pub async fn signal(&self, name: &str) {
        let pid = self.pid().to_string();
        let sent = Command::new("sh")
            .args(["-c", "kill -s \"$0\" \"$1\"", name, &pid])
            .status();
        assert!(sent.await.unwrap().success());
    }

    /// Without a word to anybody.
    pub async fn kill(mut self) {
        timeout(LONG, self.child.kill()).await.unwrap().unwrap();
    }

    pub async fn exit(&mut self) -> ExitStatus {
        self.exit_within(LONG).await
    }

    pub async fn exit_within(&mut self, limit: Duration) -> ExitStatus {
        timeout(limit, self.child.wait()).await.unwrap().unwrap()
    }

    /// Ends in order, and gives what it has logged.
    pub async fn stop(mut self) -> Vec<String> {
        self.signal("TERM").await;
        assert_eq!(self.exit().await.code(), Some(0), "{:?}", self.err.now());
        self.err.all().await
    }

    /// Status and body of a page on the public address.
    pub async fn page(&self, path: &str) -> (u16, String) {
        page(self.address, path).await
    }

    /// The whole page of metrics.
    pub async fn measured(&self) -> String {
        let (status, page) = page(self.metrics, "/metrics").await;
        assert_eq!(status, 200);
        page
    }

    /// The metrics once they have a line that begins so.
    pub async fn measured_with(&self, line: &str) -> String {
        let look = async {
            loop {
                let page = self.measured().await;
                if page.lines().any(|found| found.starts_with(line)) {
                    return page;
                }
                tokio::time::sleep(LOOK).await;
            }
        };
        timeout(LONG, look)
            .await
            .unwrap_or_else(|_| panic!("{line} is never measured"))
    }
}

/// By a connection of its own.
pub async fn page(address: SocketAddr, path: &str) -> (u16, String) {
    try_page(address, path).await.unwrap()
}

pub async fn try_page(address: SocketAddr, path: &str) -> reqwest::Result<(u16, String)> {
    let http = reqwest::Client::builder()
        .pool_max_idle_per_host(0)
        .timeout(LONG)
        .build()
        .unwrap();
    let response = http.get(format!("http://{address}{path}")).send().await?;
    Ok((response.status().as_u16(), response.text().await?))
}

impl Lines {
    pub fn of(stream: impl AsyncRead + Unpin + Send + 'static) -> Self {
        let (sender, receiver) = watch::channel(Vec::new());
        tokio::spawn(async move {
            let mut lines = BufReader::new(stream).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                sender.send_modify(|all| all.push(line));
            }
        });
        Self(receiver)
    }

    pub fn now(&self) -> Vec<String> {
        self.0.borrow().clone()
    }

    /// The first such line, printed or still to come.
    pub async fn wait(&self, wanted: impl Fn(&str) -> bool) -> String {
        let mut lines = self.0.clone();
        let found = |all: &Vec<String>| all.iter().any(|line| wanted(line));
        match timeout(LONG, lines.wait_for(found)).await {
            Ok(Ok(all)) => all.iter().find(|line| wanted(line)).unwrap().clone(),
            _ => panic!("it has not printed that, but {:#?}", self.now()),
        }
    }

    /// Everything, once the process has closed it.
    pub async fn all(&self) -> Vec<String> {
        let mut lines = self.0.clone();
        let end = async { while lines.changed().await.is_ok() {} };
        timeout(LONG, end).await.unwrap();
        self.now()
    }
}
