use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use switchboard::{
    hub::{ClosedBy, Log, Publication, Signal},
    model::{Aside, EntryId, SessionId},
};

use super::{
    client::Client,
    support::{ALL, Bench, assert_chained, committed, ids, session, texts, within},
};

/// Says something in the session again and again until it is told to stop.
fn hammer(bench: &Bench, id: &SessionId) -> (Arc<AtomicBool>, tokio::task::JoinHandle<()>) {
    let stop = Arc::new(AtomicBool::new(false));
    let (hub, until, says) = (
        Arc::clone(&bench.hub),
        Arc::clone(&stop),
        bench.says(id, "again"),
    );
    let writer = tokio::spawn(async move {
        while !until.load(Ordering::Relaxed) {
            let mut next = says.clone();
            next.dedup = switchboard::model::DedupId::draw();
            committed(hub.commit(next).await);
            tokio::task::yield_now().await;
        }
    });
    (stop, writer)
}

pub async fn p2_nothing_is_missed_after_subscribing(bench: &Bench) {
    let id = bench.start().await;
    let (stop, writer) = hammer(bench, &id);
    let mut pods = Vec::new();
    for n in 0..20 {
        let log = if n % 2 == 0 {
            bench.log(&id)
        } else {
            bench.feed()
        };
        let mut pod = bench.listening(std::slice::from_ref(&log)).await;
        let read = bench.read(&log).await;
        let live = vec![pod.entry().await.1];
        pods.push((pod, log, read, live));
    }
    stop.store(true, Ordering::Relaxed);
    writer.await.unwrap();
    let last = bench.say(&id, "the end").await;

    for (mut pod, log, mut merged, mut live) in pods {
        while live.last().is_none_or(|entry| entry.id < last) {
            let (channel, entry) = pod.entry().await;
            assert_eq!(channel, log);
            live.push(entry);
        }
        assert!(live.is_sorted_by(|a, b| a.id < b.id), "no duplicate");
        let seen = merged.last().unwrap().id;
        merged.extend(live.into_iter().filter(|entry| entry.id > seen));
        assert_chained(&log, &merged, EntryId::ZERO);
        assert_eq!(merged, bench.read(&log).await);
    }
}

