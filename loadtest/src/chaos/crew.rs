//! All clients of a run.

use std::{collections::HashMap, path::PathBuf};

use anyhow::Context;
use serde_json::Map;
use tokio::{sync::watch, task::JoinSet};

use super::{
    peer::{
        Orders, Phase, Transport,
        client::{Client, Place},
        guest::{self, Guest, Tokens},
        node::{Cast, Node},
        operator::{self, Operator},
        plant::{Bug, Plant, Stash},
    },
    record::{Journal, Role},
};
use crate::target::sign;

pub const DEFAULT: &str = "default";
pub const OTHER: &str = "other";

pub struct Crew {
    world: World,
    tokens: Tokens,
    members: Vec<Member>,
    orders: HashMap<String, watch::Sender<Orders>>,
    tasks: JoinSet<()>,
    nodes: Vec<Node>,
    tabs: usize,
}

/// What clients have to know of the run.
pub struct World {
    pub root: PathBuf,
    pub url: String,
    pub secret: String,
    pub seed: u64,
    pub journal: Journal,
}

struct Member {
    who: String,
    /// The process of the official client it is in; else it is one of ours.
    node: Option<usize>,
}

/// Who is in Node, as (name, transport); the rest of them is in Rust.
const NODES: [[(&str, Transport); 3]; 2] = [
    [
        ("g1", Transport::Polling),
        ("g2", Transport::Both),
        ("o1", Transport::Both),
    ],
    [
        ("g3", Transport::WebSocket),
        ("g4", Transport::Polling),
        ("o2", Transport::Polling),
    ],
];
const RUST: [(&str, Transport, &str); 11] = [
    ("g5", Transport::WebSocket, DEFAULT),
    ("g6", Transport::WebSocket, DEFAULT),
    ("g7", Transport::WebSocket, DEFAULT),
    ("g8", Transport::Polling, DEFAULT),
    ("g9", Transport::Polling, DEFAULT),
    ("g10", Transport::Polling, DEFAULT),
    ("o3", Transport::WebSocket, DEFAULT),
    ("o4", Transport::Polling, DEFAULT),
    ("g11", Transport::WebSocket, OTHER),
    ("g12", Transport::Polling, OTHER),
    ("o5", Transport::WebSocket, OTHER),
];
/// Who has which bug in its stream, if bugs are planted, and who is overheard by the one that leaks.
const BUGS: [(&str, Bug); 5] = [
    ("g5", Bug::Drop),
    ("g6", Bug::Duplicate),
    ("g7", Bug::Reorder),
    ("g8", Bug::Leak),
    ("g10", Bug::FalseAck),
];
const OVERHEARD: &str = "g9";

impl Crew {
    pub async fn gather(world: World, bugs: &[Bug]) -> anyhow::Result<Self> {
        let mut crew = Self {
            world,
            tokens: Tokens::default(),
            members: Vec::new(),
            orders: HashMap::new(),
            tasks: JoinSet::new(),
            nodes: Vec::new(),
            tabs: 0,
        };
        for (index, cast) in NODES.iter().enumerate() {
            let mut clients = Vec::new();
            for (who, transport) in cast {
                clients.push(crew.cast(who, *transport)?);
                crew.members.push(Member {
                    who: (*who).to_owned(),
                    node: Some(index),
                });
            }
            let World {
                root, url, journal, ..
            } = &crew.world;
            let node = Node::start(root, url, &clients, journal.clone()).await?;
            crew.nodes.push(node);
        }
        let stash = Stash::default();
        for (who, transport, workspace) in RUST {
            let bug = BUGS
                .iter()
                .find(|(with, bug)| *with == who && bugs.contains(bug));
            let plant = if who == OVERHEARD {
                Plant::overheard(&stash)
            } else {
                Plant::new(bug.map(|(_, bug)| *bug), &stash)
            };
            crew.add(who, transport, workspace, plant)?;
        }
        Ok(crew)
    }

    pub fn len(&self) -> usize {
        self.members.len()
    }

    pub fn who(&self, target: usize) -> String {
        self.members[target % self.members.len()].who.clone()
    }

