use std::sync::Arc;

use bytes::Bytes;
use switchboard::{
    hub::{
        Batch, Beat, BeginGet, BeginPost, ClosedBy, Listener, OUTBOX_MAX, Persisted, PostResult,
        Posted, Signal, UpgradeClaim,
    },
    model::{EntryId, Partition, PodId, Sid},
};

use super::{
    client::{Client, LEASE_MS, LIFE_MS, held, item, items, puts, said},
    support::{ALL, Bench},
};

pub async fn a_claim_is_done_once(bench: &Bench) {
    let client = Client::open(bench).await;
    let claim = client.claim("1").await;
    for _ in 0..2 {
        assert!(matches!(client.post("1").await, BeginPost::Running));
    }
    assert!(client.done(claim, puts(vec![item("a")])).await);
    for _ in 0..2 {
        assert!(matches!(client.post("1").await, BeginPost::Done));
    }
    assert!(!client.done(claim, puts(vec![item("a")])).await);
    client.posts("2", puts(vec![item("b")])).await;
    assert_eq!(said(&client.takes("g1", 0).await), "a, b");

    for _ in 0..2 {
        let without_t = client.post_request(None);
        let begun = bench.hub.begin_post(&client.sid, without_t).await;
        let BeginPost::Claimed { claim, .. } = begun.unwrap() else {
            panic!("without `t` nothing repeats");
        };
        assert!(client.done(claim, puts(vec![])).await);
    }
}

pub async fn p4_a_dead_claim_is_taken_over(bench: &Bench) {
    let client = Client::open(bench).await;
    for (mine, taken_by) in [("1", "1"), ("2", "3")] {
        let dead = client.claim(mine).await;
        bench.trouble.pass(LEASE_MS - 1).await;
        if mine == taken_by {
            assert!(matches!(client.post(mine).await, BeginPost::Running));
        }
        bench.trouble.pass(1).await;
        let repeat = client.claim(taken_by).await;
        assert_ne!(dead, repeat);
        assert!(!client.done(dead, puts(vec![item("of the dead")])).await);
        assert!(client.done(repeat, puts(vec![item("once")])).await);
    }
    let slow = client.claim("4").await;
    bench.trouble.pass(LEASE_MS).await;
    assert!(client.done(slow, puts(vec![])).await, "nobody took over");
    assert_eq!(said(&client.takes("g1", 0).await), "once, once");
}

pub async fn one_that_comes_to_its_end_too_late_is_told(bench: &Bench) {
    let client = Client::open(bench).await;
    for by in [ClosedBy::Client, ClosedBy::Server, ClosedBy::Upgrade] {
        let client = Client::open(bench).await;
        let claim = client.claim("1").await;
        assert!(client.close(by).await.is_some());
        let late = bench
            .hub
            .finish_post(&client.sid, claim, puts(vec![item("late")]));
        assert_eq!(late.await.unwrap(), Posted::Ended, "{by:?}");
    }
    let late = bench.hub.finish_post(&client.sid, 7, puts(vec![]));
    assert_eq!(late.await.unwrap(), Posted::Superseded);
}

pub async fn another_one_beside_it_closes(bench: &Bench) {
    let client = Client::open(bench).await;
    client.posts("0", puts(vec![item("a")])).await;
    let mut pod = bench.pod(ALL).await;
    client.listen_on(&pod.id, Some("g1")).await;
    client.claim("1").await;
    let other = client.post("2").await;
    let BeginPost::Overlap(departed) = other else {
        panic!("{other:?}");
    };
    assert_eq!(said(&departed.outbox), "a");
    let closed = Signal::Closed { by_client: false };
    assert_eq!(pod.signal().await, (client.sid.clone(), closed));
    assert!(client.close(ClosedBy::Server).await.is_none());
    client.assert_over(ClosedBy::Server).await;
}

pub async fn p8_who_never_polls_overflows(bench: &Bench) {
    let client = Client::open(bench).await;
    let mut many = vec![item("answer"); OUTBOX_MAX - 2];
    many.push(held(bench, "held", 10, u64::MAX));
    client.posts("1", puts(many)).await;
    client.posts("2", puts(vec![item("the last")])).await;
    let full = client.post("3").await;
    let BeginPost::Overflow(departed) = full else {
        panic!("{full:?}");
    };
    assert_eq!(departed.outbox.len(), OUTBOX_MAX);
    client.assert_over(ClosedBy::Server).await;

    let polls = Client::open(bench).await;
    polls
        .posts("1", puts(vec![item("answer"); OUTBOX_MAX]))
        .await;
    polls.takes("g1", OUTBOX_MAX).await;
    polls.takes("g2", 0).await;
    polls.posts("2", puts(vec![])).await;
}

