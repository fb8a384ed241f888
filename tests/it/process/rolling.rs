//! Every pod is replaced in its turn, under load and behind a proxy that keeps connections open.

use std::{net::SocketAddr, path::Path, process::Stdio, time::Duration};

use serde::Deserialize;
use switchboard::model::{Clock, Millis};
use tokio::{
    io::AsyncWriteExt as _,
    process::{Child, Command},
    time::timeout,
};

use super::server::{LONG, Lines};
use crate::support::{pods::Pods, servers::Nginx, token::token};

const PODS: usize = 3;
const DRAIN: Duration = Duration::from_secs(3);
/// Of a pod that is drained: its last answers, its writer, and a busy machine.
const GRACE: Duration = Duration::from_secs(10);
const POLLING: usize = 6;
/// A proxy that gives each request to the next pod gives some pod a few less than a third of them.
const WEBSOCKETS: usize = 36;

#[tokio::test(flavor = "multi_thread")]
async fn p1_p2_p4_every_pod_is_replaced_and_no_polling_client_notices() {
    let settings = [("DRAIN_TIMEOUT", "3s"), ("TRUSTED_PROXIES", "127.0.0.1")];
    let mut pods = Pods::start_with(PODS, &settings).await;
    let nginx = Nginx::start(&proxy(&pods.addresses())).await;
    let mut talk = Talk::begin(nginx.url(), &pods).await;

    let mut turns = Vec::new();
    for index in 0..PODS {
        let began = Clock::System.now();
        let (ended, log) = pods.replace(index).await;
        let took = Duration::from_millis(Clock::System.now() - began);
        assert_eq!(ended.code(), Some(0), "{log:#?}");
        assert!(took < DRAIN + GRACE, "pod {index} took {took:?}: {log:#?}");
        let left = log.iter().find(|line| line.contains("did not leave"));
        assert_eq!(left, None, "pod {index}");
        turns.push(began);
    }

    let report = talk.end().await;
    let nothing: [&str; 0] = [];
    assert_eq!(report.lost, nothing);
    assert_eq!(report.doubled, nothing);
    assert_eq!(report.disordered, nothing);
    for client in &report.clients {
        match client.transport.as_str() {
            "polling" => client.assert_noticed_nothing(),
            _ => assert!(client.recovered.iter().all(|it| *it), "{client:?}"),
        }
    }
    for turn in turns {
        report.assert_spread(turn);
    }
    let stored = "SELECT count(*) FROM messages";
    let database = pods.database().await;
    let _schema = pods.stop().await;
    let stored: i64 = database.query_one(stored, &[]).await.unwrap().get(0);
    assert_eq!(u64::try_from(stored).unwrap(), report.acknowledged);
}

/// As README says of a proxy, with connections to the pods kept open. It gives each request to the next
/// pod, asks none whether it is ready, and learns of an end by a connection that is refused.
fn proxy(pods: &[SocketAddr]) -> String {
    let servers = pods
        .iter()
        .map(|pod| format!("server {pod} max_fails=1 fail_timeout=1s;"));
    let servers: Vec<String> = servers.collect();
    format!(
        r#"
daemon off;
worker_processes 1;
error_log stderr notice;
pid @folder@/pid;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  client_body_temp_path @folder@/body;
  proxy_temp_path @folder@/proxy;
  fastcgi_temp_path @folder@/fastcgi;
  uwsgi_temp_path @folder@/uwsgi;
  scgi_temp_path @folder@/scgi;
  map $http_upgrade $connection_upgrade {{ default upgrade; '' ''; }}
  upstream pods {{ {} keepalive 64; keepalive_timeout 20s; }}
  server {{
    listen 127.0.0.1:@port@;
    location / {{
      proxy_pass http://pods;
      proxy_http_version 1.1;
      proxy_next_upstream error timeout;
      proxy_read_timeout 90s;
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_upgrade;
    }}
  }}
}}
"#,
        servers.join(" ")
    )
}

/// `tests/e2e/rolling.mjs`, at work.
struct Talk {
    child: Child,
    out: Lines,
    err: Lines,
}

impl Talk {
    /// Once all are there and talk.
    async fn begin(url: &str, pods: &Pods) -> Self {
        let secrets = pods.secrets();
        let [ann, bob] = [("7", "Ann"), ("8", "Bob")]
            .map(|(id, name)| token(&secrets, id, name, "default", 3600));
        let mut child = Command::new("node")
            .arg("e2e/rolling.mjs")
            .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests"))
            .env("URL", url)
            .env("TOKENS", format!("{ann},{bob}"))
            .env("POLLING", POLLING.to_string())
            .env("WEBSOCKETS", WEBSOCKETS.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let out = Lines::of(child.stdout.take().unwrap());
        let err = Lines::of(child.stderr.take().unwrap());
        out.wait(|line| line == "ready").await;
        Self { child, out, err }
    }

    async fn end(&mut self) -> Report {
        let mut orders = self.child.stdin.take().unwrap();
        orders.write_all(b"end\n").await.unwrap();
        let ended = timeout(LONG.saturating_mul(3), self.child.wait()).await;
        assert!(ended.unwrap().unwrap().success(), "{:#?}", self.err.now());
        serde_json::from_str(self.out.all().await.last().unwrap()).unwrap()
    }
}

#[derive(Debug, Deserialize)]
struct Report {
    acknowledged: u64,
    lost: Vec<String>,
    doubled: Vec<String>,
    disordered: Vec<String>,
    clients: Vec<Seen>,
}

/// What one client went through.
#[derive(Debug, Deserialize)]
struct Seen {
    transport: String,
    disconnects: Vec<Disconnect>,
    errors: Vec<String>,
    recovered: Vec<bool>,
    sids: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Disconnect {
    at: Millis,
    #[expect(dead_code, reason = "shown when a test fails")]
    why: String,
}

impl Seen {
    fn assert_noticed_nothing(&self) {
        assert!(self.disconnects.is_empty(), "{self:?}");
        assert!(self.errors.is_empty() && self.sids.len() == 1, "{self:?}");
    }
}

impl Report {
    /// Those that were on the pod whose turn began then have gone over the time that there was: that so
    /// many draws are all within a fifth of it is one in a hundred thousand.
    fn assert_spread(&self, turn: Millis) {
        const ENOUGH: usize = 8;
        let drain = u64::try_from(DRAIN.as_millis()).unwrap();
        let lost = self.clients.iter().flat_map(|client| &client.disconnects);
        let lost = lost.filter(|it| (turn..turn + drain + 1000).contains(&it.at));
        let mut times: Vec<Millis> = lost.map(|it| it.at - turn).collect();
        times.sort_unstable();
        assert!(times.len() >= ENOUGH, "{times:?}");
        assert!(times[times.len() - 1] - times[0] > drain / 5, "{times:?}");
    }
}