    /// A further tab of a guest.
    pub fn open_tab(&mut self, target: usize) -> Option<String> {
        let guests = RUST.iter().filter(|(who, ..)| who.starts_with('g'));
        let guests: Vec<_> = guests.collect();
        let (whose, transport, workspace) = guests[target % guests.len()];
        let token = self.tokens.of(whose)?;
        self.tabs += 1;
        let who = format!("{whose}t{}", self.tabs);
        let client = self.client(&who, *transport, Plant::default(), Map::new());
        let seed = self.seed(&who);
        let guest = Guest::new(client, seed, workspace, &self.tokens, Some(token));
        self.tasks.spawn(guest.run());
        Some(who)
    }

    pub async fn kick(&mut self, who: &str) -> anyhow::Result<()> {
        let member = self.members.iter().find(|member| member.who == who);
        match member.and_then(|member| member.node) {
            Some(node) => self.nodes[node].kick(who).await?,
            None => {
                if let Some(orders) = self.orders.get(who) {
                    orders.send_modify(|orders| orders.kicks += 1);
                }
            }
        }
        Ok(())
    }

    pub async fn enter(&mut self, phase: Phase) -> anyhow::Result<()> {
        for orders in self.orders.values() {
            orders.send_modify(|orders| orders.phase = phase);
        }
        for node in &mut self.nodes {
            node.enter(phase).await?;
        }
        Ok(())
    }

    /// How many clients there are, tabs included.
    pub fn everybody(&self) -> usize {
        self.members.len() + self.tabs
    }

    /// Once all have left.
    pub async fn end(mut self) -> anyhow::Result<()> {
        while let Some(ended) = self.tasks.join_next().await {
            ended.context("a client has failed")?;
        }
        for node in self.nodes {
            node.end().await?;
        }
        Ok(())
    }

    fn add(
        &mut self,
        who: &str,
        transport: Transport,
        workspace: &str,
        plant: Plant,
    ) -> anyhow::Result<()> {
        let seed = self.seed(who);
        if who.starts_with('g') {
            let client = self.client(who, transport, plant, Map::new());
            let guest = Guest::new(client, seed, workspace, &self.tokens, None);
            self.tasks.spawn(guest.run());
        } else {
            let token = sign(&self.world.secret, number(who), workspace)?;
            let auth = Map::from_iter([("token".to_owned(), token.into())]);
            let client = self.client(who, transport, plant, auth);
            self.tasks
                .spawn(Operator::new(client, seed, workspace).run());
        }
        self.members.push(Member {
            who: who.to_owned(),
            node: None,
        });
        Ok(())
    }

    fn client(
        &mut self,
        who: &str,
        transport: Transport,
        plant: Plant,
        auth: Map<String, serde_json::Value>,
    ) -> Client {
        let (sender, orders) = watch::channel(Orders::default());
        self.orders.insert(who.to_owned(), sender);
        let nsp = if auth.is_empty() {
            guest::NAMESPACE
        } else {
            operator::NAMESPACE
        };
        let place = Place {
            url: self.world.url.clone(),
            nsp,
            transport,
            auth,
        };
        Client::new(who, place, self.world.journal.clone(), orders, plant)
    }

    fn cast(&self, who: &str, transport: Transport) -> anyhow::Result<Cast> {
        let (role, token) = if who.starts_with('g') {
            (Role::Guest, None)
        } else {
            let token = sign(&self.world.secret, number(who), DEFAULT)?;
            (Role::Operator, Some(token))
        };
        Ok(Cast {
            who: who.to_owned(),
            role,
            workspace: DEFAULT.to_owned(),
            transport,
            token,
        })
    }

    /// Clients take their chances apart from each other, and from the faults.
    fn seed(&self, who: &str) -> u64 {
        let bytes = who.bytes().map(u64::from);
        bytes.fold(self.world.seed, |seed, byte| {
            seed.wrapping_mul(31).wrapping_add(byte)
        })
    }
}

/// Of `o3`, 3: operators have numbers as their ids.
fn number(who: &str) -> usize {
    let digits = who.trim_start_matches(|letter: char| !letter.is_ascii_digit());
    digits.parse().unwrap_or_default()
}
