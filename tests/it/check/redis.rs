//! What it says of a Redis, of sentinels and of a cluster.

use std::time::Duration;

use switchboard::{
    hub::redis::probe::{Layout, Part, Rights, probe},
    model::Clock,
};
use tokio::{net::TcpListener, time::Instant};

use super::{Checked, GOOD_REDIS, migrate, pod};
use crate::support::{
    schema::Schema,
    servers::{Cluster, Redis, Sentinel, ask::ask},
};

/// Longer than the bounds of its questions, with room for a busy machine.
const BOUND: Duration = Duration::from_secs(18);

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_throws_away_and_keeps_no_log_is_told() {
    let options = ["--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru"];
    let redis = Redis::start(&[&options[..], &["--appendonly", "no"]].concat()).await;
    let schema = Schema::fresh().await;
    migrate(&schema.url()).await;
    let found = Checked::by(&mut pod(redis.url(), &schema.url())).await;
    assert_eq!(found.code, 1, "{}", found.said);
    found.is("redis", "ok", &["127.0.0.1:", "primary"]);
    found.is("redis-version", "ok", &["7."]);
    let words = ["allkeys-lru", "set maxmemory-policy noeviction"];
    found.is("redis-eviction", "fail", &words);
    let words = ["appendonly no", "not in Postgres yet", "appendfsync always"];
    found.is("redis-durability", "warn", &words);

    for (name, value) in [
        ("maxmemory-policy", "noeviction"),
        ("appendonly", "yes"),
        ("appendfsync", "everysec"),
    ] {
        ask(redis.url(), &format!("CONFIG SET {name} {value}")).await;
    }
    let found = Checked::by(&mut pod(redis.url(), &schema.url())).await;
    assert_eq!(found.code, 0, "{}", found.said);
    found.is("redis-eviction", "ok", &["noeviction"]);
    let words = ["everysec", "the last two seconds of acknowledged messages"];
    found.is("redis-durability", "warn", &words);
    // What is acknowledged is in Postgres then.
    let found = Checked::by(pod(redis.url(), &schema.url()).env("ACK", "stored")).await;
    found.is("redis-durability", "ok", &["everysec", "ACK=stored"]);
    let found = Checked::by(pod(redis.url(), &schema.url()).arg("--strict")).await;
    assert_eq!(found.code, 1, "warnings count");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_redis_keeps_nothing_else_from_being_looked_at() {
    let mut redis = Redis::start(&GOOD_REDIS).await;
    let schema = Schema::fresh().await;
    migrate(&schema.url()).await;
    redis.kill().await;
    let found = Checked::by(&mut pod(redis.url(), &schema.url())).await;
    assert_eq!(found.code, 1, "{}", found.said);
    found.is("redis", "fail", &["127.0.0.1:", "refused", "start it"]);
    found.is("redis-eviction", "note", &["not looked at"]);
    found.is("redis-clock", "note", &["not looked at"]);
    assert_eq!(found.all("fail"), ["redis"]);
    for other in [
        "postgres",
        "postgres-migrations",
        "postgres-indexes",
        "postgres-clock",
        "cors",
    ] {
        found.is(other, "ok", &[]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_says_nothing_is_given_up() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = silent.local_addr().unwrap();
    let (redis, postgres) = (
        format!("redis://:open-sesame@{address}"),
        format!("postgres://ada:open-sesame@{address}/chat"),
    );
    let began = Instant::now();
    let found = Checked::by(&mut pod(&redis, &postgres)).await;
    assert!(began.elapsed() < BOUND, "{:?}", began.elapsed());
    assert_eq!(found.code, 1, "{}", found.said);
    let place = address.to_string();
    found.is("redis", "fail", &[&place, "no answer within 5 s"]);
    found.is(
        "postgres",
        "fail",
        &[&format!("{place}/chat as ada"), "no answer"],
    );
    assert!(!found.said.contains("sesame"), "{}", found.said);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_told_and_none_is_printed() {
    let redis = Redis::start(&GOOD_REDIS).await;
    ask(redis.url(), "CONFIG SET requirepass right-sesame").await;
    let address = redis.url().rsplit('/').next().unwrap();
    let schema = Schema::fresh().await;
    for user in ["", ":wrong-sesame@", "ada:wrong-sesame@"] {
        let url = format!("redis://{user}{address}");
        let found = Checked::by(&mut pod(&url, &schema.url())).await;
        found.is("redis", "fail", &[address, "correct user and password"]);
        assert!(!found.said.contains("sesame"), "{}", found.said);
    }
    let url = format!("redis://:right-sesame@{address}");
    let found = Checked::by(&mut pod(&url, &schema.url())).await;
    found.is("redis", "ok", &[address]);
    assert!(!found.said.contains("sesame"), "{}", found.said);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_server_of_a_cluster_has_a_line() {
    let cluster = Cluster::start(3).await;
    let schema = Schema::fresh().await;
    let found = Checked::by(&mut pod(&cluster.url(), &schema.url())).await;
    found.is("redis-cluster", "ok", &["all slots", "3 servers"]);
    let lines = found.of("redis");
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert!(
        lines.iter().all(|line| line.starts_with("ok ")),
        "{lines:?}"
    );
    // The same server, asked for what it is not.
    let single = cluster.url().replace("redis-cluster://", "redis://");
    let found = Checked::by(&mut pod(&single, &schema.url())).await;
    found.is("redis", "fail", &["of a cluster", "redis-cluster://"]);
    cluster.ask(0, "CLUSTER DELSLOTSRANGE 0 9").await;
    let found = Checked::by(&mut pod(&cluster.url(), &schema.url())).await;
    found.is("redis-cluster", "fail", &["16374 of 16384"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_of_no_cluster_is_told() {
    let redis = Redis::start(&GOOD_REDIS).await;
    let url = redis.url().replace("redis://", "redis-cluster://");
    let schema = Schema::fresh().await;
    let found = Checked::by(&mut pod(&url, &schema.url())).await;
    found.is(
        "redis",
        "fail",
        &["belongs to no cluster", "write redis://"],
    );
    found.is("redis-cluster", "fail", &[]);
}

#[tokio::test(flavor = "multi_thread")]
async fn sentinels_and_whom_they_watch_have_a_line_each() {
    let mut sentinel = Sentinel::start().await;
    let schema = Schema::fresh().await;
    let found = Checked::by(&mut pod(&sentinel.url(), &schema.url())).await;
    let primary = sentinel
        .primary
        .url()
        .rsplit('/')
        .next()
        .unwrap()
        .to_owned();
    let watchers = found.of("redis-sentinel");
    let watches = |line: &String| line.starts_with("ok ") && line.contains(&primary);
    assert!(
        watchers.len() == 3 && watchers.iter().all(watches),
        "{watchers:?}"
    );
    let servers = found.of("redis");
    assert_eq!(servers.len(), 2, "{servers:?}");
    let is_primary = |line: &&String| line.contains(&format!("{primary} (primary)"));
    assert_eq!(servers.iter().filter(is_primary).count(), 1, "{servers:?}");
    // A name that nobody knows.
    let unknown = sentinel
        .url()
        .replace("sentinelServiceName=main", "sentinelServiceName=other");
    let found = Checked::by(&mut pod(&unknown, &schema.url())).await;
    let watchers = found.of("redis-sentinel");
    assert!(
        watchers
            .iter()
            .all(|it| it.starts_with("fail ") && it.contains("no other")),
        "{watchers:?}"
    );
    // Asked as if it kept data, with a database and without.
    let as_data = sentinel.url().replace("redis-sentinel://", "redis://");
    let as_data = as_data.split("?").next().unwrap();
    for url in [as_data, as_data.trim_end_matches("/0")] {
        let found = Checked::by(&mut pod(url, &schema.url())).await;
        found.is("redis", "fail", &["Sentinel", "redis-sentinel://"]);
    }
    // A replica by its own name.
    let found = Checked::by(&mut pod(sentinel.replica.url(), &schema.url())).await;
    found.is("redis", "fail", &["a replica, which takes no writes"]);
    sentinel.replica.kill().await;
    let probe = probe(&sentinel.url(), "sb", &Clock::System).await.unwrap();
    assert!(matches!(probe.layout, Layout::Sentinel { .. }));
    let dead = probe.nodes.iter().find(|node| node.part == Part::Replica);
    assert!(dead.unwrap().answer.is_err());
}

/// Users who may not do all that the scripts do, and one who may do no more than that.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_user_may_not_do_is_told() {
    let redis = Redis::start(&GOOD_REDIS).await;
    let address = redis.url().rsplit('/').next().unwrap();
    let rights = async |name: &str, rules: &str| {
        let made = format!("ACL SETUSER {name} on >pass {rules}");
        ask(redis.url(), &made).await;
        let url = format!("redis://{name}:pass@{address}");
        let probe = probe(&url, "sb", &Clock::System).await.unwrap();
        probe.nodes[0].answer.clone().unwrap().rights
    };
    let ours = "~sb:* &sb:*";
    let most = format!("{ours} +@read +@write +@pubsub +@scripting +@connection +@fast +info");
    let all = rights("all", &format!("{most} +acl")).await;
    assert_eq!(all, Rights::All);
    let lacks = rights("noxadd", &format!("{most} +acl -xadd -spublish")).await;
    assert_eq!(lacks, Rights::Lacks(vec!["SPUBLISH", "XADD"]));
    let others = most.replace("sb:", "other:");
    let Rights::Lacks(lacks) = rights("others", &format!("{others} +acl")).await else {
        panic!("it may use keys of others");
    };
    assert_eq!(lacks, ["EVALSHA"]);
    assert_eq!(
        rights("noscript", &format!("{ours} +@all -evalsha")).await,
        Rights::Lacks(vec!["EVALSHA"])
    );
    // It may not ask what it may do.
    assert_eq!(
        rights("silent", &format!("{most} -acl")).await,
        Rights::Scripts
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_that_was_raised_beyond_this_release_is_told() {
    let redis = Redis::start(&GOOD_REDIS).await;
    let schema = Schema::fresh().await;
    let found = Checked::by(&mut pod(redis.url(), &schema.url())).await;
    found.is("redis-format", "ok", &["never raised"]);
    ask(redis.url(), "SET sb:{53t}:format 200").await;
    let found = Checked::by(&mut pod(redis.url(), &schema.url())).await;
    found.is("redis-format", "fail", &["200", "a newer release"]);
}
