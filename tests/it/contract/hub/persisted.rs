use switchboard::{
    hub::{INGEST_KEPT_MS, Mark, Persisted, Publication, Unread},
    model::{EntryId, Partition, PodId},
};

use super::{
    ENDED_MS, FEED_MS,
    support::{ALL, Bench, Pod, ids, session, within},
};

fn at(ms: u64) -> EntryId {
    EntryId { ms, seq: 0 }
}

async fn persist(bench: &Bench, upto: EntryId) {
    let partition = bench.partition();
    bench.hub.set_persisted(partition, upto).await.unwrap();
}

async fn told(pod: &mut Pod) -> Mark {
    match pod.next().await {
        Publication::Persisted(mark) => mark,
        other => panic!("{other:?}"),
    }
}

pub async fn it_never_goes_backwards(bench: &Bench) {
    let (partition, epoch) = (bench.partition(), bench.top().await.epoch);
    let mut pod = bench.pod(ALL).await;
    assert_eq!(bench.hub.persisted().await.unwrap(), Persisted::default());
    for (upto, then) in [(5, 5), (9, 9), (7, 9), (9, 9), (0, 9), (12, 12)] {
        persist(bench, at(upto)).await;
        let now = bench.hub.persisted().await.unwrap();
        assert_eq!(now.get(partition), at(then));
        let mut only = Persisted::default();
        only.raise(Mark {
            partition,
            epoch: epoch.clone(),
            id: at(then),
        });
        assert_eq!(now, only, "other partitions are where they were");
    }
    for expected in [5, 9, 12] {
        assert_eq!(told(&mut pod).await.id, at(expected));
    }
}

pub async fn it_is_published(bench: &Bench) {
    let id = bench.start().await;
    let mut pods = [bench.pod(ALL).await, bench.pod(ALL).await];
    let upto = bench.say(&id, "stored").await;
    persist(bench, upto).await;
    for pod in &mut pods {
        let mark = told(pod).await;
        let expected = Mark {
            partition: bench.partition(),
            epoch: bench.top().await.epoch,
            id: upto,
        };
        assert_eq!(mark, expected);
        assert!(bench.hub.persisted().await.unwrap().holds(&mark));
    }
}

pub async fn p1_what_is_not_persisted_stays(bench: &Bench) {
    let [busy, ended] = [bench.start().await, bench.start().await];
    let mut said = Vec::new();
    for n in 0..700 {
        said.push(bench.say(&busy, &n.to_string()).await);
    }
    let end = bench.commit(bench.ends(&ended)).await.top;
    for upto in [0, 300, 699] {
        bench.trouble.pass(FEED_MS + ENDED_MS).await;
        persist(bench, said[upto]).await;
        let after = &said[upto + 1..];
        let unstored: Vec<_> = after.iter().copied().chain([end]).collect();
        for log in [bench.log(&busy), bench.feed()] {
            let (entries, complete) = bench.read_after(&log, said[upto]).await;
            let of_log = unstored.len() - usize::from(log != bench.feed());
            assert!(complete, "{log:?}");
            assert_eq!(ids(&entries), unstored[..of_log], "{log:?}");
        }
        let ingest = bench.hub.ingest(bench.partition(), said[upto], ALL).await;
        assert_eq!(ids(&ingest.unwrap().entries), unstored);
        let read = bench.read(&bench.log(&ended)).await;
        assert_eq!(ids(&read).last(), Some(&end));
    }
}

pub async fn what_is_persisted_and_old_goes(bench: &Bench) {
    let [open, ended] = [bench.start().await, bench.start().await];
    bench.commit(bench.ends(&ended)).await;
    let old = bench.top().await.at;
    let gone = async || {
        let found = bench.hub.session(&bench.workspace, &ended).await;
        found.unwrap().is_none()
    };
    bench.trouble.pass(ENDED_MS / 2).await;
    persist(bench, bench.say(&open, "soon").await).await;
    assert!(!gone().await);
    assert_eq!(
        bench.read_after(&bench.feed(), EntryId::ZERO).await.0.len(),
        4
    );

    bench.trouble.pass(FEED_MS + ENDED_MS).await;
    let young = bench.say(&open, "young").await;
    persist(bench, young).await;
    assert!(gone().await);
    let (entries, complete) = bench.read_after(&bench.log(&ended), EntryId::ZERO).await;
    assert_eq!((entries.len(), complete), (0, false));
    let (entries, complete) = bench.read_after(&bench.feed(), EntryId::ZERO).await;
    assert_eq!((ids(&entries), complete), (vec![young], false));
    assert!(!bench.read_after(&bench.feed(), old).await.1);
    let kept = bench.ingest().await;
    assert!(
        kept.iter()
            .all(|entry| entry.id.ms + INGEST_KEPT_MS > young.ms)
    );
    assert_eq!(bench.session(&open).await.last_entry, young);

    bench.trouble.pass(FEED_MS + ENDED_MS).await;
    let other = session(&bench.neighbour(true));
    persist(bench, bench.commit(bench.starts(&other)).await.top).await;
    let empty = (Vec::new(), false);
    assert_eq!(bench.read_after(&bench.feed(), old).await, empty);
    let all_seen = (Vec::new(), true);
    assert_eq!(bench.read_after(&bench.feed(), young).await, all_seen);
    let next = bench.say(&open, "next").await;
    let feed = bench.read(&bench.feed()).await;
    assert_eq!((feed[0].id, feed[0].prev.feed), (next, young));
}

