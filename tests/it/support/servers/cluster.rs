//! Redis servers that share the slots.

use tokio::{
    net::TcpListener,
    time::{sleep, timeout},
};

use super::{Redis, ask::ask};
use crate::process::server::{LONG, LOOK};

const SLOTS: usize = 16_384;

/// Each has an even share of the slots, in order.
pub struct Cluster(Vec<Redis>);

impl Cluster {
    pub async fn start(count: usize) -> Self {
        let starting = (0..count).map(|_| async {
            // For what nodes say to each other; its default may be above all ports.
            let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let port = free.local_addr().unwrap().port().to_string();
            drop(free);
            let options = ["--cluster-enabled", "yes", "--cluster-port", &port];
            let named = ["--cluster-announce-ip", "127.0.0.1"];
            (Redis::start(&[&options[..], &named].concat()).await, port)
        });
        let started = futures_util::future::join_all(starting).await;
        let (nodes, buses): (Vec<_>, Vec<_>) = started.into_iter().unzip();
        let cluster = Self(nodes);
        for (at, bus) in buses.iter().enumerate() {
            let (first, last) = (SLOTS * at / count, SLOTS * (at + 1) / count - 1);
            let share = format!("CLUSTER ADDSLOTSRANGE {first} {last}");
            cluster.ask(at, &share).await;
            let epoch = format!("CLUSTER SET-CONFIG-EPOCH {}", at + 1);
            cluster.ask(at, &epoch).await;
            let port = cluster.port(at);
            let meet = format!("CLUSTER MEET 127.0.0.1 {port} {bus}");
            cluster.ask(0, &meet).await;
        }
        let whole = format!("cluster_known_nodes:{count}");
        for at in 0..count {
            cluster.until(at, &["cluster_state:ok", &whole]).await;
        }
        cluster
    }

    /// By way of the first node.
    pub fn url(&self) -> String {
        self.0[0].url().replace("redis://", "redis-cluster://")
    }

    pub async fn ask(&self, node: usize, command: &str) -> String {
        ask(self.0[node].url(), command).await
    }

    fn port(&self, node: usize) -> &str {
        self.0[node].url().rsplit(':').next().unwrap()
    }

    async fn until(&self, node: usize, words: &[&str]) {
        let look = async {
            loop {
                let info = self.ask(node, "CLUSTER INFO").await;
                if words.iter().all(|word| info.contains(word)) {
                    return;
                }
                sleep(LOOK).await;
            }
        };
        timeout(LONG, look).await.unwrap();
    }

    /// The slot of a partition, which has keys in no other, and the node that has it.
    pub async fn find(&self, partition: usize) -> (usize, usize) {
        for slot in partition * 256..(partition + 1) * 256 {
            let nodes = self.0.len();
            let has =
                |node: &usize| (SLOTS * node / nodes..SLOTS * (node + 1) / nodes).contains(&slot);
            let node = (0..nodes).find(has).unwrap();
            let count = format!("CLUSTER COUNTKEYSINSLOT {slot}");
            if self.ask(node, &count).await != ":0" {
                return (slot, node);
            }
        }
        panic!("it has no keys");
    }

    /// Opens a slot at both ends: from now on keys may be at either.
    pub async fn begin_move(&self, slot: usize, from: usize, to: usize) {
        let (source, target) = (self.id(from).await, self.id(to).await);
        let imports = format!("CLUSTER SETSLOT {slot} IMPORTING {source}");
        self.ask(to, &imports).await;
        let migrates = format!("CLUSTER SETSLOT {slot} MIGRATING {target}");
        self.ask(from, &migrates).await;
    }

    /// At most so many of its keys; how many there were.
    pub async fn move_keys(&self, slot: usize, from: usize, to: usize, most: usize) -> usize {
        let keys = format!("CLUSTER GETKEYSINSLOT {slot} {most}");
        let keys = self.ask(from, &keys).await;
        for key in keys.lines() {
            let port = self.port(to);
            let migrate = format!("MIGRATE 127.0.0.1 {port} {key} 0 5000");
            self.ask(from, &migrate).await;
        }
        keys.lines().count()
    }

    /// It has a new owner, who knows it first.
    pub async fn end_move(&self, slot: usize, to: usize) {
        let target = self.id(to).await;
        let owned = format!("CLUSTER SETSLOT {slot} NODE {target}");
        self.ask(to, &owned).await;
        for node in (0..self.0.len()).filter(|node| *node != to) {
            self.ask(node, &owned).await;
        }
    }

    async fn id(&self, node: usize) -> String {
        self.ask(node, "CLUSTER MYID").await
    }
}
