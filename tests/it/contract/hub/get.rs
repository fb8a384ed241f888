use std::sync::Arc;

use switchboard::{
    hub::{
        ABANDON_GRACE_MS, Batch, BeginGet, BeginPost, ClosedBy, FAREWELL_MS, Listener, Persisted,
        PostResult, Signal, TOMBSTONE_MS, Tombstone,
    },
    model::{EntryId, PodId},
};

use super::{
    client::{Client, LEASE_MS, LIFE_MS, held, item, items, listening, mark, puts, said},
    support::{ALL, Bench},
};

pub async fn p2_a_batch_is_acknowledged_by_the_next(bench: &Bench) {
    let client = Client::open(bench).await;
    client
        .posts("p1", puts(vec![item("a"), item("b"), item("c")]))
        .await;
    assert_eq!(said(&client.takes("1", 2).await), "a, b, c");
    client.posts("p2", puts(vec![item("d")])).await;
    assert_eq!(said(&client.takes("2", 2).await), "c, d");
    assert_eq!(said(&client.takes("3", 0).await), "");
    client.posts("p3", puts(vec![item("e")])).await;
    assert_eq!(said(&client.takes("4", 1).await), "e");
    let nothing = client.get_on(&PodId::draw(), None).await;
    assert_eq!(said(&listening(nothing).1.outbox), "");
}

pub async fn p2_a_repeat_gets_the_same_batch(bench: &Bench) {
    let client = Client::open(bench).await;
    client
        .posts("p1", puts(vec![item("a"), item("b"), item("c")]))
        .await;
    let (generation, _) = client.listen("1").await;
    let answer = Batch {
        ping: true,
        ..items(2)
    };
    assert!(client.finish(generation, answer.clone()).await);
    for n in 0..3 {
        let again = client.get("1").await;
        let BeginGet::Repeat { drained, batch, .. } = again else {
            panic!("{again:?}");
        };
        assert_eq!(
            (said(&drained.outbox[..2]), batch),
            ("a, b".into(), answer.clone())
        );
        let post = format!("between {n}");
        client.posts(&post, puts(vec![item(&post)])).await;
    }
    let all = "c, between 0, between 1, between 2";
    assert_eq!(said(&client.takes("2", 4).await), all);

    let client = Client::open(bench).await;
    client.posts("p1", puts(vec![item("a"), item("b")])).await;
    for left in ["a, b", "b", ""] {
        let (generation, drained) = client.listen_on(&PodId::draw(), None).await;
        assert_eq!(said(&drained.outbox), left, "without `t` nothing repeats");
        assert!(client.finish(generation, items(1)).await);
    }
}

pub async fn cursors_move_with_the_batch_and_never_back(bench: &Bench) {
    let client = Client::open(bench).await;
    let at = |ms| EntryId { ms, seq: 0 };
    let listens = |nsp: &str, ms| {
        let cursor = at(ms);
        let log = bench.feed();
        (nsp.to_owned(), Some(Listener { log, cursor }))
    };
    let result = PostResult {
        listeners: vec![listens("/", 5), listens("/staff", 7)],
        ..puts(vec![])
    };
    client.posts("p1", result).await;
    let read_to = |nsp: &str, ms| Batch {
        cursors: [(nsp.to_owned(), at(ms))].into_iter().collect(),
        ..Batch::default()
    };
    let steps = [
        (read_to("/", 10), [5, 7]),
        (read_to("/staff", 12), [10, 7]),
        (read_to("/", 8), [10, 12]),
        (read_to("/unknown", 99), [10, 12]),
        (items(0), [10, 12]),
    ];
    for (n, (batch, expected)) in steps.into_iter().enumerate() {
        let t = n.to_string();
        let (generation, drained) = client.listen(&t).await;
        let cursors: Vec<_> = drained.listeners.values().map(|l| l.cursor.ms).collect();
        assert_eq!(cursors, expected, "step {n}");
        assert!(client.finish(generation, batch).await);
        assert!(matches!(client.get(&t).await, BeginGet::Repeat { .. }));
    }
    let result = PostResult {
        listeners: vec![("/".into(), None), listens("/staff", 20)],
        ..puts(vec![])
    };
    client.posts("p2", result).await;
    let (_, drained) = client.listen("last").await;
    let left: Vec<_> = drained.listeners.into_iter().collect();
    assert_eq!(left, [("/staff".to_owned(), listens("", 20).1.unwrap())]);
}