/// Whoever listens to a session that has not begun misses nothing of it, for as long as what begins would be kept.
pub async fn p2_a_log_is_complete_before_it_begins(bench: &Bench) {
    let coming = session(&bench.workspace);
    let log = bench.log(&coming.id);
    let (nothing, unknown) = ((Vec::new(), true), (Vec::new(), false));
    let top = bench.top().await.at;
    assert_eq!(bench.read_after(&log, top).await, nothing, "in a new life");
    let heard = bench.say(&bench.start().await, "elsewhere").await;
    assert_eq!(bench.read_after(&log, heard).await, nothing);
    // Since this life is young: a page that connects to a new deployment stands here.
    assert_eq!(bench.read_after(&log, EntryId::ZERO).await, nothing);
    bench.say(&bench.start().await, "elsewhere again").await;

    let begun = bench.commit(bench.starts(&coming)).await.stamped[0].id;
    let said = bench.say(&coming.id, "first").await;
    let (entries, complete) = bench.read_after(&log, heard).await;
    assert_eq!((ids(&entries), complete), (vec![begun, said], true));

    bench.trouble.pass(FEED_MS + ENDED_MS).await;
    let other = bench.log(&session(&bench.workspace).id);
    assert_eq!(bench.read_after(&other, heard).await, unknown);
    assert_eq!(bench.read_after(&other, EntryId::ZERO).await, unknown);
    // However long ago that was.
    let top = bench.top().await.at;
    assert_eq!(bench.read_after(&other, top).await, nothing);
}

pub async fn ids_go_on_above_what_was_raised(bench: &Bench) {
    let id = bench.start().await;
    let before = bench.top().await;
    let high = EntryId {
        ms: bench.now() + 1_000_000,
        seq: 7,
    };
    let partition = bench.partition();
    bench.hub.raise(partition, high).await.unwrap();
    let said = bench.say(&id, "above").await;
    assert!(high < said);
    bench.hub.raise(partition, before.at).await.unwrap();
    assert!(said < bench.say(&id, "still above").await);
    let entries = bench.read(&bench.log(&id)).await;
    super::support::assert_chained(&bench.log(&id), &entries, EntryId::ZERO);
    assert_eq!(bench.top().await.epoch, before.epoch);

    bench.trouble.lose(partition).await;
    bench.hub.raise(partition, high).await.unwrap();
    let again = bench.commit(bench.starts(&session(&bench.workspace))).await;
    assert!(high < again.top);
}

pub async fn p12_dirty_wakes_for_each_partition(bench: &Bench) {
    let elsewhere = session(&bench.neighbour(false));
    let other = Partition::of(&elsewhere.workspace);
    let waiting = async || {
        let mut taken = Vec::new();
        while taken.len() < 2 {
            taken.extend(within(bench.hub.dirty().take()).await);
        }
        taken
    };
    let wrote = async || {
        let id = bench.start().await;
        bench
            .commit(bench.starts(&session(&elsewhere.workspace)))
            .await;
        id
    };
    let (mut taken, id) = tokio::join!(waiting(), wrote());
    taken.sort();
    taken.dedup();
    let mut both = [bench.partition(), other];
    both.sort();
    assert_eq!(taken, both);

    bench.say(&id, "once more").await;
    bench.say(&id, "and again").await;
    assert_eq!(within(bench.hub.dirty().take()).await, [bench.partition()]);
    let mut quiet = Box::pin(bench.hub.dirty().take());
    tokio::select! {
        biased;
        early = &mut quiet => panic!("{early:?}"),
        () = tokio::task::yield_now() => {}
    }
    bench.say(&id, "wakes").await;
    assert_eq!(within(quiet).await, [bench.partition()]);
}

pub async fn ingest_comes_in_pages(bench: &Bench) {
    let id = bench.start().await;
    for n in 0..6 {
        bench.say(&id, &n.to_string()).await;
    }
    let whole = bench.ingest().await;
    let epoch = bench.top().await.epoch;
    for limit in 1..=8 {
        let (mut pages, mut after) = (Vec::new(), EntryId::ZERO);
        loop {
            let read = bench.hub.ingest(bench.partition(), after, limit).await;
            let Unread {
                epoch: of,
                last,
                entries: page,
            } = read.unwrap();
            assert_eq!((of, last), (epoch.clone(), whole.last().unwrap().id));
            assert!(page.len() <= limit);
            let Some(last) = page.last() else { break };
            after = last.id;
            pages.extend(page);
        }
        assert_eq!(pages, whole, "in pages of {limit}");
    }
}

pub async fn one_writer_at_a_time(bench: &Bench) {
    let [one, two] = [PodId::draw(), PodId::draw()];
    let partition = bench.partition();
    let lease = async |pod: &PodId, ttl| {
        let leased = bench.hub.lease_writer(partition, pod, ttl).await;
        leased.unwrap()
    };
    assert!(lease(&one, 1_000).await);
    assert!(!lease(&two, 1_000).await);
    let elsewhere = Partition::of(&bench.neighbour(false));
    assert!(
        bench
            .hub
            .lease_writer(elsewhere, &two, 1_000)
            .await
            .unwrap()
    );
    bench.trouble.pass(900).await;
    assert!(lease(&one, 1_000).await, "renewed");
    bench.trouble.pass(900).await;
    assert!(!lease(&two, 1_000).await);
    bench.trouble.pass(100).await;
    assert!(lease(&two, 1_000).await, "it had run out");
    assert!(!lease(&one, 1_000).await);
    assert!(!lease(&one, 0).await, "only the holder gives it up");
    assert!(!lease(&one, 1_000).await);
    lease(&two, 0).await;
    assert!(lease(&one, 1_000).await, "it was given up");
}
