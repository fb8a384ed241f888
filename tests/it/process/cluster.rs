//! `make cluster`: what it starts is there, takes turns, and is gone when it is asked to end.

use std::{collections::HashSet, net::SocketAddr, path::Path, process::Stdio};

use tokio::{
    net::TcpStream,
    process::{Child, Command},
    time::timeout,
};

use super::{
    server::{LONG, Lines},
    talk::{Person, message},
};

#[tokio::test(flavor = "multi_thread")]
async fn each_request_goes_to_the_next_pod() {
    let cluster = Cluster::start().await;
    let http = reqwest::Client::new();
    let mut turns = Vec::new();
    for _ in 0..12 {
        let asked = http.get(format!("http://{}/livez", cluster.address)).send();
        let response = timeout(LONG, asked).await.unwrap().unwrap();
        assert_eq!(response.status(), 200);
        turns.push(response.headers()["x-pod"].to_str().unwrap().to_owned());
    }
    let pods: HashSet<&String> = turns[..3].iter().collect();
    assert_eq!(pods.len(), 3, "{turns:?}");
    assert!(
        turns
            .iter()
            .zip(&turns[3..])
            .all(|(one, later)| one == later),
        "{turns:?}"
    );
    cluster.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn people_on_different_pods_talk() {
    let cluster = Cluster::start().await;
    // One after the other, so each is on another pod.
    let mut operator = Person::operator(cluster.address, &cluster.token).await;
    let mut guest = Person::guest(cluster.address).await;
    let started = guest
        .granted("guest:start", serde_json::json!({ "name": "Marie" }))
        .await;
    let session = serde_json::json!({ "sessionId": started["sessionId"] });
    operator.granted("staff:connect_to_session", session).await;
    guest.granted("guest:message", message("hello", "1")).await;
    assert_eq!(operator.hear("guest:message").await["message"], "hello");
    cluster.end().await;
}

struct Cluster {
    child: Child,
    out: Lines,
    err: Lines,
    address: SocketAddr,
    token: String,
}

impl Cluster {
    async fn start() -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join(".ci/cluster");
        // Whoever runs the tests in the background has Ctrl-C ignored, and a shell cannot undo that.
        let mut child = Command::new("env")
            .arg("--default-signal=INT")
            .arg(script)
            .env("SWITCHBOARD_BIN", env!("CARGO_BIN_EXE_switchboard"))
            .env("PODS", "3")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let out = Lines::of(child.stdout.take().unwrap());
        let err = Lines::of(child.stderr.take().unwrap());
        // What it says before that, if it fails, is in its progress.
        let ended = async { out.all().await };
        let ready = async { out.wait(|line| line.contains("Ctrl-C ends it")).await };
        tokio::select! {
            _ = ready => {}
            _ = ended => panic!("{:#?}", err.now()),
        }
        let last = |line: &str| line.split_whitespace().last().unwrap().to_owned();
        let page = last(&out.wait(|line| line.contains("is ready on")).await);
        let token = last(&out.wait(|line| line.trim().starts_with("Operator ")).await);
        let address = page.strip_prefix("http://").unwrap().parse().unwrap();
        Self {
            child,
            out,
            err,
            address,
            token,
        }
    }

    /// By Ctrl-C: in order, well, and with nothing left of any of its parts.
    async fn end(mut self) {
        let lines = self.out.now();
        let mut parts = vec![self.address.to_string()];
        let pods = lines.iter().filter(|line| line.trim().starts_with("Pod "));
        parts.extend(pods.flat_map(|line| line.split("http://").skip(1).map(place)));
        for (part, sign) in [("Redis", "-p "), ("Postgres", "@127.0.0.1:")] {
            let line = lines.iter().find(|line| line.trim().starts_with(part));
            let port = line.unwrap().split_once(sign).unwrap().1;
            parts.push(format!("127.0.0.1:{}", place(port)));
        }
        assert_eq!(parts.len(), 1 + 2 * 3 + 2, "{parts:?}");
        for part in &parts {
            assert!(TcpStream::connect(part).await.is_ok(), "{part}");
        }
        let pid = self.child.id().unwrap().to_string();
        let sent = Command::new("sh")
            .args(["-c", "kill -s INT \"$0\"", &pid])
            .status();
        assert!(sent.await.unwrap().success());
        let status = timeout(LONG, self.child.wait()).await.unwrap().unwrap();
        assert_eq!(status.code(), Some(0), "{:#?}", self.err.now());
        for part in &parts {
            assert!(TcpStream::connect(part).await.is_err(), "{part} is left");
        }
        let logs = lines.iter().find(|line| line.trim().starts_with("Logs"));
        let folder = logs.unwrap().split_whitespace().last().unwrap();
        assert!(!Path::new(folder).exists(), "{folder} is left");
    }
}

/// A test that has failed lets it end in order as well, since SIGKILL would leave its folder behind.
impl Drop for Cluster {
    fn drop(&mut self) {
        if let Some(pid) = self.child.id() {
            let mut kill = std::process::Command::new("sh");
            let _ = kill.args(["-c", "kill \"$0\"", &pid.to_string()]).status();
        }
    }
}

/// As far as it goes: an address, or a port.
fn place(text: &str) -> String {
    let ends = |letter: char| letter == '/' || letter.is_whitespace();
    text.split(ends).next().unwrap().to_owned()
}