pub async fn p8_what_is_on_its_way_counts_only_twice(bench: &Bench) {
    let client = Client::open(bench).await;
    let full = || puts(vec![item("answer"); OUTBOX_MAX]);
    client.posts("1", full()).await;
    client.takes("g1", OUTBOX_MAX).await;
    // Handed out and not acknowledged yet: it may have arrived, and is not held against the client.
    client.posts("2", full()).await;
    let over = client.post("3").await;
    let BeginPost::Overflow(departed) = over else {
        panic!("{over:?}");
    };
    assert_eq!(departed.outbox.len(), 2 * OUTBOX_MAX);
}

pub async fn a_pong_moves_the_end(bench: &Bench) {
    let client = Client::open(bench).await;
    for pong in ["1", "2"] {
        bench.trouble.pass(LIFE_MS - 1).await;
        let beat = Beat {
            expires_at: bench.now() + LIFE_MS,
            ..client.beat
        };
        let result = PostResult {
            beat: Some(beat),
            ..puts(vec![])
        };
        client.posts(pong, result).await;
    }
    bench.trouble.pass(LIFE_MS - 1).await;
    assert!(!client.is_expired().await && client.is_polling().await);
    bench.trouble.pass(1).await;
    assert!(client.is_expired().await && !client.is_polling().await);
}

pub async fn what_a_post_leaves_is_found_by_the_get(bench: &Bench) {
    let client = Client::open(bench).await;
    let (parked, _) = client.listen("g1").await;
    let claim = client.claim("1").await;
    let listener = Listener {
        log: bench.feed(),
        cursor: EntryId { ms: 5, seq: 1 },
    };
    let beat = Beat {
        ping_at: client.beat.ping_at + 1_000,
        expires_at: client.beat.expires_at + 1_000,
        sent: false,
    };
    let before = client.drain(parked, &Persisted::default()).await.unwrap();
    let opened = (Bytes::from_static(b"opened"), client.beat);
    assert_eq!(before.connection, Some(opened));
    assert!(before.outbox.is_empty() && before.listeners.is_empty());
    let result = PostResult {
        state: Bytes::from_static(b"joined"),
        beat: Some(beat),
        outbox: vec![item("a"), item("b")],
        listeners: vec![("/".into(), Some(listener.clone()))],
    };
    assert!(client.done(claim, result).await);
    let after = client.drain(parked, &Persisted::default()).await.unwrap();
    let joined = (Bytes::from_static(b"joined"), beat);
    assert_eq!(
        (said(&after.outbox), after.connection),
        ("a, b".into(), Some(joined))
    );
    assert_eq!(after.listeners.get("/"), Some(&listener));
    assert!(client.finish(parked, items(2)).await);

    let begun = client.get("g2").await;
    let BeginGet::Listening {
        state, beat: now, ..
    } = begun
    else {
        panic!("{begun:?}");
    };
    assert_eq!((state, now), (Bytes::from_static(b"joined"), beat));
    let begun = client.post("2").await;
    let BeginPost::Claimed {
        state, beat: now, ..
    } = begun
    else {
        panic!("{begun:?}");
    };
    assert_eq!((state, now), (Bytes::from_static(b"joined"), beat));
}

/// As far as the client has been told: what is on its way counts.
pub async fn a_post_finds_where_its_sockets_are(bench: &Bench) {
    let client = Client::open(bench).await;
    let at = |ms| Listener {
        log: bench.feed(),
        cursor: EntryId { ms, seq: 1 },
    };
    let there = async |t: &str| match client.post(t).await {
        BeginPost::Claimed {
            claim, listeners, ..
        } => {
            let listeners: Vec<_> = listeners.into_iter().collect();
            (claim, listeners)
        }
        other => panic!("{other:?}"),
    };
    let (claim, none) = there("1").await;
    assert_eq!(none, vec![]);
    let result = PostResult {
        listeners: vec![("/".into(), Some(at(5))), ("/staff".into(), Some(at(7)))],
        ..puts(vec![item("a")])
    };
    assert!(client.done(claim, result).await);
    let (claim, known) = there("2").await;
    let both = |root, staff| vec![("/".to_owned(), at(root)), ("/staff".to_owned(), at(staff))];
    assert_eq!(known, both(5, 7));
    assert!(client.done(claim, puts(vec![])).await);
    let (generation, _) = client.listen("g1").await;
    let batch = Batch {
        cursors: [
            ("/".to_owned(), at(9).cursor),
            ("/staff".to_owned(), at(6).cursor),
        ]
        .into(),
        ..items(1)
    };
    assert!(client.finish(generation, batch).await);
    let (claim, on_its_way) = there("3").await;
    assert_eq!(on_its_way, both(9, 7));
    assert!(client.done(claim, puts(vec![])).await);
    client.listen("g2").await;
    assert_eq!(there("4").await.1, both(9, 7), "received");
}