pub async fn a_repeat_takes_the_place_of_the_parked(bench: &Bench) {
    let client = Client::open(bench).await;
    client.posts("p1", puts(vec![item("a")])).await;
    let mut pod = bench.pod(ALL).await;
    let (first, _) = client.listen_on(&pod.id, Some("1")).await;
    let (second, drained) = client.listen_on(&pod.id, Some("1")).await;
    assert_eq!(pod.signal().await, (client.sid.clone(), Signal::Replaced));
    let (third, _) = client.listen("1").await;
    assert_eq!(pod.signal().await, (client.sid.clone(), Signal::Replaced));
    assert!(first < second && second < third);
    assert_eq!(said(&drained.outbox), "a");
    for old in [first, second] {
        assert!(client.drain(old, &Persisted::default()).await.is_none());
        assert!(!client.finish(old, items(1)).await);
    }
    assert!(client.finish(third, items(1)).await);
    assert_eq!(said(&client.takes("2", 0).await), "");
}

pub async fn another_one_beside_the_parked_closes(bench: &Bench) {
    for t in [Some("1"), None] {
        let client = Client::open(bench).await;
        client.posts("p1", puts(vec![item("a")])).await;
        let mut pod = bench.pod(ALL).await;
        let (parked, _) = client.listen_on(&pod.id, t).await;
        bench.trouble.pass(LEASE_MS - 1).await;
        let other = client.get_on(&PodId::draw(), t.map(|_| "2")).await;
        let BeginGet::Overlap(departed) = other else {
            panic!("{other:?}");
        };
        assert_eq!(said(&departed.outbox), "a");
        let closed = Signal::Closed { by_client: false };
        assert_eq!(pod.signal().await, (client.sid.clone(), closed));
        assert!(!client.finish(parked, items(1)).await);
        assert!(client.close(ClosedBy::Client).await.is_none());
        client.assert_over(ClosedBy::Server).await;
    }
}

pub async fn p4_a_dead_listener_is_overtaken(bench: &Bench) {
    let client = Client::open(bench).await;
    client.posts("p1", puts(vec![item("a")])).await;
    let (dead, _) = client.listen("1").await;
    bench.trouble.pass(LEASE_MS).await;
    let (newest, drained) = client.listen("2").await;
    assert_eq!(said(&drained.outbox), "a", "nothing of it was received");
    assert!(!client.finish(dead, items(1)).await);
    assert!(client.finish(newest, items(1)).await);
}

pub async fn an_old_generation_changes_nothing(bench: &Bench) {
    let client = Client::open(bench).await;
    client.posts("p1", puts(vec![item("a"), item("b")])).await;
    let (old, _) = client.listen("1").await;
    assert!(client.finish(old, items(1)).await);
    assert!(!client.finish(old, items(2)).await, "it was finished");
    let (new, drained) = client.listen("2").await;
    assert_eq!(said(&drained.outbox), "b");
    client.abandon(old).await;
    assert!(!client.finish(old, items(1)).await);
    bench.trouble.pass(ABANDON_GRACE_MS + 1).await;
    assert!(!client.is_expired().await);
    let seen = client.drain(new, &Persisted::default()).await.unwrap();
    assert_eq!(said(&seen.outbox), "b");
    assert!(client.finish(new, items(1)).await);

    let copies: Vec<_> = (0..8)
        .map(|_| {
            let (hub, sid) = (Arc::clone(&bench.hub), client.sid.clone());
            let request = client.get_request(&PodId::draw(), Some("3"));
            tokio::spawn(async move {
                match hub.begin_get(&sid, request).await.unwrap() {
                    BeginGet::Listening { generation, .. } => {
                        hub.finish_get(&sid, generation, items(0)).await.unwrap()
                    }
                    BeginGet::Repeat { .. } => false,
                    other => panic!("{other:?}"),
                }
            })
        })
        .collect();
    let mut answered = 0;
    for copy in copies {
        answered += usize::from(copy.await.unwrap());
    }
    assert_eq!(answered, 1);
}

