//! Three processes on Redis and Postgres. After each suite, what its clients saw is what is stored.

use std::time::Duration;

use tokio::time::{sleep, timeout};
use tokio_postgres::Client;

use super::{
    hold::Hold,
    script::{Script, list},
    seen::{self, Seen},
    settings, suites,
};
use crate::{
    process::server::{LONG, LOOK},
    support::pods::Pods,
};

/// The history is written by one pod at a time; of a killed one it is taken over when its lease ends.
const STORED: Duration = LONG.saturating_mul(2);

suites!(run);

#[tokio::test(flavor = "multi_thread")]
async fn conversation_with_acks_once_stored() {
    run_with("e2e/conversation", "default", &[("ACK", "stored")]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p1_p2_a_killed_pod_of_the_operator_costs_no_message_and_none_comes_twice() {
    kill(0, &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p1_p2_a_killed_pod_of_a_guest_costs_no_message_and_none_comes_twice() {
    kill(1, &[]).await;
}

/// What is sent again has nothing then that tells it from something new.
#[tokio::test(flavor = "multi_thread")]
async fn p1_p3_a_killed_pod_costs_no_message_and_doubles_none_though_none_has_an_id() {
    kill(0, &[("WITHOUT_IDS", "1")]).await;
}

/// WebSockets are on the pods in the order in which they are opened: the operator's on the first.
async fn kill(victim: usize, told: &[(&str, &str)]) {
    let mut pods = Pods::start(3).await;
    let script = Script::new("e2e/kill", "default", &pods.addresses(), &pods.secrets())
        .env("BACKEND_PIDS", list(&pods.pids()))
        .env("VICTIM", victim);
    let script = told
        .iter()
        .fold(script, |script, (name, value)| script.env(name, value));
    let seen = script.run().await;
    pods.lose(victim).await;
    check(pods, &seen).await;
}

async fn run(suite: &str, transports: &str) {
    let mut settings = settings(suite);
    if suite == "e2e/retries" {
        // Or there is nothing to wait for.
        settings.push(("ACK", "stored"));
    }
    run_with(suite, transports, &settings).await;
}

async fn run_with(suite: &str, transports: &str, settings: &[(&str, &str)]) {
    let pods = Pods::start_with(3, settings).await;
    let hold = Hold::start(pods.database().await).await;
    let script = Script::new(suite, transports, &pods.addresses(), &pods.secrets());
    let script = script.env("HOLD", hold.port);
    let seen = script.run().await;
    for server in pods.servers() {
        assert_used(&server.measured().await);
    }
    check(pods, &seen).await;
}

/// The turns of the proxy are one thing, that a pod has served somebody is another.
pub fn assert_used(metrics: &str) {
    const OPENED: &str = "switchboard_connections_opened_total{";
    let mut opened = metrics.lines().filter(|line| line.starts_with(OPENED));
    assert!(opened.any(|line| !line.ends_with(" 0")), "{metrics}");
}

/// Looks again once the pods have ended: by then, something that was stored twice would be there.
async fn check(pods: Pods, seen: &[Seen]) {
    let database = pods.database().await;
    timeout(STORED, stored(&database, seen::messages(seen).len()))
        .await
        .unwrap_or_else(|_| panic!("not all of what was seen is ever stored"));
    let _schema = pods.stop().await;
    seen::assert_stored(&database, seen).await;
}

async fn stored(database: &Client, messages: usize) {
    let count = "SELECT count(*) FROM messages";
    let wanted = i64::try_from(messages).unwrap();
    while database
        .query_one(count, &[])
        .await
        .unwrap()
        .get::<_, i64>(0)
        < wanted
    {
        sleep(LOOK).await;
    }
}
