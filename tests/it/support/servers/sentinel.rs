//! A primary and its replica, with three who watch over them.

use tokio::time::{sleep, timeout};

use super::{Redis, ask::ask, private::Private};
use crate::process::server::{LONG, LOOK};

const WATCHERS: usize = 3;

/// One of the two takes over when the other is away for a second.
pub struct Sentinel {
    pub primary: Redis,
    pub replica: Redis,
    watchers: Vec<Private>,
}

impl Sentinel {
    pub async fn start() -> Self {
        let primary = Redis::start(&["--repl-diskless-sync-delay", "0"]).await;
        let port = port(primary.url()).to_owned();
        let replica = Redis::start(&["--replicaof", "127.0.0.1", &port]).await;
        until(replica.url(), "INFO replication", "master_link_status:up").await;
        let arguments = ["sentinel", &port];
        let starting = (0..WATCHERS).map(|_| Private::start(&arguments));
        let watchers = futures_util::future::join_all(starting).await;
        for watcher in &watchers {
            // It has found the replica, and the others.
            let known = format!("slaves=1,sentinels={WATCHERS}");
            until(watcher.url(), "INFO sentinel", &known).await;
        }
        Self {
            primary,
            replica,
            watchers,
        }
    }

    pub fn url(&self) -> String {
        let at = |watcher: &Private| format!("127.0.0.1:{}", port(watcher.url()));
        let (first, others) = self.watchers.split_first().unwrap();
        let nodes = others.iter().map(|it| format!("&node={}", at(it)));
        let nodes: String = nodes.collect();
        format!(
            "redis-sentinel://{}/0?sentinelServiceName=main{nodes}",
            at(first)
        )
    }

    /// From now on the replica gets nothing that is written.
    pub async fn lag(&self) {
        let url = self.primary.url();
        ask(url, "ACL SETUSER default -psync -sync").await;
        ask(url, "CLIENT KILL TYPE replica").await;
        until(
            self.replica.url(),
            "INFO replication",
            "master_link_status:down",
        )
        .await;
    }

    /// Until the replica has taken over.
    pub async fn promoted(&self) {
        until(self.replica.url(), "INFO replication", "role:master").await;
    }
}

fn port(url: &str) -> &str {
    url.rsplit(':').next().unwrap()
}

async fn until(url: &str, command: &str, says: &str) {
    let look = async {
        while !ask(url, command).await.contains(says) {
            sleep(LOOK).await;
        }
    };
    let waited = timeout(LONG, look).await;
    assert!(waited.is_ok(), "{command} never says {says}");
}
