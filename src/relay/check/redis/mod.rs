//! Redis: each server by itself, and what holds for all of them.

mod servers;

use self::servers::Servers;
use super::item::{Item, told};
use crate::{
    config::Ack,
    hub::redis::{
        OpenError,
        probe::{Layout, Node, Part, Probe, Slots, Unanswered, Watcher},
    },
};

/// What is said of them all, once one has answered.
const OF_ALL: [&str; 7] = [
    "redis-version",
    "redis-eviction",
    "redis-memory",
    "redis-durability",
    "redis-rights",
    "redis-connections",
    "redis-format",
];

const AS_SENTINEL: &str = "write redis-sentinel:// in REDIS_URL";

pub fn items(probe: &Result<Probe, OpenError>, ack: Ack) -> Vec<Item> {
    let probe = match probe {
        Ok(probe) => probe,
        Err(error) => {
            let advice = "correct REDIS_URL: a start is refused";
            let mut items = vec![Item::wrong("redis", told(error), advice)];
            items.extend(OF_ALL.map(|item| Item::unseen(item, "REDIS_URL")));
            return items;
        }
    };
    let mut items = layout(probe);
    items.extend(probe.nodes.iter().map(|node| self::node(node, probe)));
    let servers = Servers::of(probe);
    if servers.is_empty() {
        items.extend(OF_ALL.map(|item| Item::unseen(item, "Redis")));
        return items;
    }
    items.extend([
        servers.version(),
        servers.eviction(),
        servers.memory(),
        servers.durability(ack),
        servers.rights(),
        servers.connections(),
        servers.format(),
    ]);
    items
}

/// Of a cluster or of sentinels as a whole.
fn layout(probe: &Probe) -> Vec<Item> {
    match &probe.layout {
        Layout::Single => Vec::new(),
        Layout::Cluster(slots) => vec![cluster(*slots, probe)],
        Layout::Sentinel { service, watchers } => {
            let answers = watchers.iter().any(|it| it.answer.is_ok());
            let each = watchers.iter().map(|it| watcher(it, service, answers));
            each.collect()
        }
    }
}

fn cluster(slots: Option<Slots>, probe: &Probe) -> Item {
    const ITEM: &str = "redis-cluster";
    let nodes = probe.nodes.len() + probe.passed_over;
    match slots {
        None => Item::fail(
            ITEM,
            "none of its servers answers",
            "see the lines of the servers",
        ),
        Some(slots) if slots.is_ok && slots.assigned == Slots::ALL => {
            let looked = match probe.passed_over {
                0 => String::new(),
                more => format!(", {more} of which are passed over here"),
            };
            Item::ok(
                ITEM,
                format!("all slots are served, {nodes} servers{looked}"),
            )
        }
        Some(Slots { assigned, .. }) => Item::fail(
            ITEM,
            format!(
                "not all slots are served: {assigned} of {} have a server",
                Slots::ALL
            ),
            "mend the cluster (redis-cli --cluster check): workspaces in the others cannot chat",
        ),
    }
}

fn watcher(watcher: &Watcher, service: &str, answers: bool) -> Item {
    const ITEM: &str = "redis-sentinel";
    let address = &watcher.address;
    match &watcher.answer {
        Err(unanswered) => {
            let found = format!("{address}: {unanswered}");
            let advice = "start it, or take it out of REDIS_URL";
            if answers {
                Item::warn(ITEM, found, advice)
            } else {
                Item::fail(ITEM, found, advice)
            }
        }
        Ok(watched) => match (&watched.primary, &watched.no_quorum) {
            (None, _) => Item::fail(
                ITEM,
                format!("{address} watches no {service}"),
                "correct sentinelServiceName in REDIS_URL",
            ),
            (Some(_), Some(why)) => Item::warn(
                ITEM,
                format!("{address} cannot replace the primary: {why}"),
                "start the other sentinels",
            ),
            (Some(primary), None) => {
                Item::ok(ITEM, format!("{address} watches {primary} ({service})"))
            }
        },
    }
}

fn node(node: &Node, probe: &Probe) -> Item {
    const ITEM: &str = "redis";
    let address = &node.address;
    let part = match node.part {
        Part::Primary => "primary",
        Part::Replica => "replica",
        Part::Seed => "of the URL",
    };
    let facts = match &node.answer {
        Ok(facts) => facts,
        Err(unanswered) => {
            let found = format!("{address} ({part}): {unanswered}");
            let others = probe.nodes.iter().any(|other| other.answer.is_ok());
            let advice = advice(unanswered);
            return match node.part {
                Part::Replica | Part::Seed if others => Item::warn(ITEM, found, advice),
                _ => Item::fail(ITEM, found, advice),
            };
        }
    };
    let single = matches!(probe.layout, Layout::Single);
    let misplaced = [
        (
            single && facts.is_clustered,
            "of a cluster",
            "write redis-cluster:// in REDIS_URL",
        ),
        (
            node.part == Part::Primary && facts.is_replica,
            "a replica, which takes no writes",
            "name the primary in REDIS_URL, or run this again if it has just changed",
        ),
    ];
    if let Some((_, what, advice)) = misplaced.into_iter().find(|(is_so, ..)| *is_so) {
        return Item::fail(ITEM, format!("{address} is {what}"), advice);
    }
    let took = facts.took.as_millis();
    Item::ok(ITEM, format!("{address} ({part}) answers, in {took} ms"))
}

fn advice(unanswered: &Unanswered) -> &'static str {
    match unanswered {
        Unanswered::Auth => "correct user and password in REDIS_URL",
        Unanswered::NoCluster => "write redis:// in REDIS_URL",
        Unanswered::NoData => AS_SENTINEL,
        Unanswered::Late | Unanswered::Away(_) => {
            "start it, and let this machine reach it: address, firewall, TLS (rediss://)"
        }
    }
}

#[cfg(test)]
mod tests;
