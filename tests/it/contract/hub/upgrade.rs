use std::sync::Arc;

use bytes::Bytes;
use switchboard::{
    hub::{Batch, BeginGet, ClosedBy, Listener, PostResult, Signal, UpgradeClaim},
    model::{EntryId, PodId},
};

use super::{
    client::{Client, LEASE_MS, LIFE_MS, held, item, items, puts, said},
    support::{ALL, Bench},
};

pub async fn p4_one_probes_at_a_time(bench: &Bench) {
    let client = Client::open(bench).await;
    assert!(client.is_polling().await);
    let mut pod = bench.pod(ALL).await;
    let (parked, _) = client.listen_on(&pod.id, Some("1")).await;
    let racers: Vec<_> = (0..8)
        .map(|_| {
            let (hub, sid, now) = (Arc::clone(&bench.hub), client.sid.clone(), bench.now());
            tokio::spawn(async move {
                hub.claim_upgrade(&sid, &PodId::draw(), now, now + LEASE_MS)
                    .await
            })
        })
        .collect();
    let mut claims = Vec::new();
    for racer in racers {
        match racer.await.unwrap().unwrap() {
            UpgradeClaim::Claimed { claim, state } => claims.push((claim, state)),
            UpgradeClaim::Refused => {}
            UpgradeClaim::Unknown => panic!("it is there"),
        }
    }
    assert_eq!(claims.len(), 1);
    assert_eq!(claims[0].1, "opened");
    assert_eq!(pod.signal().await, (client.sid.clone(), Signal::Release));
    assert!(client.finish(parked, items(0)).await, "it may be answered");
    assert!(matches!(client.get("2").await, BeginGet::Upgrading));
    client.posts("p1", puts(vec![item("meanwhile")])).await;
    let departed = client.upgraded(claims[0].0).await.unwrap();
    assert_eq!(said(&departed.outbox), "meanwhile");
}

pub async fn a_claim_runs_out(bench: &Bench) {
    let client = Client::open(bench).await;
    let first = client.probes().await;
    bench.trouble.pass(LEASE_MS - 1).await;
    assert!(matches!(client.upgrade().await, UpgradeClaim::Refused));
    assert!(matches!(client.get("1").await, BeginGet::Upgrading));
    bench.trouble.pass(1).await;
    client.takes("1", 0).await;
    let second = client.probes().await;
    assert!(client.upgraded(first).await.is_none());
    assert!(client.abort(first, true).await.is_none());
    assert!(matches!(client.get("2").await, BeginGet::Upgrading));
    assert!(client.upgraded(second).await.is_some());
}

pub async fn an_aborted_probe_leaves_polling_as_it_was(bench: &Bench) {
    let client = Client::open(bench).await;
    client.posts("p1", puts(vec![item("a"), item("b")])).await;
    client.takes("1", 1).await;
    let claim = client.probes().await;
    assert!(
        client.abort(claim + 1, true).await.is_none(),
        "not its claim"
    );
    assert!(client.abort(claim, false).await.is_none());
    assert!(client.abort(claim, true).await.is_none(), "it is no more");
    assert!(client.upgraded(claim).await.is_none());
    assert!(client.is_polling().await);
    let again = client.get("1").await;
    assert!(matches!(again, BeginGet::Repeat { batch, .. } if batch == items(1)));
    assert_eq!(said(&client.takes("2", 0).await), "b");
    let claim = client.probes().await;
    assert!(client.upgraded(claim).await.is_some());
}

pub async fn a_told_probe_that_dies_closes(bench: &Bench) {
    let client = Client::open(bench).await;
    client.posts("p1", puts(vec![item("a")])).await;
    let mut pod = bench.pod(ALL).await;
    client.listen_on(&pod.id, Some("1")).await;
    let claim = client.probes().await;
    assert_eq!(pod.signal().await.1, Signal::Release);
    let departed = client.abort(claim, true).await.unwrap();
    assert_eq!(said(&departed.outbox), "a");
    assert_eq!(pod.signal().await.1, Signal::Closed { by_client: false });
    assert!(client.abort(claim, true).await.is_none());
    assert!(client.close(ClosedBy::Server).await.is_none());
    client.assert_over(ClosedBy::Server).await;
}

pub async fn p2_what_is_left_is_handed_over(bench: &Bench) {
    let client = Client::open(bench).await;
    let at = |ms| EntryId { ms, seq: 0 };
    let listener = |ms| Listener {
        log: bench.feed(),
        cursor: at(ms),
    };
    let waits = held(bench, "waits", 10, u64::MAX);
    let result = PostResult {
        state: Bytes::from_static(b"joined"),
        listeners: vec![
            ("/".into(), Some(listener(5))),
            ("/staff".into(), Some(listener(6))),
        ],
        ..puts(vec![item("a"), item("b"), item("c"), waits.clone()])
    };
    client.posts("p1", result).await;
    let (generation, _) = client.listen("1").await;
    let batch = Batch {
        outbox: 2,
        cursors: [("/".to_owned(), at(9))].into_iter().collect(),
        ping: true,
    };
    assert!(client.finish(generation, batch).await);
    let claim = client.probes().await;
    let departed = client.upgraded(claim).await.unwrap();
    assert_eq!(departed.outbox, [item("c"), waits]);
    let cursors: Vec<_> = departed.listeners.into_iter().collect();
    assert_eq!(
        cursors,
        [
            ("/".to_owned(), listener(9)),
            ("/staff".to_owned(), listener(6))
        ]
    );
    assert_eq!(departed.state, "joined");
    assert!(departed.beat.sent && departed.beat.expires_at == client.beat.expires_at);
    assert!(client.upgraded(claim).await.is_none(), "once");
}

pub async fn polling_is_over_after_it(bench: &Bench) {
    let client = Client::open(bench).await;
    let mut pod = bench.pod(ALL).await;
    let (parked, _) = client.listen_on(&pod.id, Some("1")).await;
    let claim = client.probes().await;
    assert_eq!(pod.signal().await.1, Signal::Release);
    assert!(client.upgraded(claim).await.is_some());
    assert!(!client.finish(parked, items(0)).await);
    client.assert_over(ClosedBy::Upgrade).await;
    assert!(client.close(ClosedBy::Client).await.is_none());
    bench.trouble.pass(LIFE_MS / 2).await;
    assert!(!client.is_expired().await);
}

pub async fn the_ended_is_not_upgraded(bench: &Bench) {
    let client = Client::open(bench).await;
    let claim = client.probes().await;
    client.close(ClosedBy::Server).await.unwrap();
    assert!(client.upgraded(claim).await.is_none());
    assert!(client.abort(claim, true).await.is_none());
    client.assert_over(ClosedBy::Server).await;
}