pub async fn who_hangs_up_has_a_moment_to_come_back(bench: &Bench) {
    let client = Client::open(bench).await;
    client.posts("p1", puts(vec![item("a")])).await;
    for t in ["1", "1", "2"] {
        let (generation, drained) = client.listen(t).await;
        assert_eq!(said(&drained.outbox), "a");
        bench.trouble.pass(ABANDON_GRACE_MS).await;
        assert!(!client.is_expired().await, "it did come back");
        client.abandon(generation).await;
        assert!(!client.finish(generation, items(1)).await);
        bench.trouble.pass(ABANDON_GRACE_MS - 1).await;
        assert!(!client.is_expired().await && client.is_polling().await);
    }
    bench.trouble.pass(1).await;
    assert!(client.is_expired().await);
    client.assert_over(ClosedBy::Expired).await;
    let departed = client.close(ClosedBy::Server).await.unwrap();
    assert_eq!(said(&departed.outbox), "a");
}

pub async fn what_is_held_waits_for_its_entry_or_its_time(bench: &Bench) {
    let client = Client::open(bench).await;
    let now = bench.now();
    let outbox = vec![
        held(bench, "late", 30, now + 3_000),
        item("free"),
        held(bench, "stored", 10, now + 5_000),
        held(bench, "timed", 20, now + 1_000),
    ];
    client.posts("p1", puts(outbox)).await;
    let stored = |ms| {
        let mut persisted = Persisted::default();
        persisted.raise(mark(bench, "this life", ms));
        persisted
    };
    let (generation, drained) = client.listen("1").await;
    assert_eq!(
        (said(&drained.outbox), drained.holding),
        ("free".into(), true)
    );
    assert_eq!(drained.look_again_at, Some(now + 1_000));
    // That a later life of the partition has got that far says nothing of this one.
    let mut other_life = Persisted::default();
    other_life.raise(mark(bench, "another life", 100));
    let drained = client.drain(generation, &other_life).await.unwrap();
    assert_eq!(
        (said(&drained.outbox), drained.holding),
        ("free".into(), true)
    );

    let drained = client.drain(generation, &stored(10)).await.unwrap();
    assert_eq!(said(&drained.outbox), "free, stored");
    assert_eq!(drained.look_again_at, Some(now + 1_000));
    bench.trouble.pass(999).await;
    let drained = client.drain(generation, &stored(19)).await.unwrap();
    assert_eq!(said(&drained.outbox), "free, stored");
    bench.trouble.pass(1).await;
    let drained = client.drain(generation, &stored(19)).await.unwrap();
    assert_eq!(said(&drained.outbox), "free, stored, no timed");
    assert_eq!(drained.look_again_at, Some(now + 3_000));
    assert!(client.finish(generation, items(3)).await);

    let mut request = client.get_request(&PodId::draw(), Some("2"));
    request.persisted = stored(30);
    let begun = bench.hub.begin_get(&client.sid, request).await.unwrap();
    let drained = listening(begun).1;
    assert_eq!(
        (said(&drained.outbox), drained.holding),
        ("late".into(), false)
    );
    assert_eq!(drained.look_again_at, None);
}

pub async fn it_is_dead_at_its_time(bench: &Bench) {
    let client = Client::open(bench).await;
    bench.trouble.pass(LIFE_MS - 1).await;
    assert!(!client.is_expired().await && client.is_polling().await);
    client.takes("1", 0).await;
    client.posts("p1", puts(vec![item("a")])).await;
    bench.trouble.pass(1).await;
    assert!(client.is_expired().await);
    client.assert_over(ClosedBy::Expired).await;
    let departed = client.close(ClosedBy::Server).await.unwrap();
    assert_eq!(said(&departed.outbox), "a");
    assert!(client.close(ClosedBy::Server).await.is_none());
    assert!(!client.is_expired().await);
}