pub async fn p2_channels_keep_the_order_of_commits(bench: &Bench) {
    let other = session(&bench.neighbour(true));
    bench.commit(bench.starts(&other)).await;
    let sessions = [bench.start().await, bench.start().await];
    let foreign = Log::Session(other.workspace.clone(), other.id.clone());
    let channels = [
        bench.feed(),
        bench.log(&sessions[0]),
        bench.log(&sessions[1]),
        Log::Feed(other.workspace.clone()),
        foreign,
    ];
    let mut pod = bench.listening(&channels).await;
    let writers: Vec<_> = (0..6)
        .map(|n| {
            let hub = Arc::clone(&bench.hub);
            let commits: Vec<_> = (0..100)
                .map(|_| match sessions.get(n % 3) {
                    Some(id) => bench.says(id, "here"),
                    None => switchboard::hub::Commit {
                        workspace: other.workspace.clone(),
                        ..bench.says(&other.id, "there")
                    },
                })
                .collect();
            tokio::spawn(async move {
                for commit in commits {
                    committed(hub.commit(commit).await);
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    let epoch = bench.top().await.epoch;
    let mut heard: Vec<(EntryId, Log)> = Vec::new();
    for _ in 0..1200 {
        let Publication::Entry {
            channel,
            epoch: of,
            entry,
        } = pod.next().await
        else {
            panic!("only entries");
        };
        assert_eq!((of, channel.workspace()), (epoch.clone(), &entry.workspace));
        heard.push((entry.id, channel));
    }
    assert!(heard.is_sorted_by_key(|(id, _)| *id));
    for log in &channels {
        let of_log = heard.iter().filter(|(_, channel)| channel == log);
        let of_log: Vec<_> = of_log.map(|(id, _)| *id).collect();
        let read = ids(&bench.read(log).await);
        assert!(read.ends_with(&of_log) && of_log.len() >= 200);
    }
}

pub async fn each_pod_hears_what_it_subscribed(bench: &Bench) {
    let [id, marker] = [bench.start().await, bench.start().await];
    let (log, feed, end) = (bench.log(&id), bench.feed(), bench.log(&marker));
    let mut twins = [(); 2].map(|()| Vec::new());
    for twin in &mut twins {
        let same = [log.clone(), log.clone(), end.clone()];
        twin.push(bench.listening(&same).await);
    }
    let mut of_feed = bench.listening(std::slice::from_ref(&feed)).await;
    let mut of_both = bench.listening(&[log.clone(), feed.clone()]).await;
    let mut of_none = bench.listening(std::slice::from_ref(&end)).await;
    let mut gone = bench.listening(&[log.clone(), end.clone()]).await;
    bench.hub.unsubscribe(&gone.id, &log).await.unwrap();
    bench.hub.unsubscribe(&gone.id, &feed).await.unwrap();

    let said = bench.say(&id, "hello").await;
    let ended = bench.say(&marker, "the end").await;
    for pod in twins.iter_mut().flatten() {
        for (channel, expected) in [(&log, said), (&end, ended)] {
            let (heard, entry) = pod.entry().await;
            assert_eq!((&heard, entry.id), (channel, expected));
        }
    }
    for expected in [said, ended] {
        let (channel, entry) = of_feed.entry().await;
        assert_eq!((&channel, entry.id), (&feed, expected));
    }
    let mut both = [of_both.entry().await.0, of_both.entry().await.0];
    both.sort_by_key(|channel| *channel == feed);
    assert_eq!(both, [log.clone(), feed]);
    assert_eq!(of_both.entry().await.1.id, ended);
    for pod in [&mut of_none, &mut gone] {
        let (channel, entry) = pod.entry().await;
        assert_eq!((&channel, entry.id), (&end, ended));
    }
    bench.hub.subscribe(&gone.id, &log).await.unwrap();
    let said = bench.say(&id, "again").await;
    assert_eq!(gone.entry().await.1.id, said);
}

pub async fn what_is_published_can_be_read(bench: &Bench) {
    let id = bench.start().await;
    let mut pod = bench.listening(&[bench.feed()]).await;
    let (stop, writer) = hammer(bench, &id);
    for _ in 0..200 {
        let entry = pod.entry().await.1;
        let before = EntryId {
            ms: entry.id.ms,
            seq: entry.id.seq - 1,
        };
        for log in [bench.feed(), bench.log(&id)] {
            let page = bench.hub.read(&log, before, 1).await.unwrap();
            assert_eq!(page.entries, [Arc::clone(&entry)]);
        }
        let ingest = bench.hub.ingest(bench.partition(), before, 1).await;
        assert_eq!(ingest.unwrap().entries, [Arc::clone(&entry)]);
        assert!(bench.session(&id).await.last_entry >= entry.id);
        assert!(bench.top().await.at >= entry.id);
    }
    stop.store(true, Ordering::Relaxed);
    writer.await.unwrap();
}

pub async fn p8_a_full_queue_tells_that_it_lost(bench: &Bench) {
    let id = bench.start().await;
    let mut pod = bench.pod(4).await;
    let log = bench.log(&id);
    bench.hub.subscribe(&pod.id, &log).await.unwrap();
    let mut witness = bench.listening(std::slice::from_ref(&log)).await;
    for n in 0..10 {
        bench.say(&id, &n.to_string()).await;
    }
    for _ in 0..10 {
        witness.entry().await;
    }
    let (mut lagged, mut later, mut heard) = (false, None, Vec::new());
    while later.is_none() || heard.last() != later.as_ref() {
        match pod.next().await {
            Publication::Lagged => lagged = true,
            Publication::Entry { entry, .. } => heard.push(entry.id),
            other => panic!("{other:?}"),
        }
        if lagged && later.is_none() && !heard.is_empty() {
            later = Some(bench.say(&id, "later").await);
        }
    }
    assert!(heard.is_sorted() && heard.len() <= 6, "{heard:?}");
    let (entries, complete) = bench.read_after(&log, heard[0]).await;
    assert_eq!((entries.len(), complete), (10, true));
}

pub async fn a_waiting_pod_is_told_that_it_lags(bench: &Bench) {
    let id = bench.start().await;
    for says in [false, true] {
        let mut pod = bench.listening(&[bench.log(&id)]).await;
        let mut next = Box::pin(pod.next());
        tokio::select! {
            biased;
            early = &mut next => panic!("{early:?}"),
            () = tokio::task::yield_now() => {}
        }
        bench.trouble.lag().await;
        if says {
            bench.say(&id, "later").await;
        }
        let told = within(next).await;
        assert!(matches!(told, Publication::Lagged), "{told:?}");
    }
}

pub async fn p2_a_lost_publication_shows(bench: &Bench) {
    let id = bench.start().await;
    let log = bench.log(&id);
    let mut pod = bench.listening(std::slice::from_ref(&log)).await;
    let seen = bench.say(&id, "a").await;
    assert_eq!(pod.entry().await.1.id, seen);
    bench.trouble.lose_publications(2).await;
    bench.say(&id, "b").await;
    bench.say(&id, "c").await;
    let last = bench.say(&id, "d").await;
    if let Publication::Entry { entry, .. } = pod.next().await {
        assert_eq!(entry.id, last);
        assert!(log.prev(&entry) > seen, "a gap is seen");
    }
    let (missed, complete) = bench.read_after(&log, seen).await;
    assert_eq!((texts(&missed).join(""), complete), ("bcd".into(), true));
}

pub async fn publications_may_be_late(bench: &Bench) {
    let id = bench.start().await;
    let log = bench.log(&id);
    let mut pod = bench.listening(std::slice::from_ref(&log)).await;
    bench.trouble.hold_publications().await;
    let mut said = Vec::new();
    for n in 0..5 {
        said.push(bench.say(&id, &n.to_string()).await);
    }
    assert_eq!(ids(&bench.read(&log).await)[1..], said);
    bench.trouble.release_publications().await;
    said.push(bench.say(&id, "after").await);
    for expected in said {
        assert_eq!(pod.entry().await.1.id, expected);
    }
}

pub async fn p6_what_is_said_beside_a_log_is_for_its_readers(bench: &Bench) {
    let (ours, other) = (bench.start().await, bench.start().await);
    let mut readers = Vec::new();
    for log in [bench.log(&ours), bench.log(&other), bench.feed()] {
        readers.push(bench.listening(std::slice::from_ref(&log)).await);
    }
    let before = bench.everything().await;
    let aside = Aside::Queue { position: 7 };
    let channel = bench.log(&ours);
    let told = bench.hub.tell(&channel, aside.clone());
    told.await.unwrap();
    assert_eq!(bench.everything().await, before, "it is in no log");
    let Publication::Aside {
        channel,
        aside: heard,
    } = readers[0].next().await
    else {
        panic!("not told");
    };
    assert_eq!((channel, &*heard), (bench.log(&ours), &aside));
    // What is committed after it is the first thing that the others hear.
    bench.say(&ours, "to all").await;
    bench.say(&other, "to the other").await;
    for (reader, first) in readers.iter_mut().zip(["to all", "to the other", "to all"]) {
        assert_eq!(texts(&[reader.entry().await.1]), [first]);
    }
}

pub async fn a_signal_reaches_its_pod_alone(bench: &Bench) {
    let [mut here, mut there] = [bench.pod(ALL).await, bench.pod(ALL).await];
    let [one, two] = [Client::open(bench).await, Client::open(bench).await];
    one.listen_on(&here.id, Some("1")).await;
    two.listen_on(&there.id, Some("1")).await;
    one.close(ClosedBy::Client).await.unwrap();
    two.close(ClosedBy::Server).await.unwrap();
    let [by_client, otherwise] = [true, false].map(|by_client| Signal::Closed { by_client });
    assert_eq!(here.signal().await, (one.sid, by_client));
    assert_eq!(there.signal().await, (two.sid, otherwise));
}

pub async fn a_lost_partition_is_told_to_all(bench: &Bench) {
    let id = bench.start().await;
    let elsewhere = session(&bench.neighbour(false));
    bench.commit(bench.starts(&elsewhere)).await;
    let [before, other] = [
        bench.top().await,
        bench.hub.top(&elsewhere.workspace).await.unwrap(),
    ];
    let mut pods = [bench.pod(ALL).await, bench.pod(ALL).await];
    bench.trouble.lose(bench.partition()).await;

    let now = bench.top().await.epoch;
    assert_ne!(before.epoch, now);
    for pod in &mut pods {
        let told = pod.next().await;
        let Publication::Epoch { partition, epoch } = told else {
            panic!("{told:?}");
        };
        assert_eq!((partition, &epoch), (bench.partition(), &now));
    }
    let found = bench.hub.session(&bench.workspace, &id).await.unwrap();
    assert_eq!(found, None);
    assert_eq!(bench.read(&bench.feed()).await, []);
    let page = bench.hub.read(&bench.feed(), EntryId::ZERO, 1).await;
    assert_eq!(page.unwrap().epoch, now);
    assert_eq!(bench.hub.top(&elsewhere.workspace).await.unwrap(), other);
    assert_eq!(
        bench
            .commit(bench.starts(&session(&bench.workspace)))
            .await
            .epoch,
        now
    );
}
