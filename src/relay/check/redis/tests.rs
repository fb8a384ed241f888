use std::time::Duration;

use super::*;
use crate::{
    hub::redis::probe::{Facts, Rights, Watched},
    model::{FORMAT, Skew},
    relay::check::item::Status,
};

/// An item, what it comes to, words of it, and what is wrong.
type Case = (&'static str, Status, &'static str, fn(&mut Facts));

fn facts() -> Facts {
    Facts {
        took: Duration::from_millis(2),
        version: "7.4.0".into(),
        is_new_enough: true,
        is_replica: false,
        is_clustered: false,
        eviction: Some("noeviction".into()),
        max_memory: 1 << 30,
        keeps_log: Some(true),
        fsync: Some("always".into()),
        clients: (Some(3), Some(10_000)),
        skew: Skew {
            ms: 0,
            within_ms: 1,
        },
        rights: Rights::All,
        format: None,
    }
}

fn node(address: &str, part: Part, answer: Result<Facts, Unanswered>) -> Node {
    Node {
        address: address.into(),
        part,
        answer,
    }
}

fn single(facts: Facts) -> Vec<Item> {
    with(facts, Ack::Accepted)
}

fn with(facts: Facts, ack: Ack) -> Vec<Item> {
    let probe = Probe {
        layout: Layout::Single,
        nodes: vec![node("one:6379", Part::Primary, Ok(facts))],
        passed_over: 0,
    };
    items(&Ok(probe), ack)
}

fn found<'a>(items: &'a [Item], name: &str) -> &'a Item {
    items.iter().find(|item| item.item == name).unwrap()
}

#[test]
fn a_good_one_has_nothing_to_be_done_about() {
    let items = single(facts());
    assert_eq!(items.len(), 1 + OF_ALL.len());
    assert!(items.iter().all(|it| it.status == Status::Ok), "{items:?}");
    assert_eq!(items[0].found, "one:6379 (primary) answers, in 2 ms");
}

#[test]
fn what_is_wrong_with_a_server_is_told() {
    let cases: [Case; 14] = [
        ("redis", Status::Fail, "a replica", |it| {
            it.is_replica = true
        }),
        ("redis", Status::Fail, "of a cluster", |it| {
            it.is_clustered = true
        }),
        ("redis-version", Status::Fail, "too old on one:6379", |it| {
            it.is_new_enough = false
        }),
        ("redis-eviction", Status::Fail, "allkeys-lru", |it| {
            it.eviction = Some("allkeys-lru".into());
        }),
        (
            "redis-eviction",
            Status::Warn,
            "once maxmemory is set",
            |it| {
                (it.eviction, it.max_memory) = (Some("volatile-lru".into()), 0);
            },
        ),
        ("redis-eviction", Status::Note, "cannot be read", |it| {
            it.eviction = None
        }),
        ("redis-memory", Status::Warn, "no maxmemory", |it| {
            it.max_memory = 0
        }),
        ("redis-durability", Status::Warn, "appendonly no", |it| {
            it.keeps_log = Some(false)
        }),
        (
            "redis-durability",
            Status::Warn,
            "the last two seconds",
            |it| {
                it.fsync = Some("everysec".into());
            },
        ),
        ("redis-durability", Status::Note, "cannot be read", |it| {
            it.fsync = None
        }),
        ("redis-rights", Status::Fail, "XADD, XTRIM", |it| {
            it.rights = Rights::Lacks(vec!["XADD", "XTRIM"]);
        }),
        ("redis-rights", Status::Note, "cannot be asked", |it| {
            it.rights = Rights::Scripts
        }),
        ("redis-connections", Status::Fail, "9998 of 10000", |it| {
            it.clients = (Some(9_998), Some(10_000));
        }),
        ("redis-format", Status::Fail, "a newer release", |it| {
            it.format = Some(FORMAT + 1)
        }),
    ];
    for (name, status, words, change) in cases {
        let mut facts = facts();
        change(&mut facts);
        let items = single(facts);
        let item = found(&items, name);
        assert_eq!(item.status, status, "{item:?}");
        let told = format!("{} {}", item.found, item.advice.as_deref().unwrap());
        assert!(told.contains(words), "{item:?}");
    }
}

