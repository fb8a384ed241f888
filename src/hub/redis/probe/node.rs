use std::{collections::HashMap, time::Duration};

use fred::{clients::Client, error::Error, interfaces::ClientLike as _, types::config::Server};
use tokio::time::Instant;

use super::{Asking, Rights, Skew, Unanswered, ask, is_forbidden, on};
use crate::hub::redis::connect::{check_version, field};

/// What a server is there for, as far as whoever named it knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Primary,
    Replica,
    /// Of the addresses of a cluster; what it has, only itself could tell.
    Seed,
}

#[derive(Debug)]
pub struct Node {
    pub address: String,
    pub part: Part,
    pub answer: Result<Facts, Unanswered>,
}

#[derive(Clone, Debug)]
pub struct Facts {
    /// From the first byte of the connection to the first answer.
    pub took: Duration,
    pub version: String,
    /// Whether this release can use it.
    pub is_new_enough: bool,
    pub is_replica: bool,
    pub is_clustered: bool,
    pub eviction: Option<String>,
    /// 0: as much as the machine has.
    pub max_memory: u64,
    /// Whether it keeps a log on disk (AOF).
    pub keeps_log: Option<bool>,
    /// `appendfsync`; `None`: its user may not ask, as with most that are rented.
    pub fsync: Option<String>,
    /// Connections: those there are, and those there may be.
    pub clients: (Option<u64>, Option<u64>),
    pub skew: Skew,
    pub rights: Rights,
    /// What the deployment was raised to, if this server has the key.
    pub format: Option<u8>,
}

impl Asking {
    pub(super) async fn node(&self, server: Server, part: Part) -> Node {
        let address = server.to_string();
        let began = Instant::now();
        let asked = on(self.config(server), async |client| {
            self.facts(client, began).await
        });
        Node {
            answer: asked.await,
            address,
            part,
        }
    }

    async fn facts(&self, client: &Client, began: Instant) -> Result<Facts, Unanswered> {
        let info: String = client.info(None).await?;
        let took = began.elapsed();
        let says = |name, what| field(&info, name) == Some(what);
        let number = |name| field(&info, name).and_then(|text| text.parse().ok());
        if says("redis_mode", "sentinel") {
            return Err(Unanswered::NoData);
        }
        Ok(Facts {
            took,
            version: field(&info, "redis_version")
                .unwrap_or("unknown")
                .to_owned(),
            is_new_enough: check_version(&info).is_ok(),
            is_replica: says("role", "slave"),
            is_clustered: says("cluster_enabled", "1"),
            eviction: field(&info, "maxmemory_policy").map(str::to_owned),
            max_memory: number("maxmemory").unwrap_or(0),
            keeps_log: field(&info, "aof_enabled").map(|it| it == "1"),
            fsync: fsync(client).await?,
            clients: (number("connected_clients"), number("maxclients")),
            skew: self.skew(client).await?,
            rights: self.rights(client).await?,
            format: self.raised(client).await,
        })
    }

    async fn skew(&self, client: &Client) -> Result<Skew, Error> {
        let (asked_at, began) = (self.clock.now(), Instant::now());
        let time: Vec<u64> = ask(client, "TIME", &[]).await?;
        let took = began.elapsed();
        let [seconds, micros] = time[..] else {
            return Ok(Skew::new(asked_at, took, 0));
        };
        Ok(Skew::new(asked_at, took, seconds * 1000 + micros / 1000))
    }

    /// `None` as well from whoever has not got the slot.
    async fn raised(&self, client: &Client) -> Option<u8> {
        let (_, key) = self.keys.format();
        let raised: Option<String> = ask(client, "GET", &[&key]).await.ok()?;
        raised?.parse().ok()
    }
}

async fn fsync(client: &Client) -> Result<Option<String>, Error> {
    let asked = ask::<HashMap<String, String>>(client, "CONFIG", &["GET", "appendfsync"]);
    match asked.await {
        Ok(mut set) => Ok(set.remove("appendfsync")),
        Err(error) if is_forbidden(&error) || error.details().starts_with("ERR") => Ok(None),
        Err(error) => Err(error),
    }
}
