//! What is asked of a connection happens once, though its answer is lost and it is asked again: each
//! operation here is carried out by Redis twice, and answers as if it had been once.

use std::sync::Arc;

use switchboard::{
    hub::{
        ABANDON_GRACE_MS, BeginGet, BeginPost, ClosedBy, Listener, OUTBOX_MAX, Persisted,
        PostResult, Posted, Signal, Tombstone, UpgradeClaim,
    },
    model::{EntryId, PodId},
};

use super::{
    client::{Client, LIFE_MS, held, item, items, listening, puts, said},
    limits,
    on_redis::on_redis_at,
    support::{ALL, Bench, within},
};
use crate::support::{lossy::Lossy, servers};

/// A hub on the other side of a way that loses answers.
struct Far {
    bench: Bench,
    way: Lossy,
}

impl Far {
    async fn start() -> Self {
        let url = servers::redis().await;
        let server = url.trim_start_matches("redis://").trim_end_matches('/');
        let way = Lossy::to(server).await;
        let bench = on_redis_at(&format!("redis://{}", way.address)).await;
        Self { bench, way }
    }

    /// What this is answered with, the first answer having been lost.
    async fn lost<T>(&self, asked: impl Future<Output = T>) -> T {
        self.lost_nth(1, asked).await
    }