pub async fn p8_the_expired_are_listed(bench: &Bench) {
    let mut clients = Vec::new();
    for _ in 0..10 {
        clients.push(Client::open(bench).await);
    }
    bench.trouble.pass(LIFE_MS).await;
    let living = Client::open(bench).await;
    let mut closed = 0;
    loop {
        let listed = bench
            .hub
            .expired(bench.partition(), bench.now(), 4)
            .await
            .unwrap()
            .connections;
        assert!(listed.len() <= 4 && !listed.contains(&living.sid));
        if listed.is_empty() {
            break;
        }
        let again = bench
            .hub
            .expired(bench.partition(), bench.now(), ALL)
            .await
            .unwrap()
            .connections;
        assert_eq!(again.len(), 10 - closed, "listed until it is closed");
        for sid in listed {
            let end = bench.hub.close(&sid, ClosedBy::Server, bench.now()).await;
            assert!(end.unwrap().is_some());
            closed += 1;
        }
    }
    assert_eq!(closed, clients.len());
}

pub async fn the_end_comes_once(bench: &Bench) {
    for _ in 0..20 {
        let client = Client::open(bench).await;
        let outbox = vec![item("a"), held(bench, "b", 10, u64::MAX)];
        client.posts("p1", puts(outbox.clone())).await;
        let racers: Vec<_> = (0..8)
            .map(|_| {
                let (hub, sid) = (Arc::clone(&bench.hub), client.sid.clone());
                let now = bench.now();
                tokio::spawn(async move { hub.close(&sid, ClosedBy::Client, now).await })
            })
            .collect();
        let mut departed = Vec::new();
        for racer in racers {
            departed.extend(racer.await.unwrap().unwrap());
        }
        assert_eq!(departed.len(), 1);
        assert_eq!(
            (&departed[0].outbox, departed[0].beat),
            (&outbox, client.beat)
        );
        assert_eq!(departed[0].state, "opened");
    }
}

async fn met(client: &Client<'_>) -> Tombstone {
    match client.get("late").await {
        BeginGet::Tombstone(tombstone) => tombstone,
        other => panic!("{other:?}"),
    }
}

pub async fn the_farewell_is_said_once(bench: &Bench) {
    let client = Client::open(bench).await;
    client.takes("1", 0).await;
    client.close(ClosedBy::Client).await.unwrap();
    bench.trouble.pass(FAREWELL_MS - 1).await;
    let posted = client.post("late").await;
    let BeginPost::Tombstone(tombstone) = posted else {
        panic!("{posted:?}");
    };
    assert!(!tombstone.farewell, "a POST neither gets nor uses it");
    let by = ClosedBy::Client;
    for farewell in [true, false, false] {
        assert_eq!(met(&client).await, Tombstone { by, farewell });
    }
}

pub async fn no_farewell_without_a_reason(bench: &Bench) {
    let late = Client::open(bench).await;
    late.close(ClosedBy::Client).await.unwrap();
    bench.trouble.pass(FAREWELL_MS + 1).await;
    late.assert_over(ClosedBy::Client).await;

    let by_server = Client::open(bench).await;
    by_server.close(ClosedBy::Server).await.unwrap();
    by_server.assert_over(ClosedBy::Server).await;

    let parked = Client::open(bench).await;
    let mut pod = bench.pod(ALL).await;
    let (generation, _) = parked.listen_on(&pod.id, Some("1")).await;
    parked.close(ClosedBy::Client).await.unwrap();
    let closed = Signal::Closed { by_client: true };
    assert_eq!(pod.signal().await, (parked.sid.clone(), closed));
    assert!(!parked.finish(generation, items(0)).await);
    parked.assert_over(ClosedBy::Client).await;
}

pub async fn a_tombstone_stands_its_time(bench: &Bench) {
    let client = Client::open(bench).await;
    client.close(ClosedBy::Server).await.unwrap();
    bench.trouble.pass(TOMBSTONE_MS - 1).await;
    assert!(!client.is_expired().await);
    client.assert_over(ClosedBy::Server).await;
    bench.trouble.pass(1).await;
    assert!(!client.is_expired().await);
    assert!(matches!(client.get("1").await, BeginGet::Unknown));
    assert!(matches!(client.post("1").await, BeginPost::Unknown));
    assert!(client.close(ClosedBy::Server).await.is_none());
}