pub async fn a_push_wakes_the_listener(bench: &Bench) {
    let client = Client::open(bench).await;
    let mut pod = bench.pod(ALL).await;
    let (generation, _) = client.listen_on(&pod.id, Some("g1")).await;
    let listener = Listener {
        log: bench.feed(),
        cursor: EntryId::ZERO,
    };
    let results = [
        puts(vec![item("a")]),
        puts(vec![held(bench, "b", 10, u64::MAX)]),
        PostResult {
            beat: Some(client.beat),
            ..puts(vec![])
        },
        PostResult {
            listeners: vec![("/".into(), Some(listener))],
            ..puts(vec![])
        },
    ];
    for (n, result) in results.into_iter().enumerate() {
        client.posts(&n.to_string(), result).await;
        assert_eq!(
            pod.signal().await,
            (client.sid.clone(), Signal::Wake),
            "{n}"
        );
    }
    assert!(client.finish(generation, items(1)).await);
    client.posts("nobody listens", puts(vec![item("c")])).await;
    client.listen_on(&pod.id, Some("g2")).await;
    client.close(ClosedBy::Server).await.unwrap();
    assert!(matches!(pod.signal().await.1, Signal::Closed { .. }));
}

pub async fn a_beat_goes_from_get_to_post(bench: &Bench) {
    let client = Client::open(bench).await;
    let beat = async |t: &str| {
        let begun = client.post(t).await;
        let BeginPost::Claimed { claim, beat, .. } = begun else {
            panic!("{begun:?}");
        };
        (claim, beat)
    };
    client.takes("g1", 0).await;
    let (claim, now) = beat("1").await;
    assert_eq!(now, client.beat);
    assert!(client.done(claim, puts(vec![])).await);
    let (generation, _) = client.listen("g2").await;
    let ping = Batch {
        ping: true,
        ..items(0)
    };
    assert!(client.finish(generation, ping).await);
    client.takes("g3", 0).await;
    let (claim, now) = beat("2").await;
    let sent = Beat {
        sent: true,
        ..client.beat
    };
    assert_eq!(now, sent, "the ping stays sent until its pong");
    let next = Beat {
        expires_at: client.beat.expires_at + 1_000,
        ..client.beat
    };
    let pong = PostResult {
        beat: Some(next),
        ..puts(vec![])
    };
    assert!(client.done(claim, pong).await);
    assert_eq!(beat("3").await.1, next);
}

pub async fn of_eight_copies_one_is_claimed(bench: &Bench) {
    for _ in 0..20 {
        let client = Client::open(bench).await;
        let copies: Vec<_> = (0..8)
            .map(|_| {
                let (hub, sid) = (Arc::clone(&bench.hub), client.sid.clone());
                let request = client.post_request(Some("1"));
                tokio::spawn(async move {
                    match hub.begin_post(&sid, request).await.unwrap() {
                        BeginPost::Claimed { claim, .. } => {
                            let result = puts(vec![item("once")]);
                            hub.finish_post(&sid, claim, result).await.unwrap() == Posted::Done
                        }
                        BeginPost::Running | BeginPost::Done => false,
                        other => panic!("{other:?}"),
                    }
                })
            })
            .collect();
        let mut claimed = 0;
        for copy in copies {
            claimed += usize::from(copy.await.unwrap());
        }
        assert_eq!(claimed, 1);
        assert_eq!(said(&client.takes("g1", 0).await), "once");
    }
}

pub async fn an_unknown_sid_is_unknown(bench: &Bench) {
    let foreign = [
        Sid::draw(Partition::random()),
        Sid::new("not one of ours"),
        Sid::new(""),
    ];
    for sid in foreign {
        let client = Client {
            sid,
            ..Client::open(bench).await
        };
        assert!(matches!(client.get("1").await, BeginGet::Unknown));
        assert!(matches!(client.post("1").await, BeginPost::Unknown));
        assert!(matches!(client.upgrade().await, UpgradeClaim::Unknown));
        assert!(client.drain(1, &Persisted::default()).await.is_none());
        assert!(!client.finish(1, items(0)).await);
        assert!(!client.done(1, puts(vec![])).await);
        assert!(client.upgraded(1).await.is_none());
        assert!(client.abort(1, true).await.is_none());
        assert!(client.close(ClosedBy::Client).await.is_none());
        assert!(!client.is_polling().await && !client.is_expired().await);
        client.abandon(1).await;
    }
    let lost = Client::open(bench).await;
    lost.listen_on(&PodId::draw(), Some("1")).await;
    bench.trouble.lose(bench.partition()).await;
    assert!(matches!(lost.get("2").await, BeginGet::Unknown));
}