    /// The same, where it takes several scripts.
    async fn lost_nth<T>(&self, nth: usize, asked: impl Future<Output = T>) -> T {
        let before = self.way.lost();
        self.way.lose(nth);
        let answer = within(asked).await;
        assert_eq!(self.way.lost(), before + 1, "nothing was lost");
        answer
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_get_is_the_listener_once() {
    let far = Far::start().await;
    let client = far.lost(Client::open(&far.bench)).await;
    let mut pod = far.bench.pod(ALL).await;
    client
        .posts("p1", puts(vec![item("a"), item("b"), item("c")]))
        .await;
    let (first, _) = client.listen("1").await;
    assert!(far.lost(client.finish(first, items(1))).await);
    let again = far.lost(client.get("1")).await;
    assert!(matches!(again, BeginGet::Repeat { batch, .. } if batch == items(1)));

    let (second, drained) = far.lost(client.listen_on(&pod.id, Some("2"))).await;
    assert_eq!(second, first + 1, "it does not take its own place");
    assert_eq!(
        said(&drained.outbox),
        "b, c",
        "it acknowledges what was before it, and nothing of its own"
    );
    let (third, _) = far.lost(client.listen_on(&pod.id, Some("2"))).await;
    assert_eq!(third, second + 1);
    assert_eq!(pod.signal().await.1, Signal::Replaced);
    client.posts("p2", puts(vec![item("d")])).await;
    assert_eq!(pod.signal().await.1, Signal::Wake, "it was replaced once");

    far.lost(client.abandon(third)).await;
    assert!(!client.finish(third, items(1)).await);
    far.bench.trouble.pass(ABANDON_GRACE_MS).await;
    assert!(client.is_expired().await);

    let doubled = Client::open(&far.bench).await;
    doubled.posts("p1", puts(vec![item("a")])).await;
    doubled.listen("1").await;
    let overlap = far.lost(doubled.get("2")).await;
    let BeginGet::Overlap(departed) = overlap else {
        panic!("{overlap:?}");
    };
    assert_eq!(said(&departed.outbox), "a");
    doubled.assert_over(ClosedBy::Server).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_charge_is_made_once() {
    let far = Far::start().await;
    for charged in [1, 2, 3] {
        let asked = limits::charge(&far.bench, "one");
        assert_eq!(far.lost(asked).await, None, "charge {charged} of 3");
    }
    let left = far.lost(limits::charge(&far.bench, "one")).await;
    assert_eq!(left, Some(limits::WINDOW_MS));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_released_is_released_once() {
    let far = Far::start().await;
    let client = Client::open(&far.bench).await;
    let now = far.bench.now();
    let waits = vec![
        held(&far.bench, "first", 10, now + 1),
        held(&far.bench, "first", 10, now + 1),
        held(&far.bench, "second", 10, now + 1_000),
    ];
    client.posts("p1", puts(waits)).await;
    let (generation, _) = client.listen("1").await;
    let none = Persisted::default();
    let looked = far.lost(client.drain(generation, &none)).await.unwrap();
    assert!(looked.outbox.is_empty());
    far.bench.trouble.pass(1).await;
    let looked = far.lost_nth(2, client.drain(generation, &none)).await;
    assert_eq!(said(&looked.unwrap().outbox), "no first, no first");
    assert!(client.finish(generation, items(2)).await);
    far.bench.trouble.pass(999).await;
    let begun = far.lost_nth(2, client.get("2")).await;
    let (_, drained) = listening(begun);
    assert_eq!(
        (said(&drained.outbox), drained.holding),
        ("no second".into(), false)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_post_is_done_once() {
    let far = Far::start().await;
    let client = Client::open(&far.bench).await;
    let claim = far.lost(client.claim("1")).await;
    let listener = Listener {
        log: far.bench.feed(),
        cursor: EntryId { ms: 5, seq: 1 },
    };
    let result = PostResult {
        listeners: vec![("/".into(), Some(listener.clone()))],
        ..puts(vec![item("a"), held(&far.bench, "b", 10, u64::MAX)])
    };
    let hub = Arc::clone(&far.bench.hub);
    let done = far.lost(hub.finish_post(&client.sid, claim, result)).await;
    assert_eq!(done.unwrap(), Posted::Done);
    let again = far.lost(client.post("1")).await;
    assert!(matches!(again, BeginPost::Done));
    assert!(!far.lost(client.done(claim, puts(vec![item("c")]))).await);
    let (_, drained) = client.listen("g1").await;
    assert_eq!((said(&drained.outbox), drained.holding), ("a".into(), true));
    assert_eq!(drained.listeners.get("/"), Some(&listener));

    client.claim("2").await;
    let overlap = far.lost(client.post("3")).await;
    let BeginPost::Overlap(departed) = overlap else {
        panic!("{overlap:?}");
    };
    assert_eq!(said(&departed.outbox), "a, b");
    client.assert_over(ClosedBy::Server).await;

    let silent = Client::open(&far.bench).await;
    silent.posts("1", puts(vec![item("x"); OUTBOX_MAX])).await;
    let overflow = far.lost(silent.post("2")).await;
    let BeginPost::Overflow(departed) = overflow else {
        panic!("{overflow:?}");
    };
    assert_eq!(departed.outbox.len(), OUTBOX_MAX);
    silent.assert_over(ClosedBy::Server).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upgrade_is_claimed_and_done_once() {
    let far = Far::start().await;
    for takes_over in [true, false] {
        let client = Client::open(&far.bench).await;
        assert!(far.lost(client.is_polling()).await);
        client.posts("p1", puts(vec![item("a"), item("b")])).await;
        client.takes("1", 1).await;
        let claim = far.lost(client.probes()).await;
        let refused = far.lost(client.upgrade()).await;
        assert!(matches!(refused, UpgradeClaim::Refused));
        let (departed, left, by) = if takes_over {
            let departed = far.lost(client.upgraded(claim)).await;
            (departed, "b", ClosedBy::Upgrade)
        } else {
            let departed = far.lost(client.abort(claim, true)).await;
            (departed, "a, b", ClosedBy::Server)
        };
        assert_eq!(said(&departed.unwrap().outbox), left);
        assert!(far.lost(client.upgraded(claim)).await.is_none());
        assert!(far.lost(client.abort(claim, true)).await.is_none());
        client.assert_over(by).await;
    }
    let client = Client::open(&far.bench).await;
    let claim = client.probes().await;
    assert!(far.lost(client.abort(claim, false)).await.is_none());
    assert!(client.is_polling().await);
    let next = client.probes().await;
    assert!(client.upgraded(next).await.is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_end_is_told_to_whom_it_came_first() {
    let far = Far::start().await;
    let client = Client::open(&far.bench).await;
    let waits = held(&far.bench, "b", 10, u64::MAX);
    let outbox = vec![item("a"), waits];
    client.posts("p1", puts(outbox.clone())).await;
    let departed = far.lost(client.close(ClosedBy::Client)).await.unwrap();
    assert_eq!((departed.outbox, departed.beat), (outbox, client.beat));
    assert!(far.lost(client.close(ClosedBy::Client)).await.is_none());
    let by = ClosedBy::Client;
    for farewell in [true, false] {
        let met = far.lost(client.get_on(&PodId::draw(), None)).await;
        let is = Tombstone { by, farewell };
        assert!(
            matches!(met, BeginGet::Tombstone(met) if met == is),
            "{met:?}"
        );
    }

    let silent = Client::open(&far.bench).await;
    assert!(far.lost(silent.close(ClosedBy::Expired)).await.is_none());
    far.bench.trouble.pass(LIFE_MS).await;
    assert!(far.lost(silent.is_expired()).await);
    assert!(far.lost(silent.close(ClosedBy::Expired)).await.is_some());
    assert!(!silent.is_expired().await);
}