#[test]
fn with_acks_that_mean_stored_a_crash_of_redis_loses_no_message() {
    for fsync in ["always", "everysec", "no"] {
        for keeps_log in [Some(true), Some(false)] {
            let facts = Facts {
                fsync: Some(fsync.into()),
                keeps_log,
                ..facts()
            };
            let items = with(facts, Ack::Stored);
            let item = found(&items, "redis-durability");
            assert_eq!(item.status, Status::Ok, "{item:?}");
        }
    }
}

/// What is dead fails if it is needed, and all the rest is looked at.
#[test]
fn of_several_each_has_a_line() {
    let late = || Err(Unanswered::Late);
    let probe = |first, second| Probe {
        layout: Layout::Cluster(Some(Slots {
            is_ok: true,
            assigned: Slots::ALL,
        })),
        nodes: vec![
            node("one:1", Part::Primary, Ok(facts())),
            node("two:2", first, late()),
            node("three:3", second, late()),
        ],
        passed_over: 0,
    };
    let items = items(&Ok(probe(Part::Replica, Part::Seed)), Ack::Accepted);
    let lines: Vec<Status> = items
        .iter()
        .filter(|it| it.item == "redis")
        .map(|it| it.status)
        .collect();
    assert_eq!(lines, [Status::Ok, Status::Warn, Status::Warn]);
    assert_eq!(found(&items, "redis-version").status, Status::Ok);
    let items = super::items(&Ok(probe(Part::Primary, Part::Seed)), Ack::Accepted);
    assert!(
        items
            .iter()
            .any(|it| it.item == "redis" && it.status == Status::Fail)
    );
}

#[test]
fn without_any_answer_the_rest_says_so() {
    let probe = Probe {
        layout: Layout::Single,
        nodes: vec![node("one:6379", Part::Primary, Err(Unanswered::Auth))],
        passed_over: 0,
    };
    let items = items(&Ok(probe), Ack::Accepted);
    assert_eq!(items[0].status, Status::Fail);
    assert!(items[1..].iter().all(|it| it.status == Status::Note));
    assert_eq!(items.len(), 1 + OF_ALL.len());
    let wrong = super::items(&Err(OpenError::Url), Ack::Accepted);
    assert!(wrong[0].is_setting && wrong.len() == items.len());
}

#[test]
fn sentinels_and_clusters_are_told_of_as_a_whole() {
    let watching = |watchers: Vec<Result<Watched, Unanswered>>| {
        let watchers = watchers.into_iter().map(|answer| Watcher {
            address: "w:26379".into(),
            answer,
        });
        let probe = Probe {
            layout: Layout::Sentinel {
                service: "main".into(),
                watchers: watchers.collect(),
            },
            nodes: Vec::new(),
            passed_over: 0,
        };
        let items = layout(&probe);
        items.iter().map(|it| it.status).collect::<Vec<_>>()
    };
    let watched = |primary: Option<&str>, why: Option<&str>| {
        Ok(Watched {
            primary: primary.map(str::to_owned),
            no_quorum: why.map(str::to_owned),
        })
    };
    let good = || watched(Some("one:1"), None);
    assert_eq!(
        watching(vec![good(), Err(Unanswered::Late)]),
        [Status::Ok, Status::Warn]
    );
    assert_eq!(watching(vec![Err(Unanswered::Late)]), [Status::Fail]);
    assert_eq!(watching(vec![watched(None, None)]), [Status::Fail]);
    assert_eq!(
        watching(vec![watched(Some("one:1"), Some("NOQUORUM"))]),
        [Status::Warn]
    );

    let cluster = |slots| {
        let probe = Probe {
            layout: Layout::Cluster(slots),
            nodes: Vec::new(),
            passed_over: 0,
        };
        layout(&probe)[0].status
    };
    let slots = |is_ok, assigned| Some(Slots { is_ok, assigned });
    assert_eq!(cluster(slots(true, Slots::ALL)), Status::Ok);
    assert_eq!(cluster(slots(false, Slots::ALL - 1)), Status::Fail);
    assert_eq!(cluster(None), Status::Fail);
}
