//! Which servers there are, as the first ones say that the URL names.

use std::collections::{BTreeMap, HashMap};

use fred::{
    clients::Client,
    error::Error,
    types::{
        Value,
        config::{Config, Server},
    },
};
use futures_util::future::join_all;

use super::{Asking, Layout, NODES_MAX, Node, Part, Probe, Slots, Watched, Watcher, ask, on};
use crate::hub::redis::connect::field;

/// Who watches may have another user than what is watched.
type Credentials = (Option<String>, Option<String>);

impl Asking {
    pub(super) async fn cluster(&self, seeds: Vec<Server>) -> Probe {
        let asking = seeds.into_iter().map(async |seed| {
            let host = seed.host.to_string();
            let asked = on(self.config(seed.clone()), async |client| {
                Ok(members(client, &host).await?)
            });
            (seed, asked.await)
        });
        let (mut nodes, mut parts, mut slots) = (Vec::new(), BTreeMap::new(), None);
        for (seed, answer) in join_all(asking).await {
            match answer {
                Ok((state, members)) if slots.is_none() => {
                    (slots, parts) = (Some(state), members);
                }
                Ok(_) => {}
                Err(unanswered) => nodes.push(Node {
                    address: seed.to_string(),
                    part: Part::Seed,
                    answer: Err(unanswered),
                }),
            }
        }
        // Asked already.
        parts.retain(|address, _| nodes.iter().all(|node| node.address != *address));
        let passed_over = parts.len().saturating_sub(NODES_MAX);
        nodes.extend(self.all(parts).await);
        Probe {
            layout: Layout::Cluster(slots),
            nodes,
            passed_over,
        }
    }

    pub(super) async fn watched(
        &self,
        hosts: Vec<Server>,
        service: String,
        credentials: Credentials,
    ) -> Probe {
        let asking = hosts
            .into_iter()
            .map(|host| self.watcher(host, &service, &credentials));
        let (mut watchers, mut parts) = (Vec::new(), BTreeMap::new());
        for (watcher, known) in join_all(asking).await {
            watchers.push(watcher);
            // Who was a primary a moment ago is a replica for a sentinel that has heard of it.
            for (address, (server, part)) in known {
                parts.entry(address).or_insert((server, part));
            }
        }
        let passed_over = parts.len().saturating_sub(NODES_MAX);
        Probe {
            layout: Layout::Sentinel { service, watchers },
            nodes: self.all(parts).await,
            passed_over,
        }
    }

    async fn all(&self, parts: Members) -> Vec<Node> {
        let servers = parts.into_values().take(NODES_MAX);
        join_all(servers.map(|(server, part)| self.node(server, part))).await
    }

    async fn watcher(
        &self,
        host: Server,
        service: &str,
        (username, password): &Credentials,
    ) -> (Watcher, Members) {
        let address = host.to_string();
        let config = Config {
            username: username.clone(),
            password: password.clone(),
            // It has none that could be selected.
            database: None,
            ..self.config(host)
        };
        let asked = on(config, async |client| Ok(known(client, service).await?)).await;
        let (answer, members) = match asked {
            Ok((watched, members)) => (Ok(watched), members),
            Err(unanswered) => (Err(unanswered), Members::new()),
        };
        (Watcher { address, answer }, members)
    }
}

/// By address.
type Members = BTreeMap<String, (Server, Part)>;

fn add(members: &mut Members, server: Server, part: Part) {
    members.insert(server.to_string(), (server, part));
}

/// Whom a server of a cluster knows. One that leaves its own name out has that by which it was asked.
async fn members(client: &Client, host: &str) -> Result<(Slots, Members), Error> {
    let info: String = ask(client, "CLUSTER", &["INFO"]).await?;
    let number = |name| field(&info, name).and_then(|text| text.parse().ok());
    let state = Slots {
        is_ok: field(&info, "cluster_state") == Some("ok"),
        assigned: number("cluster_slots_assigned").unwrap_or(0),
    };
    let mut members = Members::new();
    let ranges: Vec<Value> = ask(client, "CLUSTER", &["SLOTS"]).await?;
    for range in ranges {
        // First slot, last slot, the primary, replicas.
        let parts: Vec<Value> = range.convert()?;
        for (at, value) in parts.into_iter().skip(2).enumerate() {
            let part = if at == 0 {
                Part::Primary
            } else {
                Part::Replica
            };
            let mut told = value.convert::<Vec<Value>>()?.into_iter();
            let name: Option<String> = told.next().unwrap_or(Value::Null).convert()?;
            let port: u16 = told.next().unwrap_or(Value::Null).convert()?;
            let name = name.filter(|name| !name.is_empty() && name != "?");
            let server = Server::new(name.unwrap_or_else(|| host.to_owned()), port);
            add(&mut members, server, part);
        }
    }
    Ok((state, members))
}

/// Whom a sentinel watches.
async fn known(client: &Client, service: &str) -> Result<(Watched, Members), Error> {
    let mut members = Members::new();
    let found: Option<Vec<String>> =
        ask(client, "SENTINEL", &["GET-MASTER-ADDR-BY-NAME", service]).await?;
    let primary =
        found.and_then(|it| Some(Server::new(it.first()?.clone(), it.get(1)?.parse().ok()?)));
    let Some(primary) = primary else {
        let watched = Watched {
            primary: None,
            no_quorum: None,
        };
        return Ok((watched, members));
    };
    let address = primary.to_string();
    let replicas: Vec<HashMap<String, String>> =
        ask(client, "SENTINEL", &["REPLICAS", service]).await?;
    for replica in &replicas {
        let port = replica.get("port").and_then(|port| port.parse().ok());
        if let (Some(host), Some(port)) = (replica.get("ip"), port) {
            add(&mut members, Server::new(host.clone(), port), Part::Replica);
        }
    }
    add(&mut members, primary, Part::Primary);
    let quorum = ask::<String>(client, "SENTINEL", &["CKQUORUM", service]).await;
    let watched = Watched {
        primary: Some(address),
        no_quorum: quorum.err().map(|error| error.details().to_owned()),
    };
    Ok((watched, members))
}
